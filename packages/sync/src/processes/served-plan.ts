import { randomUUID } from 'node:crypto';
import { type ConfiguredCatalog, type ConfiguredStream, type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Job, StoredJob, StoredStream, StreamPlan } from '../destination.js';
import { unknownFields } from '../key-fields.js';
import { isObject } from './message.js';

/** What a served destination keeps of a stream in its own books: the client's state. */
export function keptState(state: JsonObject): JsonObject {
  return { client_state: state };
}

/**
 * One job without an end: the client has the jobs, and what an earlier run has left must never be taken for left over. Several
 * clients may write their streams to one place.
 */
export function servedJob(stored: StoredJob | undefined, connection: string): Job {
  if (stored) return { ...stored.job, attempt: stored.job.attempt + 1 };
  return { connection, id: 1, nonce: randomUUID(), attempt: 1, fingerprint: 'protocol' };
}

/** What happens to each stream of the client's catalog. Throws ConnectorError (config) for what cannot be. */
export function servedPlans(catalog: ConfiguredCatalog, stored: StoredJob | undefined, job: Job): StreamPlan[] {
  if (!Array.isArray(catalog?.streams)) throw new ConnectorError('config', "The catalog must have a list 'streams'.");
  const known = new Map(stored?.streams.map((stream) => [streamKey(stream.stream), stream]));
  const keys = new Set<string>();
  return catalog.streams.map((configured) => {
    if (typeof configured?.stream?.name !== 'string' || !isObject(configured.stream.json_schema))
      throw new ConnectorError(
        'config',
        "Each entry of the catalog must have a 'stream' with 'name' and 'json_schema'.",
      );
    const plan = planOf(configured, known.get(streamKey(configured.stream)), job);
    if (keys.has(plan.key))
      throw new ConnectorError('config', `The catalog names the stream '${plan.stream.name}' twice.`);
    keys.add(plan.key);
    return plan;
  });
}

function planOf(configured: ConfiguredStream, known: StoredStream | undefined, job: Job): StreamPlan {
  const { stream, sync_mode: syncMode, destination_sync_mode: destinationSyncMode } = configured;
  const refuse = (why: string) =>
    new ConnectorError('config', `Stream '${stream.name}' of the catalog: ${why}`, { stream: stream.name });
  if (destinationSyncMode === 'update' || destinationSyncMode === 'soft_delete')
    throw refuse(`the mode '${destinationSyncMode}' is not known here (known: overwrite, append, append_dedup).`);
  const primaryKey = nonEmpty(configured.primary_key) ?? nonEmpty(stream.source_defined_primary_key) ?? [];
  if (destinationSyncMode.endsWith('_dedup') && primaryKey.length === 0)
    throw refuse(`'${destinationSyncMode}' needs a primary key.`);
  const wrongKey = destinationSyncMode.endsWith('_dedup') && unknownFields(stream.json_schema, primaryKey);
  if (wrongKey) throw refuse(`its primary key names ${wrongKey}`);
  const overwrites = destinationSyncMode.startsWith('overwrite');
  // A client without generations means a new one whenever rows are to be replaced.
  const generation = configured.generation_id ?? (known?.generation ?? 0) + (overwrites || !known ? 1 : 0);
  const wanted = overwrites ? generation : (configured.minimum_generation_id ?? 0);
  if (wanted !== 0 && wanted !== generation)
    throw refuse(`minimum_generation_id must be 0 or equal to generation_id (${generation}), but is ${wanted}.`);
  const { minimumGeneration, begin } = begun(known, generation, wanted);
  const isResumed = begin === 'resume';
  const isPartial =
    !isResumed && known?.status === 'open' && known.syncMode === 'full_refresh' && syncMode === 'full_refresh';
  return {
    key: streamKey(stream),
    stream: { name: stream.name, namespace: stream.namespace ?? undefined },
    schema: stream.json_schema,
    syncMode: syncMode ?? 'full_refresh',
    destinationSyncMode,
    primaryKey,
    cursorField: nonEmpty(configured.cursor_field) ?? [],
    generation,
    minimumGeneration,
    // The client decides: it clears a table by writing nothing.
    replaceWithEmpty: true,
    syncId: configured.sync_id ?? job.attempt,
    state: isResumed ? known?.state : undefined,
    begin,
    partialGeneration: isPartial && known.generation !== generation ? known.generation : undefined,
    rowsBefore: isResumed ? (known?.rows ?? 0) : 0,
    resumed: isResumed,
    openSince: job.id,
  };
}

/** Whether rows of an earlier run are gone on with, and whether they are beside the table that is read. */
function begun(
  known: StoredStream | undefined,
  generation: number,
  wanted: number,
): Pick<StreamPlan, 'minimumGeneration' | 'begin'> {
  if (!known) return { minimumGeneration: wanted, begin: 'anew' };
  if (known.generation === generation) {
    if (known.status === 'open') {
      // States of a run that was broken off have been returned: its rows count and are where it put them, whatever is wanted
      // now. That run may itself have come after the generation took its place.
      if (known.state !== undefined) return { minimumGeneration: known.minimumGeneration ?? 0, begin: 'resume' };
      return { minimumGeneration: wanted, begin: wanted === 0 ? 'resume' : 'anew' };
    }
    // This generation has taken its place already: nothing is to be replaced any more.
    return { minimumGeneration: 0, begin: 'resume' };
  }
  return { minimumGeneration: wanted, begin: wanted === 0 && generation < known.generation ? 'resume' : 'anew' };
}

function nonEmpty<T>(list: T[] | null | undefined): T[] | undefined {
  return Array.isArray(list) && list.length > 0 ? list : undefined;
}
