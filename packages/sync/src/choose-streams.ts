import { type ConfiguredCatalog, type StreamDescriptor, streamKey } from '@tidemark/protocol';
import { type Connection, ConnectorError } from '@tidemark/source';
import type { AttemptPlan } from './attempt.js';
import { type ChosenStream, chooseModes, type StreamSelection } from './modes.js';

/** The streams of a sync, and those that could not say what they are (a schema that is asked for failed). */
export interface Choice {
  chosen: ChosenStream[];
  failed: { stream: StreamDescriptor; error: ConnectorError }[];
}

/**
 * The streams that were asked for, described and with their modes. Throws ConnectorError (config) that names every
 * unknown stream at once, or a mode that cannot be. A stream that fails to describe itself only loses its own place.
 */
export async function chooseStreams(
  connection: Connection,
  wishes: readonly StreamSelection[] | undefined,
): Promise<Choice> {
  const byKey = new Map(connection.streams.map((stream) => [streamKey(stream), stream]));
  const unknown = (wishes ?? []).filter((wish) => !byKey.has(streamKey(wish))).map((wish) => `'${wish.name}'`);
  if (unknown.length > 0) {
    const names = connection.streams.map((stream) => stream.name).join(', ');
    throw new ConnectorError('config', `The source has no stream ${unknown.join(', ')}. It has: ${names}.`);
  }
  const keys = (wishes ?? []).map(streamKey);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new ConnectorError('config', `The stream '${twice}' is asked for twice.`);
  const pairs = wishes
    ? wishes.map((wish) => [byKey.get(streamKey(wish))!, wish] as const)
    : connection.streams.map((stream) => [stream, undefined] as const);
  const choice: Choice = { chosen: [], failed: [] };
  for (const [stream, wish] of pairs) {
    let description: Awaited<ReturnType<typeof stream.describe>>;
    try {
      description = await stream.describe();
    } catch (error) {
      const { name, namespace } = stream;
      choice.failed.push({ stream: { name, namespace }, error: ConnectorError.from(error, name) });
      continue;
    }
    choice.chosen.push(chooseModes(description, wish));
  }
  if (choice.chosen.length > 0) return choice;
  throw choice.failed[0]?.error ?? new ConnectorError('config', 'There is no stream to read.');
}

/** The catalog that the source is given. */
export function configuredCatalog(attempt: AttemptPlan, chosen: readonly ChosenStream[]): ConfiguredCatalog {
  const byKey = new Map(chosen.map((one) => [streamKey(one.description), one]));
  return {
    streams: attempt.plans.map((plan) => ({
      stream: byKey.get(plan.key)!.description,
      sync_mode: plan.syncMode,
      destination_sync_mode: plan.destinationSyncMode,
      cursor_field: [...plan.cursorField],
      primary_key: plan.primaryKey.map((path) => [...path]),
      generation_id: plan.generation,
      minimum_generation_id: plan.minimumGeneration,
      sync_id: plan.syncId,
    })),
  };
}
