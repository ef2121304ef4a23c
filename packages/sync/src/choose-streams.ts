import { type ConfiguredCatalog, type StreamDescriptor, streamKey, streamTitle } from '@tidemark/protocol';
import { type Connection, ConnectorError, type Stream } from '@tidemark/source';
import type { AttemptPlan } from './attempt.js';
import {
  type ChosenStream,
  chooseModes,
  type StreamSelection,
  sourceCursorWarning,
  sourceKeyProblem,
} from './modes.js';

/** The streams of a sync, and those that could not say what they are (a schema that is asked for failed) or say it wrongly. */
export interface Choice {
  chosen: ChosenStream[];
  failed: { stream: StreamDescriptor; error: ConnectorError }[];
  warnings: string[];
}

/**
 * The streams that were asked for, described and with their modes. Throws ConnectorError (config) that names every
 * unknown stream at once, or a mode, key or cursor that cannot be. What a stream itself says wrongly only costs its own place.
 */
export async function chooseStreams(
  connection: Connection,
  wishes: readonly StreamSelection[] | undefined,
): Promise<Choice> {
  const pairs = wishes
    ? meant(connection.streams, wishes)
    : connection.streams.map((stream) => [stream, undefined] as const);
  const keys = pairs.map(([stream]) => streamKey(stream));
  const twice = pairs.find(([, wish], index) => wish && keys.indexOf(keys[index]!) !== index);
  if (twice) throw new ConnectorError('config', `The stream '${streamTitle(twice[0])}' is asked for twice.`);
  const choice: Choice = { chosen: [], failed: [], warnings: [] };
  for (const [stream, wish] of pairs) {
    let description: Awaited<ReturnType<typeof stream.describe>>;
    try {
      description = await stream.describe();
    } catch (error) {
      const { name, namespace } = stream;
      choice.failed.push({ stream: { name, namespace }, error: ConnectorError.from(error, name) });
      continue;
    }
    const chosen = chooseModes(description, wish);
    const error = sourceKeyProblem(chosen);
    if (error) {
      choice.failed.push({ stream: { name: stream.name, namespace: stream.namespace }, error });
      continue;
    }
    const warning = sourceCursorWarning(chosen);
    if (warning) choice.warnings.push(warning);
    choice.chosen.push(chosen);
  }
  if (choice.chosen.length > 0) return choice;
  throw choice.failed[0]?.error ?? new ConnectorError('config', 'There is no stream to read.');
}

/** The stream of each wish. A name without its namespace is enough where no other stream has it. */
function meant(streams: readonly Stream[], wishes: readonly StreamSelection[]): (readonly [Stream, StreamSelection])[] {
  const problems: string[] = [];
  const pairs = wishes.flatMap((wish) => {
    const named = streams.filter((stream) => stream.name === wish.name);
    const found = named.filter((stream) => streamKey(stream) === streamKey(wish));
    const matches = found.length > 0 || wish.namespace ? found : named;
    if (matches.length === 1) return [[matches[0]!, wish] as const];
    const where = matches.map((stream) => stream.namespace).join(', ');
    problems.push(
      matches.length > 1
        ? `There are several streams '${wish.name}': say which by its namespace (${where}).`
        : `The source has no stream '${streamTitle(wish)}'.`,
    );
    return [];
  });
  if (problems.length === 0) return pairs;
  throw new ConnectorError('config', `${problems.join(' ')} It has: ${streams.map(streamTitle).join(', ')}.`);
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
