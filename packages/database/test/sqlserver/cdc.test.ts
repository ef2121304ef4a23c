import type { JsonObject } from '@tidemark/protocol';
import { changesOf, type Stream } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import type { ReadingSettings, TableWish } from '../../src/index.js';
import { covered, type LogTranscript, lastState, readLog, table } from '../log-reading.js';
import { CdcServer, connect, lsn, pets, row } from './cdc-server.js';

// No SQL Server can be had where these tests run: a stand-in answers the statements by hand. See docs/dialects/sqlserver.md.
const CURSOR = '_ab_cdc_cursor';
async function read(
  server: CdcServer,
  after?: LogTranscript,
  options: { killAfter?: number; reading?: Partial<ReadingSettings>; wishes?: TableWish[] } = {},
): Promise<LogTranscript & { asked: string[]; logs: string[] }> {
  const { connection, logs } = await connect(server, options.reading, options.wishes);
  const from = server.asked.length;
  const { killAfter } = options;
  const transcript = await readLog(connection, {
    ...(after ? { after } : {}),
    ...(killAfter === undefined ? {} : { killAfter }),
  });
  await connection.close();
  return { ...transcript, asked: server.asked.slice(from), logs };
}

const rowsOf = (transcript: Pick<LogTranscript, 'sent'>, name: string): JsonObject =>
  Object.fromEntries(
    [...table(transcript.sent, name, CURSOR)]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([id, { name }]) => [id, name]),
  ) as JsonObject;
const truth = (server: CdcServer, name: string): JsonObject =>
  Object.fromEntries(
    [...server.tables.get(name)!.rows.values()]
      .sort((a, b) => Number(a.id) - Number(b.id))
      .map(({ id, name }) => [id, name]),
  ) as JsonObject;
const join = (...all: Pick<LogTranscript, 'sent'>[]) => ({ sent: all.flatMap(({ sent }) => sent) });
const records = ({ sent }: Pick<LogTranscript, 'sent'>) =>
  sent.flatMap((each) => (each.kind === 'record' ? [each.record] : []));
const changed = (asked: readonly string[]) => asked.filter((sql) => sql.includes('_CT]'));

