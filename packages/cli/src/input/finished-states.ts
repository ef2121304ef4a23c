import { type ConfiguredCatalog, type ConfiguredStream, type JsonObject, streamKey } from '@tidemark/protocol';
import { isComplete } from '@tidemark/source';

/**
 * The states without those of full refreshes that are complete, where the client means: once more. A runner that counts
 * generations gives the same one as long as it wants no more than what it has, and then nothing is read. Clients without a
 * count hand over the last state on every run. A state with a position is gone on from either way.
 */
export function withoutFinished(
  states: ReadonlyMap<string, JsonObject>,
  catalog: ConfiguredCatalog,
): Map<string, JsonObject> {
  const wanted = new Map(states);
  for (const configured of catalog.streams) {
    const key = streamKey(configured.stream);
    if (isComplete(states.get(key)) && meansOnceMore(configured)) wanted.delete(key);
  }
  return wanted;
}

/**
 * No generation says it; and so does PyAirbyte, whose generation is always 1, by asking every stream for what is new, also
 * those that have no other way than to be read whole.
 */
function meansOnceMore({ stream, sync_mode: mode, generation_id: generation }: ConfiguredStream): boolean {
  const canGoOn = (stream.supported_sync_modes ?? []).includes('incremental');
  return mode === 'incremental' ? !canGoOn : generation === undefined || generation === null;
}
