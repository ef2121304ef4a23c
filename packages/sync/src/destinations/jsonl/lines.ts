import { stringify } from '@tidemark/protocol';
import { changesOf } from '@tidemark/source';
import { type Batch, type OpenOptions, type StreamPlan, type Tally, timeOf } from '../../destination.js';
import { count, emptyTally } from '../../tally.js';
import { CHUNK_ROWS_MAX, IN_CHUNK, type RawIds } from '../sql/raw-id.js';

/** Lines are handed on in pieces of about this size. */
const PIECE_CHARACTERS = 1024 * 1024;

/** What the beginning of a line says; the rest is `_airbyte_data`. */
export interface LineHead {
  stream: string;
  namespace?: string;
  _airbyte_generation_id: number;
  _airbyte_meta: { sync_id: number; unit: string };
}

/** Halves of surrogate pairs, escaped, behind an even number of backslashes. */
const HALVES = /(^|[^\\])((?:\\\\)*)(?:\\ud[89a-f][0-9a-f]{2})+/g;

/** JSON that every reader takes: half a surrogate pair becomes U+FFFD. */
function sound(json: string): string {
  return json.includes('\\ud') ? json.replace(HALVES, '$1$2\ufffd') : json;
}

/** How every line of a stream begins. */
export function lineStart({ name, namespace }: StreamPlan['stream']): string {
  const of = namespace === undefined || namespace === null ? '' : `,"namespace":${stringify(namespace)}`;
  return `{"stream":${stringify(name)}${of},"_airbyte_raw_id":`;
}

/** A batch as JSON lines, in pieces; each row is counted where its line is made. */
export async function writeLines(
  batch: Batch,
  plan: StreamPlan,
  ids: RawIds,
  take: (text: string, unit: string, rows: number) => Promise<void>,
): Promise<Tally> {
  const tally = emptyTally();
  const start = lineStart(plan.stream);
  let id = ids.texts();
  let row = 0;
  for (const page of batch.pages) {
    const { unit, records, hashes } = page;
    let time = Number.NaN;
    let about = '';
    const meta = stringify({ sync_id: plan.syncId, changes: [], unit });
    let text = '';
    let rows = 0;
    for (const [index, record] of records.entries()) {
      if (row === CHUNK_ROWS_MAX) {
        id = ids.texts();
        row = 0;
      }
      const at = timeOf(page, index);
      if (at !== time) {
        time = at;
        about = `,"_airbyte_extracted_at":"${new Date(at).toISOString()}","_airbyte_generation_id":${plan.generation},"_airbyte_meta":`;
      }
      const noted = changesOf(record);
      const own = noted ? stringify({ sync_id: plan.syncId, changes: noted.map((one) => ({ ...one })), unit }) : meta;
      text += `${start}"${id.before}${IN_CHUNK[row++]}${id.after}"${about}${own},"_airbyte_data":${sound(stringify(record))}}\n`;
      rows++;
      count(tally, hashes[index]!);
      if (text.length < PIECE_CHARACTERS) continue;
      await take(text, unit, rows);
      text = '';
      rows = 0;
    }
    if (rows > 0) await take(text, unit, rows);
  }
  return tally;
}

/** Lines are never taken together: whoever asks for one row a key is told. */
export function warnOfDedup(plans: readonly StreamPlan[], log: OpenOptions['log']): void {
  for (const { stream, destinationSyncMode } of plans) {
    if (!destinationSyncMode.endsWith('_dedup')) continue;
    log(
      'WARN',
      `Stream ${stream.name}: '${destinationSyncMode}' cannot be had in JSON lines, which keep every version of a row. Whoever reads them takes the last line of each key.`,
    );
  }
}