describe('change data capture of SQL Server, by a stand-in', () => {
  it('loads, then brings inserts, updates and deletions', async () => {
    const server = pets();
    const load = await read(server);
    expect(load.errors).toEqual([]);
    expect(load.outcomes).toEqual({ pets: 'complete', toys: 'complete' });
    expect(rowsOf(load, 'pets')).toEqual({ 1: 'n1', 2: 'n2', 3: 'n3', 4: 'n4' });
    server.commit({ table: 'pets', put: row(5) }, { table: 'pets', drop: '2' }, { table: 'toys', put: row(2) });
    server.commit({ table: 'pets', put: row(1, 'renamed') });
    server.capture();
    const changes = await read(server, load);
    expect(changes.errors).toEqual([]);
    expect(rowsOf(join(load, changes), 'pets')).toEqual(truth(server, 'pets'));
    expect(rowsOf(join(load, changes), 'toys')).toEqual(truth(server, 'toys'));
    // The old image of an update is no change of its own.
    expect(records(changes).map(({ id, _ab_cdc_event_serial_no }) => [id, _ab_cdc_event_serial_no])).toEqual([
      [5, '2'],
      [2, '1'],
      [1, '4'],
      [2, '2'],
    ]);
    const deletion = records(changes)[1]!;
    expect(deletion).toMatchObject({ id: 2, name: 'n2', _ab_cdc_deleted_at: '2026-03-01T12:30:00.000Z' });
    expect(deletion._ab_cdc_updated_at).toBe(deletion._ab_cdc_deleted_at);
    expect(deletion._ab_cdc_lsn).toMatch(/^[0-9a-f]{8}:[0-9a-f]{8}:[0-9a-f]{4}$/);
    expect(lastState(changes)?.shared).toEqual({
      v: 1,
      dialect: 'sqlserver',
      position: { database: server.guid, lsn: server.max, tables: {} },
      tables: { 'dbo.pets': null, 'dbo.toys': null },
    });
    expect(changed(changes.asked)).toMatchSnapshot();
  });

  it('an idle sync ends at once', async () => {
    const server = pets();
    const load = await read(server);
    const idle = await read(server, load);
    expect(idle.errors).toEqual([]);
    expect(records(idle)).toEqual([]);
    expect(changed(idle.asked)).toEqual([]);
    expect(lastState(idle)).toEqual(lastState(load));
    expect(idle.asked).toMatchSnapshot();
  });

  it('reads a transaction again that it had begun by another instance', async () => {
    const server = pets(0);
    server.enable('pets', ['id']);
    server.capture();
    const load = await read(server);
    server.commit(...Array.from({ length: 10 }, (_, i) => ({ table: 'pets', put: row(i) })));
    server.capture();
    const killed = await read(server, load, { killAfter: 5 });
    expect(lastState(killed)?.shared.position).toMatchObject({
      tables: { 'dbo.pets': { inside: { instance: 'dbo_pets' } } },
    });
    const rest = await read(server, killed, { wishes: [{ name: 'pets', columns: ['id'] }] });
    expect(rest.errors).toEqual([]);
    expect(records(rest).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(changed(rest.asked)[0]).toContain('[dbo_pets_2_CT]');
  });

  it('a transaction over many pages is gone on with from within it', async () => {
    for (const hasCommands of [true, false]) {
      const server = new CdcServer();
      server.table('pets', ['id', 'name']);
      server.enable('pets', undefined, hasCommands);
      server.capture();
      const load = await read(server);
      server.commit(...Array.from({ length: 10 }, (_, i) => ({ table: 'pets', put: row(i) })));
      server.commit({ table: 'pets', drop: '3' });
      server.capture();
      const whole = await read(server, load);
      expect(records(whole).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3]);
      const inside = whole.sent.flatMap((each) => (each.kind === 'state' ? [JSON.stringify(each.state.shared)] : []));
      expect(inside.some((state) => state.includes('"inside"'))).toBe(true);
      expect(changed(whole.asked)).toMatchSnapshot(`commands: ${hasCommands}`);
      for (let killAfter = 1; killAfter < whole.sent.length; killAfter++) {
        const killed = await read(server, load, { killAfter });
        const rest = await read(server, lastState(killed) ? killed : load);
        expect(rest.errors).toEqual([]);
        const all = records({ sent: [...covered(killed), ...rest.sent] }).map(({ id }) => id);
        expect(all, `killed after ${killAfter}`).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3]);
      }
    }
  });

  it('goes on after any kill, and the tables are the server’s', async () => {
    for (let killAfter = 0; killAfter < 30; killAfter++) {
      const server = pets(8);
      const write = (round: number): void => {
        server.commit({ table: 'pets', drop: String((round % 8) + 1) }, { table: 'toys', put: row(10 + round) });
        server.commit(
          { table: 'pets', put: row((round % 8) + 1, `again ${round}`) },
          { table: 'pets', put: row(100 + round) },
        );
        server.commit({ table: 'pets', put: row(((round + 3) % 8) + 1, `renamed ${round}`) });
        // The capture job is behind: what a load has seen already comes as a change later.
        server.capture(2);
      };
      const first = await read(server, undefined, { killAfter });
      write(killAfter);
      const second = await read(server, first, { killAfter: killAfter + 2 });
      const kept = lastState(second) ? second : first;
      write(killAfter + 1);
      const third = await read(server, kept, { killAfter: 7 });
      server.capture();
      const last = lastState(third) ? third : kept;
      const fourth = await read(server, last);
      expect(fourth.errors).toEqual([]);
      const sent = { sent: [...covered(first), ...covered(second), ...covered(third), ...fourth.sent] };
      expect(rowsOf(sent, 'pets'), `killed after ${killAfter}`).toEqual(truth(server, 'pets'));
      expect(rowsOf(sent, 'toys'), `killed after ${killAfter}`).toEqual(truth(server, 'toys'));
    }
  });

  it('reads the older of two capture instances up to where the newer one begins', async () => {
    const server = pets();
    const load = await read(server);
    server.commit({ table: 'pets', put: row(5) });
    server.tables.get('pets')!.columns.push('color');
    server.enable('pets');
    server.commit({ table: 'pets', put: { ...row(6), color: 'red' } });
    server.capture();
    const changes = await read(server, load);
    expect(changes.errors).toEqual([]);
    expect(records(changes).map(({ id, color }) => [id, color])).toEqual([
      [5, null],
      [6, 'red'],
    ]);
    expect(changed(changes.asked).map((sql) => /\[(dbo_\w+)_CT\]/.exec(sql)![1])).toEqual([
      'dbo_pets',
      'dbo_pets_2',
      'dbo_toys',
    ]);
    const noted = await notesOf(server, load);
    expect(noted).toEqual([[{ field: 'color', change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' }], undefined]);
    server.commit({ table: 'pets', drop: '6' });
    server.capture();
    const more = await read(server, changes);
    expect(changed(more.asked).map((sql) => /\[(dbo_\w+)_CT\]/.exec(sql)![1])).toEqual(['dbo_pets_2', 'dbo_toys']);
    expect(rowsOf(join(load, changes, more), 'pets')).toEqual(truth(server, 'pets'));
  });

  it('reads the newest instance that has all columns, and whole what none has', async () => {
    const server = pets();
    server.enable('pets', ['id']);
    const load = await read(server);
    server.commit({ table: 'pets', put: row(9) });
    server.capture();
    const changes = await read(server, load);
    expect(records(changes).map(({ id, name }) => [id, name])).toEqual([[9, 'n9']]);
    server.tables.get('toys')!.columns.push('price');
    const { connection, logs } = await connect(server);
    const modes = connection.streams.map((stream) => [
      stream.name,
      (stream.describe() as unknown as JsonObject).supported_sync_modes,
    ]);
    expect(modes).toEqual([
      ['pets', ['full_refresh', 'incremental']],
      ['toys', ['full_refresh']],
    ]);
    expect(logs.join()).toContain('1 tables have no capture instance with all of their columns');
    const chosen = await connect(server, {}, [{ name: 'toys', columns: ['id', 'name'] }]);
    expect([...(chosen.connection.together ?? [])]).toEqual(['dbo\0toys']);
    // Who asks for the changes of such a table all the same has an error of that table; the others go on.
    const asked = await readLog({ ...connection, streams: connection.streams.map(asIncremental) }, { after: changes });
    expect(asked.outcomes).toEqual({ pets: 'complete', toys: 'failed' });
    expect(asked.errors).toEqual([expect.stringContaining('The table dbo.toys can only be read whole')]);
  });

  it('a deletion is one when its time has been cleaned up', async () => {
    const server = pets();
    const load = await read(server);
    server.commit({ table: 'pets', drop: '1' }, { table: 'pets', put: row(2, 'x') });
    server.capture();
    server.time = null;
    const [deletion, update] = records(await read(server, load));
    expect(deletion).toMatchObject({
      id: 1,
      _ab_cdc_updated_at: null,
      _ab_cdc_deleted_at: expect.stringMatching(/Z$/),
    });
    expect(update).toMatchObject({ id: 2, _ab_cdc_updated_at: null, _ab_cdc_deleted_at: null });
  });

  it('an instance that is younger than the end of the change tables is no loss', async () => {
    const server = pets();
    server.table('late', ['id', 'name'], [row(1)]);
    server.commit({ table: 'pets', put: row(7) });
    server.commit({ table: 'pets', put: row(8) });
    server.enable('late');
    const load = await read(server);
    expect(lastState(load)?.shared.position).toMatchObject({ tables: { 'dbo.late': { lsn: expect.any(String) } } });
    server.commit({ table: 'late', put: row(2) });
    // The capture job is still behind the instance's beginning.
    server.capture(1);
    const behind = await read(server, load);
    expect(lastState(behind)?.shared.position).toMatchObject({ tables: { 'dbo.late': { lsn: expect.any(String) } } });
    server.capture();
    const changes = await read(server, behind);
    expect(changes.errors).toEqual([]);
    expect(rowsOf(join(load, behind, changes), 'late')).toEqual({ 1: 'n1', 2: 'n2' });
    expect(rowsOf(join(load, behind, changes), 'pets')).toEqual(truth(server, 'pets'));
    expect(lastState(changes)?.shared.position).toMatchObject({ tables: {} });
  });

  it('says what the clean-up job has taken, and loads again only the table that it took it of', async () => {
    const server = pets();
    const load = await read(server);
    server.commit({ table: 'pets', put: row(5) });
    server.commit({ table: 'pets', drop: '1' }, { table: 'toys', put: row(2) });
    server.capture();
    server.cleanUp('pets', server.max!);
    const failed = await read(server, load);
    expect(failed.kinds).toEqual(['config']);
    expect(failed.errors[0]).toMatch(/^The log cannot be gone on from: the changes of dbo\.pets are there from 0x/);
    expect(failed.errors[0]).toContain('@retention = 10080; What happened since is not known.');
    expect(records(failed)).toEqual([]);
    const again = await read(server, load, { reading: { on_lost_position: 'reload' } });
    expect(again.errors).toEqual([]);
    expect(again.logs.join('\n')).toContain('Loaded again is: dbo.pets.');
    expect(
      again.sent.flatMap((each) => (each.kind === 'record' ? [each.stream] : [])).filter((name) => name === 'toys'),
    ).toHaveLength(1);
    expect(rowsOf(again, 'pets')).toEqual(truth(server, 'pets'));
    expect(rowsOf(join(load, again), 'toys')).toEqual(truth(server, 'toys'));
  });

  it('hands over nothing of a page that the clean-up job was quicker than', async () => {
    const server = pets();
    const load = await read(server);
    for (let i = 0; i < 6; i++) server.commit({ table: 'pets', put: row(50 + i) });
    server.capture();
    let pages = 0;
    server.before = (sql) => {
      if (sql.includes('[dbo_pets_CT]') && ++pages === 2) server.cleanUp('pets', server.max!);
    };
    const changes = await read(server, load);
    expect(changes.errors[0]).toMatch(
      /^Changes of dbo\.pets are gone that were not read: its change table begins at 0x/,
    );
    expect(records(changes).map(({ id }) => id)).toEqual([50, 51]);
    // Nor of a table without a row.
    const other = pets();
    const before = await read(other);
    other.commit({ table: 'toys', put: row(3) });
    other.commit({ table: 'pets', put: row(3, 'x') });
    other.capture();
    other.before = (sql) => {
      if (sql.includes('[dbo_toys_CT]')) other.cleanUp('toys', lsn(2 ** 40));
    };
    const gone = await read(other, before);
    expect(gone.errors[0]).toMatch(/^Changes of dbo\.toys are gone/);
    expect(lastState(gone)?.shared.position).toMatchObject({
      lsn: (lastState(before)!.shared.position as JsonObject).lsn,
    });
  });

  it('refuses a position of another database, of a later time, of no change tables, and one without capture', async () => {
    const server = pets();
    const load = await read(server);
    const position = lastState(load)!.shared.position as JsonObject;
    const error = async (changedTo: JsonObject): Promise<string | undefined> => {
      const state = { ...lastState(load)!, shared: { ...lastState(load)!.shared, position: changedTo } };
      return (await read(server, { ...load, sent: [{ kind: 'state', state }] })).errors[0];
    };
    expect(await error({ ...position, database: 'X' })).toContain('it was read from the database X, and this is F0F0');
    expect(await error({ ...position, lsn: 'F'.repeat(20) })).toContain('restored to an earlier time');
    expect(await error({ ...position, lsn: '0x1; DROP' })).toContain('none of change tables');
    const inside = { instance: 'i', command: null, seqval: lsn(1), operation: '1 OR 1=1' };
    expect(await error({ ...position, tables: { 'dbo.pets': { lsn: lsn(1), inside } } })).toContain(
      'none of change tables',
    );
    server.instances.splice(0, 1);
    server.isEnabled = false;
    expect(await error(position)).toContain('not enabled for the database any more');
    expect((await read(server)).errors[0]).toContain('EXEC sys.sp_cdc_enable_db;');
    server.isEnabled = true;
    server.max = null;
    expect((await read(server)).errors[0]).toContain('the capture job has not run');
  });

  it('a capture instance that is dropped, or made again, is a loss of its table', async () => {
    const server = pets();
    const load = await read(server);
    server.instances.splice(0, 1);
    server.commit({ table: 'pets', put: row(8) });
    server.enable('pets');
    server.commit({ table: 'pets', put: row(9) });
    server.capture();
    expect((await read(server, load)).errors[0]).toContain('the changes of dbo.pets are there from 0x');
  });

  it('gives the same record of a row as the load does', async () => {
    const server = new CdcServer();
    server.table('pets', ['id', 'name']);
    server.enable('pets');
    server.capture();
    const empty = await read(server);
    server.commit(
      { table: 'pets', put: { id: '-2147483648', name: 'ünï🙂' } },
      { table: 'pets', put: { id: '0', name: null } },
    );
    server.capture();
    const own = (transcript: LogTranscript) => records(transcript).map(({ id, name }) => ({ id, name }));
    expect(own(await read(server, empty))).toEqual(own(await read(server)));
  });
});

/** The stream of a table that can be read whole only, as a catalog asks for it that knew it otherwise. */
function asIncremental(stream: Stream): Stream {
  return {
    name: stream.name,
    ...(stream.namespace === undefined ? {} : { namespace: stream.namespace }),
    describe: async () => ({ ...(await stream.describe()), supported_sync_modes: ['full_refresh', 'incremental'] }),
    open: (state, run) => stream.open(state, run),
  };
}

/** What the changes after a state note of their values. */
async function notesOf(server: CdcServer, after: LogTranscript): Promise<unknown[]> {
  return records(await read(server, after)).map((record) => changesOf(record));
}
