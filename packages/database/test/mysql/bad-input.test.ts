import { discover } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { readAll, readCatalog, column as rowColumn } from '../reading.js';
import { after, column, open, readStream, run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: what goes wrong`, (server) => {
    const refusal = (config: Record<string, string | number>) =>
      open(flavour, server(), {}, config).then(
        () => '',
        (error: Error) => error.message,
      );

    it('says which of the connection settings is wrong', async () => {
      const password = await refusal({ password: 'not-the-password' });
      expect(password).toContain('The server refuses this user or password');
      expect(password).not.toContain('not-the-password');
      expect(await refusal({ database: 'nowhere' })).toMatch(/The database does not exist|may not use this database/);
      expect(await refusal({ port: 1 })).toContain('Nothing answers at this host and port');
      expect(await refusal({ port: 'x', ssl_mode: 'maybe', username: '' })).toBe(
        "The configuration is wrong: 'username' must be a text that is not empty; 'port' must be a number from 1 to 65535; 'ssl_mode' must be one of disabled, preferred, required, verify_ca, verify_identity.",
      );
      expect(await refusal({ ssl_mode: 'verify_ca' })).toMatch(/certificate|offers no TLS/);
    });

    it('reads the other tables when the right to read one is missing, and check says how to grant it', async () => {
      await run(
        server(),
        'CREATE TABLE open_one (id INT PRIMARY KEY)',
        'INSERT INTO open_one VALUES (1)',
        'CREATE TABLE closed_one (id INT PRIMARY KEY)',
        "CREATE USER 'guest'@'%' IDENTIFIED BY 'guest-password'",
        `GRANT SELECT ON ${server().database}.open_one TO 'guest'@'%'`,
        `GRANT INSERT ON ${server().database}.closed_one TO 'guest'@'%'`,
      );
      const guest = { username: 'guest', password: 'guest-password' };
      const { connection } = await open(flavour, server(), { reading: { method: 'none' } }, guest);
      expect(column((await readStream(connection, 'open_one')).sent, 'id')).toEqual([1]);
      const closed = await readStream(connection, 'closed_one');
      expect(closed.errors.map(({ message }) => message).join()).toContain('lacks the right');
      const check = await connection.check();
      expect(check.message).toContain(`GRANT SELECT ON \`${server().database}\`.\`closed_one\` TO 'guest'@'%';`);
      expect(check.succeeded).toBe(true);
      await connection.close();
    });

    it('fails a table alone that nobody sees, by name or in the catalog, and says what shows it', async () => {
      const { database } = server();
      await run(
        server(),
        'CREATE TABLE seen (id INT PRIMARY KEY)',
        'INSERT INTO seen VALUES (1)',
        'CREATE TABLE hidden (id INT PRIMARY KEY)',
        "CREATE USER 'blind'@'%' IDENTIFIED BY 'blind-password'",
        `GRANT SELECT ON ${database}.seen TO 'blind'@'%'`,
      );
      const blind = { username: 'blind', password: 'blind-password' };
      const settings = { reading: { method: 'none' as const }, streams: [{ name: 'seen' }, { name: 'hidden' }] };
      const { connection } = await open(flavour, server(), settings, blind);
      const grant = `GRANT SELECT ON \`${database}\`.\`hidden\` TO 'blind'@'%';`;
      const check = await connection.check();
      expect([check.succeeded, check.message]).toEqual([false, expect.stringContaining(grant)]);
      const read = await readAll(connection);
      expect(rowColumn(read, 'id')).toEqual(['1']);
      expect(read.errors.map(({ message }) => message).join()).toContain(grant);
      expect([...read.outcomes.values()]).toEqual(['complete', 'failed']);
      // A catalog of before, without names in the manifest: the table is gone since.
      await run(server(), 'DROP TABLE hidden');
      const unnamed = await open(flavour, server(), { reading: { method: 'none' } }, blind);
      const { streams } = await discover(connection);
      const result = await readCatalog(
        unnamed.connection,
        streams.map((stream) => ({ ...stream, namespace: database })),
      );
      expect([...result.outcomes.values()]).toEqual(['complete', 'failed']);
      expect(result.errors[0]?.message).toContain(`There is no table '${database}.hidden' that this user can see`);
      await unnamed.connection.close();
      await connection.close();
    });

    it('fails a table that is dropped while it is read, and loses nothing of what it read', async () => {
      await run(
        server(),
        'CREATE TABLE dropped (id INT PRIMARY KEY)',
        'INSERT INTO dropped VALUES (1),(2),(3),(4),(5),(6),(7)',
      );
      const { connection } = await open(flavour, server(), { reading: { method: 'none', page_rows: 2 } });
      const first = await readStream(connection, 'dropped', { killAfter: 3 });
      expect(column(first.sent, 'id')).toEqual([1, 2]);
      await run(server(), 'DROP TABLE dropped');
      const second = await readStream(connection, 'dropped', after(first));
      expect(second.errors[0]?.message).toContain('The table does not exist any more');
      await connection.close();
    });

    it('refuses states of another table, another database kind, or with a position that is none', async () => {
      await run(server(), 'CREATE TABLE stated (id INT PRIMARY KEY)', 'INSERT INTO stated VALUES (1),(2),(3),(4),(5)');
      const { connection } = await open(flavour, server(), { reading: { method: 'none', page_rows: 2 } });
      const first = await readStream(connection, 'stated', { killAfter: 3 });
      const [[key, state]] = [...after(first).states] as [[string, Record<string, unknown>]];
      const refused = async (changed: object) =>
        (await readStream(connection, 'stated', { states: new Map([[key, { ...state, ...changed }]]) as never }))
          .errors[0]?.message;
      expect(await refused({ dialect: 'postgres' })).toContain("of the database kind 'postgres'");
      expect(await refused({ table: 'x.y' })).toContain("of the table 'x.y'");
      const injected = JSON.parse(JSON.stringify(state).replace('["2"]', '["2 OR 1=1"]'));
      expect(await refused(injected)).toContain('a position of column');
      expect(await refused({ v: 9 })).toContain('version 9');
      await connection.close();
    });

    it('goes on when the session is ended by the server', async () => {
      await run(
        server(),
        'CREATE TABLE cut_off (id INT PRIMARY KEY)',
        `INSERT INTO cut_off VALUES ${Array.from({ length: 40 }, (_, i) => `(${i})`).join(',')}`,
      );
      const { connection } = await open(flavour, server(), { reading: { method: 'none', page_rows: 2 } });
      const stream = connection.streams.find(({ name }) => name === 'cut_off')!;
      const opened = await stream.open(undefined);
      const ids: unknown[] = [];
      for await (const unit of opened.cursor.plan(new AbortController().signal)) {
        for await (const page of opened.read(unit, { signal: new AbortController().signal })) {
          ids.push(...page.records.map(({ id }) => id));
          if (ids.length === 10) {
            const sessions = await run(server(), 'SHOW PROCESSLIST');
            const others = sessions.filter(({ Command, Info }) => Command === 'Sleep' && Info === null);
            for (const { Id } of others) await run(server(), `KILL ${Id}`).catch(() => undefined);
          }
          opened.cursor.page(unit, page);
        }
        opened.cursor.close(unit);
      }
      expect(ids).toEqual(Array.from({ length: 40 }, (_, i) => i));
      await connection.close();
    });
  });
}
