import type { RecordData } from '@tidemark/source';
import type { ReadingSettings } from '../../src/index.js';
import { type LogTranscript, table } from '../log-reading.js';
import type { Address, Opened } from '../reading.js';
import { type Flavour, open, run } from './server.js';

/** The column that orders changes. */
export const CURSOR = '_ab_cdc_cursor';

/** Makes the user that may read the log. */
export async function makeReplica(server: Address): Promise<void> {
  await run(
    server,
    "CREATE USER IF NOT EXISTS 'replica'@'%' IDENTIFIED BY 'replica-password'",
    "GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'replica'@'%'",
  );
}

/** Opens some tables to be followed by the log, as that user. */
export function follow(
  flavour: Flavour,
  server: Address,
  tables: string[],
  reading: Partial<ReadingSettings> = {},
): Promise<Opened> {
  return open(
    flavour,
    server,
    { reading: { method: 'log', page_rows: 3, ...reading }, streams: tables.map((name) => ({ name })) },
    { username: 'replica', password: 'replica-password' },
  );
}

/** The values of a column in the records of a stream, in the order in which they were sent. */
export function values({ sent }: LogTranscript, stream: string, column = 'id'): unknown[] {
  return sent.flatMap((each) => (each.kind === 'record' && each.stream === stream ? [each.record[column]] : []));
}

/** The table that a destination has that deduplicates by `id`, deletes, and takes back what the source takes back. */
export function copy(transcripts: LogTranscript[], stream: string): RecordData[] {
  const sent = transcripts.flatMap((each) => each.sent);
  const from = sent.findLastIndex((each) => each.kind === 'restart' && each.stream === stream);
  const rows = [...table(sent.slice(from + 1), stream, CURSOR).values()];
  const own = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_ab_'))));
  return own.sort((a, b) => Number(a.id) - Number(b.id)) as RecordData[];
}
