import { stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { StreamPlan } from '../../destination.js';
import { DUCKDB_COLUMNS } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import { Columns, successorColumns } from '../sql/column.js';
import { safeName } from '../sql/naming.js';
import { refuseLoss } from '../sql/refuse-loss.js';
import type { FilesContext } from './context.js';
import { evolveColumns, type Replaced, replacedIn, widenParts } from './evolve.js';
import { ATTEMPTS_MAX, allParts, entryKey, type Part, readManifest, type StreamEntry } from './manifest.js';
import { mergeParts } from './merge.js';
import { NEXT_FOLDER, PartFiles } from './part-files.js';
import { whereOf } from './target.js';

const NAMES = { max: 100, unit: 'characters' } as const;
const RESERVED = new Set(['_tidemark']);

/** Begins an attempt: entries for its streams, old columns brought to new schemas, half-read generations gone. */
export async function beginAttempt(db: Db, context: FilesContext, plans: readonly StreamPlan[]): Promise<void> {
  const { store, job, options, files } = context;
  const now = options.clock();
  const planned = new Map(plans.map((plan) => [plan.key, plan]));
  const entries: StreamEntry[] = [];
  for (const entry of store.current.streams) {
    const plan = planned.get(entryKey(entry));
    if (plan) entries.push(await begun(db, context, plan, entry));
    // Half-read rows of an abandoned job whose stream is not in this one.
    else entries.push(job.attempt === 1 ? { ...entry, next: undefined } : entry);
  }
  const known = new Set(entries.map(entryKey));
  let owners: Map<string, string> | undefined;
  for (const plan of plans) {
    if (known.has(plan.key)) continue;
    owners ??= await foldersOfOthers(context);
    const entry = await newEntry(context, plan, entries, owners);
    entries.push(await begun(db, context, plan, entry));
  }
  const attempt = { job: job.id, attempt: job.attempt, outcome: 'running', rows: 0, startedAt: now } as const;
  files.created.clear();
  await store.commit((manifest) => ({
    ...manifest,
    streams: entries,
    job,
    outcome: 'running',
    lastAttemptProgressed: undefined,
    givenUp: undefined,
    attempts: [attempt, ...manifest.attempts].slice(0, ATTEMPTS_MAX),
  }));
  await eachOf(entries, (entry) => removeGarbage(context, entry));
}

/** Some at a time: a place may be far away. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Files of ours that the manifest does not name: of commits that a kill or a failure has prevented. */
export async function removeGarbage(
  context: Pick<FilesContext, 'files' | 'options'>,
  entry: StreamEntry,
): Promise<void> {
  const { place } = context.files;
  const named = new Set(allParts(entry).map((part) => part.path));
  try {
    for (const folder of [entry.folder, `${entry.folder}/${NEXT_FOLDER}`]) {
      await place.tidy?.(folder);
      const found = await place.list(folder);
      const garbage = found.map(({ path }) => path).filter((path) => PartFiles.isOurs(path) && !named.has(path));
      if (garbage.length > 0) await place.remove(garbage);
    }
  } catch (error) {
    context.options.log(
      'WARN',
      `Stream ${entry.name}: what an earlier run left could not be removed: ${String(error)}`,
    );
  }
}

async function begun(db: Db, context: FilesContext, plan: StreamPlan, before: StreamEntry): Promise<StreamEntry> {
  const where = whereOf(plan);
  refuseLoss(plan, before);
  if (before.published) context.watch.begin(plan, new Columns(DUCKDB_COLUMNS, before.columns));
  let entry = before;
  if (plan.begin === 'anew' || where !== 'next') entry = { ...entry, next: undefined };
  if (where === 'parts' && entry.delta) {
    refuseOtherFormat(context, entry, plan);
    entry = await merged(db, context, entry);
  }
  if (where === 'next' && !entry.next) {
    const columns = successorColumns(plan.schema, new Columns(DUCKDB_COLUMNS, entry.columns));
    entry = { ...entry, next: { parts: [], columns: columns.list } };
  } else {
    refuseOtherFormat(context, entry, plan);
    entry = await withoutGeneration(db, context, entry, plan);
    entry = await evolved(db, context, entry, plan);
  }
  return {
    ...entry,
    published: entry.published || where !== 'next',
    job: context.job.nonce,
    generation: plan.generation,
    minimumGeneration: plan.minimumGeneration,
    status: 'open',
    syncMode: plan.syncMode,
    destinationSyncMode: plan.destinationSyncMode,
    primaryKey: plan.primaryKey.map((path) => [...path]),
    state: plan.state ? stringify(plan.state) : undefined,
    rows: plan.rowsBefore,
    openSince: plan.openSince,
    pending: undefined,
    updatedAt: context.options.clock(),
  };
}

/** Files of one stream are of one format: those of another cannot be merged, cut or made wider with them. */
function refuseOtherFormat(context: FilesContext, entry: StreamEntry, plan: StreamPlan): void {
  const { format, place } = context.files;
  const isOther = ({ path }: Part) => path.endsWith('.parquet') !== (format.name === 'parquet');
  if (!partsOf(entry, plan).some(isOther)) return;
  throw new ConnectorError(
    'config',
    `The files of the stream in ${place.name}/${entry.folder} are not of the format ${format.name}. Keep the format, write to another folder or prefix, or clear the stream first.`,
    { stream: plan.stream.name },
  );
}

/** Rows of a deduplicated stream that were not merged yet are now. */
export async function merged(db: Db, context: FilesContext, entry: StreamEntry): Promise<StreamEntry> {
  const { delta, folder, parts: stay } = entry;
  if (!delta) return entry;
  const { parts: fresh, primaryKey, cursorField } = delta;
  const columns = new Columns(DUCKDB_COLUMNS, entry.columns);
  const { replaced, made } = await mergeParts(db, context, { columns, folder, primaryKey, cursorField, stay, fresh });
  return { ...entry, parts: [...replacedIn(stay, replaced), ...made], delta: undefined };
}

/** The rows of a generation that was given up. */
async function withoutGeneration(
  db: Db,
  context: FilesContext,
  entry: StreamEntry,
  plan: StreamPlan,
): Promise<StreamEntry> {
  const { partialGeneration: gone } = plan;
  if (gone === undefined) return entry;
  const replaced: Replaced = new Map();
  for (const part of partsOf(entry, plan)) {
    const [from, to] = part.generations;
    if (gone < from || gone > to) continue;
    const columns = new Columns(DUCKDB_COLUMNS, columnsOf(entry, plan));
    const where = `_airbyte_generation_id IS DISTINCT FROM ${gone}`;
    replaced.set(part.path, from === to ? undefined : await context.files.filtered(db, part, columns, [], where));
  }
  return withReplaced(entry, plan, replaced);
}

async function evolved(db: Db, context: FilesContext, entry: StreamEntry, plan: StreamPlan): Promise<StreamEntry> {
  const parts = partsOf(entry, plan);
  const before = columnsOf(entry, plan);
  const columns = await evolveColumns(db, context, plan, before, parts);
  const replaced = await widenParts(db, context, parts, before, columns);
  const changed = withReplaced(entry, plan, replaced);
  return whereOf(plan) === 'next'
    ? { ...changed, next: { ...changed.next!, columns: columns.list } }
    : { ...changed, columns: columns.list };
}

function partsOf(entry: StreamEntry, plan: StreamPlan): Part[] {
  return whereOf(plan) === 'next' ? entry.next!.parts : [...entry.parts, ...(entry.delta?.parts ?? [])];
}

function columnsOf(entry: StreamEntry, plan: StreamPlan): StreamEntry['columns'] {
  return whereOf(plan) === 'next' ? entry.next!.columns : entry.columns;
}

function withReplaced(entry: StreamEntry, plan: StreamPlan, replaced: Replaced): StreamEntry {
  if (whereOf(plan) === 'next')
    return { ...entry, next: { ...entry.next!, parts: replacedIn(entry.next!.parts, replaced) } };
  const delta = entry.delta && { ...entry.delta, parts: replacedIn(entry.delta.parts, replaced) };
  return { ...entry, parts: replacedIn(entry.parts, replaced), delta };
}

/** A folder that this connection has not made is never touched. */
async function newEntry(
  context: FilesContext,
  plan: StreamPlan,
  entries: readonly StreamEntry[],
  owners: ReadonlyMap<string, string>,
): Promise<StreamEntry> {
  const { place } = context.files;
  const { name } = plan.stream;
  const namespace = plan.stream.namespace ?? undefined;
  const above = namespace === undefined ? '' : `${safeName(namespace, RESERVED, NAMES)}/`;
  const taken = new Set([...RESERVED, NEXT_FOLDER]);
  for (const { folder } of entries) if (folder.startsWith(above)) taken.add(folder.slice(above.length).toLowerCase());
  const folder = `${above}${safeName(name, taken, NAMES)}`;
  const owner = owners.get(folder.toLowerCase());
  if (owner !== undefined || (await place.list(folder)).length > 0) {
    const whose =
      owner === undefined ? 'has files that this connection did not write' : `belongs to the connection '${owner}'`;
    throw new ConnectorError(
      'config',
      `The folder ${folder} in ${place.name} ${whose}. Write this connection to another folder or prefix, or move that one away.`,
      { stream: name },
    );
  }
  return { name, namespace, folder, published: false, parts: [], columns: [], rawIdMark: 0, ...UNBEGUN };
}

const UNBEGUN = {
  job: '',
  generation: 0,
  minimumGeneration: 0,
  status: 'open',
  syncMode: 'full_refresh',
  destinationSyncMode: 'append',
  rows: 0,
  openSince: 0,
} as const;

/** The folders of other connections' streams, in lower case, with whose they are. */
async function foldersOfOthers(context: FilesContext): Promise<Map<string, string>> {
  const { place } = context.files;
  const owners = new Map<string, string>();
  for (const name of await place.folders('_tidemark')) {
    const path = `_tidemark/${name}/manifest.json`;
    const found = await place.read(path);
    if (!found) continue;
    const { connection, streams } = readManifest(found.text, `${place.name}/${path}`);
    if (connection === context.options.connection) continue;
    for (const { folder } of streams) owners.set(folder.toLowerCase(), connection);
  }
  return owners;
}
