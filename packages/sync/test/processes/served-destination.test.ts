import type { ConfiguredCatalog, JsonObject } from '@tidemark/protocol';
import { openDestination, serveDestination } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { query, temporaryFolder } from '../duckdb-file.ts';
import { record, type Step, state, status } from './script.ts';

const folder = temporaryFolder();
let number = 0;

/** A DuckDB file that clients of the protocol write. */
class Served {
  readonly file = `${folder}/served-${++number}.duckdb`;
  readonly logs: string[] = [];

  /** One run of `write`; what it returned, and the streams that it calls incomplete. */
  async write(streams: JsonObject[], messages: Step[], connection = 'airbyte') {
    const returned: JsonObject[] = [];
    const text = messages.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join('');
    const incomplete = await serveDestination({
      destination: await openDestination(`duckdb:${this.file}`),
      catalog: { streams } as unknown as ConfiguredCatalog,
      input: pieces(Buffer.from(text)),
      output: (line) => void returned.push(JSON.parse(line)),
      connection,
      log: (level, message) => this.logs.push(`${level} ${message}`),
      clock: Date.now,
      signal: new AbortController().signal,
    });
    return { returned, incomplete, stats: returned.map(({ state: one }) => (one as JsonObject).destinationStats) };
  }

  async ids(table = 'a'): Promise<number[]> {
    const found = await query(this.file, `SELECT id FROM ${table} ORDER BY _airbyte_generation_id, id`);
    return found.map((row) => Number(row.id));
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 333) yield bytes.subarray(at, at + 333);
}

const configured = (name: string, more: JsonObject = {}): JsonObject => ({
  stream: {
    name,
    namespace: null,
    json_schema: { type: 'object', properties: { id: { type: 'integer' }, x: { type: 'string' } } },
  },
  sync_mode: 'incremental',
  destination_sync_mode: 'append',
  cursor_field: null,
  primary_key: null,
  generation_id: 1,
  minimum_generation_id: 0,
  sync_id: 9,
  ...more,
});
const overwrite = (generation: number): JsonObject => ({
  sync_mode: 'full_refresh',
  destination_sync_mode: 'overwrite',
  generation_id: generation,
  minimum_generation_id: generation,
});
const truncate = (generation: number, minimum = generation): JsonObject => ({
  destination_sync_mode: 'append_dedup',
  primary_key: [['id']],
  generation_id: generation,
  minimum_generation_id: minimum,
});
const some = (name: string, ...ids: number[]): Step[] => ids.map((id) => record(name, { id }));
const complete = (name: string): Step => status(name, 'COMPLETE');

