import { canonical, Decimal, type Json, type JsonObject } from '@tidemark/protocol';

const VALUE_MAX = 60;
const WORDS_MAX = 160;

/**
 * Where a stream would go on, in a few words for people: `page 6`, `updated_at 2024-05-01`, `3 of 7 partitions done`. A state
 * is its source's own business: what is not understood is "a stored state". Undefined when there is nothing to go on from.
 * Whoever shows it redacts it: a page's address may hold a token.
 */
export function positionInWords(state: JsonObject | undefined): string | undefined {
  if (state === undefined) return undefined;
  if (!known.has(state)) known.set(state, words(state));
  return known.get(state);
}

/** A state is asked for again and again while it is gone on from, and can be large. */
const known = new WeakMap<JsonObject, string | undefined>();

function words(state: JsonObject): string | undefined {
  if (Object.keys(state).every((key) => key === '__ab_no_cursor_state_message')) return undefined;
  const text = inWords(state);
  return text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX - 1)}…` : text;
}

function inWords(state: JsonObject): string {
  if (state.__ab_full_refresh_sync_complete === true) return 'the end: everything was read';
  if (state.next_page_token !== undefined && state.next_page_token !== null) return page(state.next_page_token);
  if (state.v === 1 && typeof state.phase === 'string') return table(state);
  if (typeof state.ctid === 'string') return `row address ${state.ctid}`;
  if (scalar(state.pk_val)) return `${String(state.pk_name ?? 'key')} ${value(state.pk_val)}`;
  if (scalar(state.cursor) && Array.isArray(state.cursor_field))
    return `${String(state.cursor_field[0] ?? 'cursor')} ${value(state.cursor)}`;
  if (state.states !== undefined || state.use_global_cursor !== undefined) return partitions(state);
  return fields(state) || 'a stored state';
}

function page(token: Json): string {
  if (object(token)) return `page ${fields(token) || cut(canonical(token))}`;
  return `page ${value(token)}`;
}

/** An ordered range: its cursor, and the open slices of an unfinished plan. */
function fields(state: JsonObject): string {
  const facts = Object.entries(state)
    .filter(([key, item]) => !key.startsWith('__') && !INNER.has(key) && scalar(item))
    .slice(0, 3)
    .map(([key, item]) => `${key} ${value(item)}`);
  const slices = object(state.__tidemark) && Array.isArray(state.__tidemark.slices) ? state.__tidemark.slices : [];
  const open = slices.filter(object).find((slice) => slice.next_page_token !== undefined);
  if (open) facts.push(`${page(open.next_page_token!)} of the slice from ${value(open.start)}`);
  return facts.join(', ');
}
const INNER = new Set([
  'version',
  'state_type',
  'stream_name',
  'stream_namespace',
  'cursor_record_count',
  'lookback_window',
]);

function partitions(state: JsonObject): string {
  const own = object(state.__tidemark) ? state.__tidemark : {};
  const folded = object(own.folded) && typeof own.folded.count === 'number' ? own.folded.count : 0;
  const states = Array.isArray(state.states) ? state.states.filter(object) : [];
  const finished = states.filter(
    ({ cursor }) => object(cursor) && cursor.__ab_full_refresh_sync_complete === true,
  ).length;
  const done = folded + (Array.isArray(own.done) ? own.done.length : finished);
  const global = object(state.state) ? fields(state.state) : '';
  // What is remembered of the last value is no sign of a plan that is under way.
  const isUnderWay = Object.keys(own).some((key) => key !== 'v' && key !== 'boundary');
  if (!isUnderWay && global !== '') return global;
  const open = states.filter(({ cursor }) => object(cursor) && cursor.next_page_token !== undefined);
  const at = open[0] && object(open[0].cursor) ? `, ${page(open[0].cursor.next_page_token!)} of the next` : '';
  if (done === 0 && at === '') return `${states.length} partitions with a cursor${global && `, ${global}`}`;
  return `${done} ${done === 1 ? 'partition' : 'partitions'} done${at}`;
}

/** The state of a table that is read from a database (`@tidemark/database`). */
function table(state: JsonObject): string {
  if (state.phase === 'done') return 'the end: everything was read';
  const then = object(state.then) ? state.then : undefined;
  if (state.phase === 'streaming' && then) return `${String(then.kind)} ${cut(canonical(then.mark!))}`;
  const parts = Array.isArray(state.parts) ? state.parts.filter(object) : [];
  const ranges = parts.flatMap(({ ranges }) => (Array.isArray(ranges) ? ranges.filter(object) : []));
  if (ranges.length === 0) return 'the beginning';
  const rows = ranges.reduce((sum, range) => sum + (typeof range.rows === 'number' ? range.rows : 0), 0);
  const open = ranges.find(({ done, pos }) => done !== true && pos !== null && pos !== undefined);
  return `row ${rows.toLocaleString('en-US')}${open ? `, after ${cut(canonical(open.pos!))}` : ''}`;
}

function object(item: Json | undefined): item is JsonObject {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !Decimal.is(item);
}

function scalar(item: Json | undefined): boolean {
  return item !== undefined && item !== null && (typeof item !== 'object' || Decimal.is(item));
}

/** An address without its query, which may hold a token; long texts are cut. */
function value(item: Json | undefined): string {
  const text = String(item);
  return cut(
    /^https?:\/\//i.test(text) ? text.replace(/^(https?:\/\/)[^/@]*@/i, '$1').replace(/[?#].*$/s, '?…') : text,
  );
}

function cut(text: string): string {
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX - 1)}…` : text;
}
