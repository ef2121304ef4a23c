import type { Connection, RecordData } from '@tidemark/source';
import { expect } from 'vitest';
import { covered, type LogTranscript, lastState, readLog, table } from './log-reading.js';

export const CURSOR = '_ab_cdc_cursor';

/** A table of a server, followed by the server's log. */
export interface Followed {
  /** Its name in statements. */
  name: string;
  /** Its name among the streams. */
  stream: string;
  connect(): Promise<{ connection: Connection }>;
  /** Runs statements; gives the rows of the last. */
  run(...statements: string[]): Promise<Record<string, unknown>[]>;
}

/** The records of a stream, in the order in which they came. */
export function recordsOf({ sent }: LogTranscript, stream: string): RecordData[] {
  return sent.flatMap((message) => (message.kind === 'record' && message.stream === stream ? [message.record] : []));
}

export const ids = (transcript: LogTranscript, stream: string): unknown[] =>
  recordsOf(transcript, stream).map(({ id }) => id);

/** A record without what tells one row and one way of reading from another. */
export function valuesOf(record: RecordData): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== 'id' && !name.startsWith('_ab_')));
}

/** Loads a new table of an `id`, which is the key, and a `name`, then changes it in every way. Gives the changes' records. */
export async function bringsEveryChangeOnce({ name, stream, connect, run }: Followed): Promise<RecordData[]> {
  await run(`INSERT INTO ${name} VALUES (1,'a'),(2,'b'),(3,'c'),(4,'d')`);
  const { connection } = await connect();
  const only = { streams: [stream] };
  const load = await readLog(connection, only);
  expect(load.errors).toEqual([]);
  expect(load.outcomes).toEqual({ [stream]: 'complete' });
  expect(ids(load, stream)).toEqual([1, 2, 3, 4]);
  const idle = await readLog(connection, { after: load, ...only });
  expect(ids(idle, stream)).toEqual([]);
  await run(
    `INSERT INTO ${name} VALUES (5,'e')`,
    `UPDATE ${name} SET name = 'B' WHERE id = 2`,
    `DELETE FROM ${name} WHERE id = 3`,
    `UPDATE ${name} SET id = 40 WHERE id = 4`,
  );
  const changes = await readLog(connection, { after: idle, ...only });
  expect(changes.errors).toEqual([]);
  expect(ids(changes, stream)).toEqual([5, 2, 3, 4, 40]);
  const all = table([...load.sent, ...changes.sent], stream, CURSOR);
  expect([...all].map(([id, record]) => [id, record.name]).sort()).toEqual([
    [1, 'a'],
    [2, 'B'],
    [40, 'd'],
    [5, 'e'],
  ]);
  expect(ids(await readLog(connection, { after: changes, ...only }), stream)).toEqual([]);
  await connection.close();
  return recordsOf(changes, stream);
}

/** Kills the load and then the log after every number of messages, while a new table of `id` and a number `n` changes. */
export async function goesOnAfterAnyKill({ name, stream, connect, run }: Followed): Promise<void> {
  await run(`INSERT INTO ${name} VALUES ${Array.from({ length: 12 }, (_, i) => `(${i}, 0)`).join(',')}`);
  const only = { streams: [stream] };
  for (let killAfter = 0; killAfter < 24; killAfter++) {
    const { connection } = await connect();
    const first = await readLog(connection, { killAfter, ...only });
    await run(
      `UPDATE ${name} SET n = n + 1 WHERE id % 3 = 0`,
      `DELETE FROM ${name} WHERE id = ${killAfter % 12}`,
      `INSERT INTO ${name} VALUES (${100 + killAfter}, 5), (${killAfter % 12}, 7)`,
    );
    const second = await readLog(connection, { after: first, killAfter: killAfter + 3, ...only });
    const kept = lastState(second) ? second : first;
    const third = await readLog(connection, { after: kept, ...only });
    expect(third.errors).toEqual([]);
    const sent = [...covered(first), ...covered(second), ...third.sent];
    const got = [...table(sent, stream, CURSOR)].map(([id, { n }]) => ({ id, n }));
    expect(got.sort((a, b) => Number(a.id) - Number(b.id))).toEqual(await run(`SELECT id, n FROM ${name} ORDER BY id`));
    await connection.close();
  }
}

/** One row, loaded, and copied so that the log brings it too: both ways give the same values. Gives them. */
export async function givesTheSameByBothWays(
  { name, stream, connect, run }: Followed,
  columns: readonly string[],
): Promise<Record<string, unknown>> {
  const { connection } = await connect();
  const only = { streams: [stream] };
  const load = await readLog(connection, only);
  await run(`INSERT INTO ${name} SELECT 2, ${columns.join(', ')} FROM ${name}`);
  const log = await readLog(connection, { after: load, ...only });
  expect([load.errors, log.errors]).toEqual([[], []]);
  await connection.close();
  const [loaded, followed] = [load, log].map((each) => recordsOf(each, stream));
  expect([loaded!.length, followed!.length]).toEqual([1, 1]);
  const values = valuesOf(followed![0]!);
  expect(values).toEqual(valuesOf(loaded![0]!));
  expect(Object.keys(values).sort()).toEqual([...columns].sort());
  return values;
}
