import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { after, column, open, readStream, run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: following by a cursor column`, (server) => {
    const follow = (table: string, more = {}) => ({
      reading: { page_rows: 3 },
      streams: [{ name: table, cursor: 'c', ...more }],
    });

    it('reads what is new, and no row of an equal value twice or never', async () => {
      await run(
        server(),
        'CREATE TABLE equal (id INT PRIMARY KEY, c DATETIME(6), INDEX (c))',
        "INSERT INTO equal VALUES (1,'2024-01-01'),(2,'2024-01-02'),(3,'2024-01-02'),(9,NULL)",
      );
      const { connection } = await open(flavour, server(), follow('equal'));
      const load = await readStream(connection, 'equal');
      expect(load.errors).toEqual([]);
      expect(column(load.sent, 'id')).toEqual([1, 2, 3, 9]);
      const nothing = await readStream(connection, 'equal', after(load));
      expect(column(nothing.sent, 'id')).toEqual([]);
      // One with the very value of the mark and a lower key, some beyond it, more than a page of one value.
      await run(
        server(),
        "INSERT INTO equal VALUES (0,'2024-01-02'),(5,'2024-01-03'),(4,'2024-01-03'),(6,'2024-01-03'),(7,'2024-01-03'),(8,'2024-01-04')",
      );
      const more = await readStream(connection, 'equal', after(nothing));
      expect(column(more.sent, 'id')).toEqual([0, 4, 5, 6, 7, 8]);
      await run(server(), "INSERT INTO equal VALUES (10,'2024-01-04')");
      const last = await readStream(connection, 'equal', after(more));
      expect(column(last.sent, 'id')).toEqual([10]);
      await connection.close();
    });

    it('goes on after any kill inside a group of equal values', async () => {
      await run(
        server(),
        'CREATE TABLE killed (id INT PRIMARY KEY, c INT, INDEX (c))',
        'INSERT INTO killed VALUES (1,1)',
      );
      const { connection } = await open(flavour, server(), follow('killed'));
      const load = await readStream(connection, 'killed');
      await run(
        server(),
        `INSERT INTO killed VALUES ${Array.from({ length: 11 }, (_, i) => `(${i + 2}, ${2 + (i >> 3)})`).join(',')}`,
      );
      const wanted = Array.from({ length: 11 }, (_, i) => i + 2);
      for (let killAfter = 1; killAfter < 16; killAfter++) {
        const first = await readStream(connection, 'killed', { ...after(load), killAfter });
        const states = after(first).states.size > 0 ? after(first) : after(load);
        const second = await readStream(connection, 'killed', states);
        const lastState = first.sent.map(({ kind: each }) => each).lastIndexOf('state');
        const kept = column(first.sent.slice(0, lastState + 1), 'id');
        expect([...kept, ...column(second.sent, 'id')]).toEqual(wanted);
      }
      await connection.close();
    });

    it('does not follow a table or view without a key, and follows it by a declared order', async () => {
      await run(
        server(),
        'CREATE TABLE keyless (n INT NOT NULL, c INT, INDEX (c))',
        'INSERT INTO keyless VALUES (1,1)',
        'CREATE VIEW keyless_view AS SELECT * FROM keyless',
      );
      for (const name of ['keyless', 'keyless_view']) {
        const { connection } = await open(flavour, server(), follow(name));
        const refused = await readStream(connection, name);
        expect(refused.errors[0]?.message).toMatch(/cannot be followed by a cursor column, because .*'order'/);
        expect(refused.sent.filter(({ kind: each }) => each === 'record')).toEqual([]);
        await connection.close();
      }
      // Nobody asked for a cursor: it is read whole, and a catalog that asks for one is told why not.
      const unasked = await open(flavour, server(), { streams: [{ name: 'keyless' }] });
      const stream = unasked.connection.streams.find(({ name }) => name === 'keyless');
      expect((await stream!.describe()).supported_sync_modes).toEqual(['full_refresh']);
      expect(() => stream!.open(undefined, { syncMode: 'incremental', cursorField: 'c' })).toThrow("'order'");
      await unasked.connection.close();
      // More than a page of one value.
      const { connection } = await open(flavour, server(), follow('keyless', { order: ['n'] }));
      const load = await readStream(connection, 'keyless');
      await run(server(), `INSERT INTO keyless VALUES ${[2, 3, 4, 5, 6, 7, 8].map((n) => `(${n}, 2)`).join(',')}`);
      const changes = await readStream(connection, 'keyless', after(load));
      expect(column(changes.sent, 'n')).toEqual([2, 3, 4, 5, 6, 7, 8]);
      await connection.close();
    });

    it('comes to an end while others write', async () => {
      await run(
        server(),
        'CREATE TABLE busy (id INT PRIMARY KEY AUTO_INCREMENT, c INT, INDEX (c))',
        'INSERT INTO busy (c) VALUES (0)',
      );
      const { connection } = await open(flavour, server(), follow('busy'));
      const load = await readStream(connection, 'busy');
      await run(server(), `INSERT INTO busy (c) VALUES ${[1, 2, 3, 4, 5, 6, 7].map((c) => `(${c})`).join(',')}`);
      const stream = connection.streams.find(({ name }) => name === 'busy')!;
      const [state] = after(load).states.values();
      const opened = await stream.open(state, { syncMode: 'incremental' });
      const { signal } = new AbortController();
      const seen: unknown[] = [];
      for await (const unit of opened.cursor.plan(signal)) {
        for await (const page of opened.read(unit, { signal, onRestart: () => {}, idle: (wait) => wait() })) {
          seen.push(...page.records.map(({ c }) => c));
          opened.cursor.page(unit, page);
          // As many as a page has: without a bound there would always be one more.
          if (seen.length < 60) await run(server(), 'INSERT INTO busy (c) SELECT c + 10 FROM busy ORDER BY id LIMIT 4');
        }
        opened.cursor.close(unit);
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
      const rest = await readStream(connection, 'busy', {
        states: new Map([[...after(load).states.keys()].map((key) => [key, opened.cursor.state()] as const)[0]!]),
      });
      const [{ n }] = (await run(server(), 'SELECT COUNT(*) AS n FROM busy WHERE c > 7')) as [{ n: number }];
      expect(column(rest.sent, 'c')).toHaveLength(Number(n));
      await connection.close();
    });

    it('keeps big numbers exact', async () => {
      await run(
        server(),
        'CREATE TABLE big (id INT PRIMARY KEY, c BIGINT, INDEX (c))',
        'INSERT INTO big VALUES (1,9007199254740992),(2,9007199254740993)',
      );
      const { connection } = await open(flavour, server(), follow('big'));
      const load = await readStream(connection, 'big');
      await run(server(), 'INSERT INTO big VALUES (3,9007199254740994),(4,9007199254740993)');
      expect(column((await readStream(connection, 'big', after(load))).sent, 'id')).toEqual([4, 3]);
      await connection.close();
    });

    it('looks back as far as it is told, and the mark stays', async () => {
      await run(
        server(),
        'CREATE TABLE back (id INT PRIMARY KEY, c DATETIME, INDEX (c))',
        "INSERT INTO back VALUES (1,'2024-01-01 00:00:00'),(2,'2024-01-01 00:01:00')",
      );
      const { connection } = await open(flavour, server(), follow('back', { lookback: 30 }));
      const load = await readStream(connection, 'back');
      // A transaction that was open during the load is committed now, with an older value.
      await run(server(), "INSERT INTO back VALUES (3,'2024-01-01 00:00:45'),(4,'2024-01-01 00:00:15')");
      const late = await readStream(connection, 'back', after(load));
      expect(column(late.sent, 'id')).toEqual([3, 2]);
      const again = await readStream(connection, 'back', after(late));
      expect(column(again.sent, 'id')).toEqual([3, 2]);
      await connection.close();
    });

    it('refuses a cursor column without an index, and scans where that is asked for', async () => {
      await run(server(), 'CREATE TABLE bare (id INT PRIMARY KEY, c INT)', 'INSERT INTO bare VALUES (1,5),(2,6)');
      const refused = await open(flavour, server(), follow('bare'));
      const { errors } = await readStream(refused.connection, 'bare');
      expect(errors[0]?.message).toContain(
        `CREATE INDEX tidemark_cursor ON \`${server().database}\`.\`bare\` (\`c\`); Or set 'scan: true'`,
      );
      await refused.connection.close();
      const listed = await open(flavour, server(), { reading: { cursor_columns: ['c'] }, streams: [{ name: 'bare' }] });
      expect((await listed.connection.streams[0]!.describe()).supported_sync_modes).toEqual(['full_refresh']);
      await listed.connection.close();
      const { connection, logs } = await open(flavour, server(), follow('bare', { scan: true }));
      const load = await readStream(connection, 'bare');
      expect(logs.join('\n')).toContain("no index begins with the cursor column 'c'");
      expect(column(load.sent, 'id')).toEqual([1, 2]);
      await run(server(), 'INSERT INTO bare VALUES (3,6)');
      const second = await readStream(connection, 'bare', after(load));
      expect(column(second.sent, 'id')).toEqual([1, 2, 3]);
      expect(column((await readStream(connection, 'bare', after(second))).sent, 'id')).toEqual([]);
      await connection.close();
    });

    it('looks for no end of an order that no index has', async () => {
      await run(
        server(),
        'CREATE TABLE unsorted (a INT NOT NULL, b INT NOT NULL, INDEX (b, a))',
        'INSERT INTO unsorted VALUES (1,2),(2,1),(3,3),(4,4)',
      );
      const ends = async (order: string[]) => {
        const settings = { reading: { method: 'none' as const, page_rows: 3 }, streams: [{ name: 'unsorted', order }] };
        const { connection } = await open(flavour, server(), settings);
        const { sent, errors } = await readStream(connection, 'unsorted', { killAfter: 4 });
        expect(errors).toEqual([]);
        await connection.close();
        const state = sent.find((each) => each.kind === 'state') as unknown as {
          state: { parts: { ranges: { hi: unknown }[] }[] };
        };
        return state.state.parts[0]!.ranges.map(({ hi }) => hi);
      };
      expect(await ends(['a'])).toEqual([null]);
      expect(await ends(['b', 'a'])).toEqual([['4', '4']]);
    });

    it('refuses a state of another cursor column, and columns that none can be', async () => {
      await run(
        server(),
        'CREATE TABLE other (id INT PRIMARY KEY, c INT, d DOUBLE, INDEX (c))',
        'INSERT INTO other VALUES (1,1,1)',
      );
      const { connection } = await open(flavour, server(), follow('other'));
      const load = await readStream(connection, 'other');
      await connection.close();
      const changed = await open(flavour, server(), { streams: [{ name: 'other', cursor: 'id' }] });
      const refused = await readStream(changed.connection, 'other', after(load));
      expect(refused.errors[0]?.message).toContain("it goes on by the column 'c', the stream by 'id'");
      await changed.connection.close();
      const floating = await open(flavour, server(), { streams: [{ name: 'other', cursor: 'd' }] });
      const double = await readStream(floating.connection, 'other');
      expect(double.errors[0]?.message).toContain("'d' cannot be its cursor column (possible: id, c)");
      await floating.connection.close();
    });
  });
}