describe('a destination of ours as one of the protocol', () => {
  it('returns each state after its rows, with their number and whatever else it had', async () => {
    const served = new Served();
    const stamped = {
      ...(state('a', { at: 2 }) as { state: JsonObject }).state,
      id: 77,
      more: 12345678901234567890n.toString(),
    };
    const { returned, incomplete, stats } = await served.write(
      [configured('a'), configured('b')],
      [
        ...some('a', 1, 2),
        ...some('b', 1),
        { type: 'STATE', state: stamped },
        ...some('a', 3),
        state('b', {}),
        state('a', { at: 3 }),
        complete('a'),
        complete('b'),
      ],
    );
    expect(incomplete).toEqual([]);
    expect(returned[0]).toEqual({ type: 'STATE', state: { ...stamped, destinationStats: { recordCount: 2 } } });
    expect(stats).toEqual([{ recordCount: 2 }, { recordCount: 1 }, { recordCount: 1 }]);
    expect(await served.ids()).toEqual([1, 2, 3]);
    const [row] = await query(
      served.file,
      'SELECT _airbyte_meta, _airbyte_extracted_at, _airbyte_generation_id FROM a',
    );
    expect(row).toMatchObject({
      _airbyte_generation_id: '1',
      _airbyte_extracted_at: expect.stringContaining('1970-01-01'),
    });
    expect(JSON.parse(String(row!._airbyte_meta))).toMatchObject({ sync_id: 9, changes: [] });
  });

  it('keeps what the source has changed', async () => {
    const served = new Served();
    const change = { field: 'x', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' };
    await served.write([configured('a')], [record('a', { id: 1 }, { meta: { changes: [change] } }), complete('a')]);
    const [row] = await query(served.file, 'SELECT _airbyte_meta FROM a');
    expect(JSON.parse(String(row!._airbyte_meta)).changes).toEqual([change]);
  });

  it('replaces a table only when the stream is complete, and goes on with a generation that was broken off', async () => {
    const served = new Served();
    await served.write(
      [configured('a', overwrite(1))],
      [...some('a', 1, 2, 3), state('a', { done: true }), complete('a')],
    );
    const broken = await served.write(
      [configured('a', overwrite(2))],
      [...some('a', 11), state('a', { page: 1 }), ...some('a', 12)],
    );
    expect(broken.incomplete).toEqual(['a']);
    expect(broken.returned).toHaveLength(1);
    expect(await served.ids()).toEqual([1, 2, 3]);
    // Row 12 came after the last state: the client sends it again.
    await served.write([configured('a', overwrite(2))], [...some('a', 12, 13), state('a', { page: 2 }), complete('a')]);
    expect(await served.ids()).toEqual([11, 12, 13]);
    // A client that did not hear of the end asks for the same generation once more: nothing is emptied.
    await served.write([configured('a', overwrite(2))], [state('a', { page: 2 }), complete('a')]);
    expect(await served.ids()).toEqual([11, 12, 13]);
    // Nor when it asks, is broken off before it says so, and asks again.
    await served.write([configured('a', overwrite(2))], []);
    await served.write([configured('a', overwrite(2))], [state('a', { page: 2 }), complete('a')]);
    expect(await served.ids()).toEqual([11, 12, 13]);
    // A new generation of which a part was read is dropped for a newer one.
    await served.write([configured('a', overwrite(3))], [...some('a', 21), state('a', { page: 1 })]);
    await served.write([configured('a', overwrite(4))], [...some('a', 31), complete('a')]);
    expect(await served.ids()).toEqual([31]);
    // Clearing is writing nothing.
    await served.write([configured('a', overwrite(5))], [complete('a')]);
    expect(await served.ids()).toEqual([]);
  });

  it('keeps the rows of a truncating refresh that was broken off, also when the next run does not ask for it', async () => {
    const served = new Served();
    await served.write(
      [configured('a', truncate(1, 0))],
      [...some('a', 1, 2, 3), state('a', { at: 3 }), complete('a')],
    );
    await served.write([configured('a', truncate(2))], [...some('a', 2), state('a', { at: 2 })]);
    expect(await served.ids()).toEqual([1, 2, 3]);
    await served.write([configured('a', truncate(2, 0))], [...some('a', 3, 3), state('a', { at: 3 }), complete('a')]);
    expect(await served.ids()).toEqual([2, 3]);
  });

  it('lets several clients write different streams to one place', async () => {
    const served = new Served();
    await served.write([configured('a', overwrite(1))], [...some('a', 1), state('a', { page: 1 })]);
    await served.write([configured('b', overwrite(1))], [...some('b', 5), complete('b')]);
    await served.write([configured('a', overwrite(1))], [...some('a', 2), complete('a')]);
    expect(await served.ids()).toEqual([1, 2]);
    expect(await served.ids('b')).toEqual([5]);
  });

  it('returns a state of all streams when all of them are durable', async () => {
    const served = new Served();
    const global = {
      type: 'STATE',
      state: {
        type: 'GLOBAL',
        global: { shared_state: { lsn: 5 }, stream_states: [{ stream_descriptor: { name: 'a' }, stream_state: {} }] },
        id: 1,
      },
    };
    const { returned } = await served.write(
      [configured('a'), configured('b')],
      [...some('a', 1, 2), ...some('b', 1), global, ...some('b', 2), complete('a'), complete('b')],
    );
    expect(returned).toEqual([{ ...global, state: { ...global.state, destinationStats: { recordCount: 3 } } }]);
    expect(await served.ids('b')).toEqual([1, 2]);
  });

  it('keeps rows of clients without states and statuses, and of others only what a state covers', async () => {
    const served = new Served();
    await served.write([configured('a')], some('a', 1, 2));
    expect(await served.ids()).toEqual([1, 2]);
    const numbered = { ...(state('a', { at: 3 }) as { state: JsonObject }).state, id: 1 };
    await served.write([configured('a')], [...some('a', 3), { type: 'STATE', state: numbered }, ...some('a', 4)]);
    expect(await served.ids()).toEqual([1, 2, 3]);
  });

  it.each<[string, JsonObject, Step[], RegExp]>([
    ['a record of another stream', {}, some('z', 1), /'z' is not in the catalog/],
    ['a line that is no message', {}, ['{"type":"RECORD"'], /no message of the protocol/],
    ['a record after the end', {}, [complete('a'), ...some('a', 1)], /came after its COMPLETE/],
    ['a minimum between', { generation_id: 5, minimum_generation_id: 3 }, [], /must be 0 or equal to generation_id/],
    ['no key', { destination_sync_mode: 'append_dedup' }, [], /needs a primary key/],
    ['an unknown mode', { destination_sync_mode: 'soft_delete' }, [], /'soft_delete' is not known/],
  ])('refuses %s', async (_name, more, messages, error) => {
    await expect(new Served().write([configured('a', more)], messages)).rejects.toThrow(error);
  });
});
