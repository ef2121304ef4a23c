import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mysql, openDestination, readConnection } from '@tidemark/sync';
import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/servers/free-port.mjs';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql as mysqlServer } from '../../../scripts/servers/vitest.mjs';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  jobOf,
  planOf,
  stateOf,
  things,
} from '../src/testing/harness.ts';
import { connect, query, readTable, settingsOf } from './mysql-server.ts';

let places = 0;

function harness(server: () => Server): DestinationHarness {
  return {
    async place() {
      const name = `fault_${++places}`;
      await query(server(), undefined, `CREATE DATABASE ${name}`);
      return name;
    },
    destination: (place) => mysql(settingsOf(server(), place)),
    read: (place, stream) => readTable(server(), place, stream),
  };
}

const open = { clock: Date.now, connection: 'suite', log: () => undefined };

/** Waits until some session of the server is in the state; at most ten seconds. */
async function waitsFor(server: Server, state: RegExp): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const list = await query(server, undefined, 'SHOW PROCESSLIST');
    if (list.some((row) => state.test(String(row.State)))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no session came into the state ${state}`);
}

for (const kind of [mysqlServer, mariadb]) {
  describeWith(kind, 'a server that dies', (server) => {
    it('between write and commit: nothing of it is there, and the next attempt goes on', async () => {
      const bench = await Bench.at(harness(server));
      const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
      const broken = { kind: 'transient', message: expect.stringMatching(/The connection to .* broke.*goes on/) };
      await expect(
        bench.attempt(jobOf(1), [plan], async (writer) => {
          await writer.write(plan.key, batch(things(1, 2)));
          await writer.commit([stateOf(plan, { page: 1 }, 2)]);
          await writer.write(plan.key, batch(things(3)));
          await server().kill();
          await writer.commit([stateOf(plan, { page: 2 }, 1)]);
        }),
      ).rejects.toMatchObject(broken);
      await server().restart();
      expect((await bench.stored()).streams).toMatchObject([{ state: { page: 1 }, rows: 2 }]);
      expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
      const next = planOf(jobOf(1), {
        destinationSyncMode: 'append',
        begin: 'resume',
        state: { page: 1 },
        rowsBefore: 2,
      });
      await bench.attempt(jobOf(1, 2), [next], async (writer) => {
        await writer.write(next.key, batch(things(3)));
        await writer.finish(stateOf(next, {}, 1));
      });
      expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2', '3']);
    });

    it('between the last commit and the renaming: the next opening renames', async () => {
      const bench = await Bench.at(harness(server));
      const first = planOf(jobOf(1));
      await bench.attempt(jobOf(1), [first], async (writer) => {
        await writer.write(first.key, batch(things(1)));
        await writer.finish(stateOf(first, {}, 1));
      });
      const second = planOf(jobOf(2));
      // A reader in the middle of a transaction holds the renaming up.
      const reader = await connect(server(), bench.place);
      reader.on('error', () => undefined);
      await reader.query('START TRANSACTION');
      await reader.query('SELECT * FROM things');
      const finishing = bench.attempt(jobOf(2), [second], async (writer) => {
        await writer.write(second.key, batch(things(2, 3)));
        await writer.finish(stateOf(second, { end: true }, 2));
      });
      const failed = expect(finishing).rejects.toMatchObject({ kind: 'transient' });
      await waitsFor(server(), /metadata lock/);
      await server().kill();
      await failed;
      reader.destroy();
      await server().restart();
      // Nobody has opened the connection since: readers still see the old rows.
      expect(column(await bench.rows('things'), 'id')).toEqual(['1']);
      expect((await bench.stored()).streams).toMatchObject([
        { status: 'complete', generation: 2, state: { end: true }, rows: 2 },
      ]);
      expect(column(await bench.rows('things'), 'id')).toEqual(['2', '3']);
      const left = await query(server(), bench.place, "SHOW TABLES LIKE '%tidemark\\_%'");
      expect(left.map((row) => Object.values(row)[0]).filter((name) => /things/.test(String(name)))).toEqual([]);
    });
  });

  describeWith(kind, 'many connections', (server) => {
    it('begin and commit beside each other, in one database', async () => {
      const bench = await Bench.at(harness(server));
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      const run = async (connection: string) => {
        for (const id of [1, 2]) {
          const job = { ...jobOf(id), connection };
          const plans = ['x', 'y'].map((name) => planOf(job, { stream: { name: `${connection}_${name}` } }));
          await bench.attempt(job, plans, async (...writers) => {
            await Promise.all(
              plans.map(async (plan, index) => {
                await writers[index]!.write(plan.key, batch(things(1, 2)));
                await writers[index]!.commit([stateOf(plan, { page: 1 }, 2)]);
                await writers[index]!.write(plan.key, batch(things(3)));
                await writers[index]!.finish(stateOf(plan, {}, 1));
              }),
            );
          });
        }
      };
      await Promise.all(names.map(run));
      for (const name of names) expect(column(await bench.rows(`${name}_y`), 'id')).toEqual(['1', '2', '3']);
    });
  });

  describeWith(kind, 'a runner that is overtaken', (server) => {
    it('while it renames: the next one waits for the end of that', async () => {
      const bench = await Bench.at(harness(server));
      const first = planOf(jobOf(1));
      await bench.attempt(jobOf(1), [first], async (writer) => {
        await writer.write(first.key, batch(things(1)));
        await writer.finish(stateOf(first, {}, 1));
      });
      const second = planOf(jobOf(2));
      const { session: slow } = await bench.open();
      await slow.begin(jobOf(2), [second]);
      const writer = await slow.writer([second]);
      await writer.write(second.key, batch(things(2)));
      const reader = await connect(server(), bench.place);
      await reader.query('START TRANSACTION');
      await reader.query('SELECT * FROM things');
      const finishing = writer.finish(stateOf(second, {}, 1));
      await waitsFor(server(), /metadata lock/);
      await query(server(), bench.place, "UPDATE _tidemark_leases SET expires_at = '2000-01-01'");
      const opening = bench.open();
      await waitsFor(server(), /User lock/i);
      await reader.end();
      await finishing;
      const { session, stored } = await opening;
      expect(stored?.streams).toMatchObject([{ status: 'complete', generation: 2 }]);
      const third = planOf(jobOf(3));
      await session.begin(jobOf(3), [third]);
      // It was overtaken, and cannot put a half-filled table in place.
      await expect(slow.begin(jobOf(4), [planOf(jobOf(4))])).rejects.toMatchObject({ kind: 'system' });
      await writer.close();
      await slow.close();
      await session.close();
      expect(column(await bench.rows('things'), 'id')).toEqual(['2']);
    });
  });

  describeWith(kind, 'a runner that dies', (server) => {
    it('frees its connection at once: the server knows that it is gone', async () => {
      const bench = await Bench.at(harness(server));
      const { session } = await bench.open();
      await expect(bench.open()).rejects.toMatchObject({ kind: 'transient', message: expect.stringMatching(/in use/) });
      const [row] = await query(
        server(),
        undefined,
        "SELECT GROUP_CONCAT(id) AS ids FROM information_schema.processlist WHERE db LIKE 'fault%'",
      );
      for (const id of String(row!.ids).split(',')) await query(server(), undefined, `KILL ${id}`);
      const { session: next } = await bench.open();
      await next.close();
      await session.close();
    });
  });

  describeWith(kind, 'a place that cannot be used', (server) => {
    it('says what is wrong and what to do', async () => {
      const right = settingsOf(server());
      const refused = async (wrong: Partial<typeof right>) => {
        const settings = { ...right, ...wrong };
        const error = await mysql(settings)
          .open(open)
          .then(
            () => undefined,
            (reason: Error) => reason,
          );
        expect(error?.name).toBe('ConnectorError');
        expect(`${error?.message}${JSON.stringify(error)}`).not.toContain('s3cret-word');
        return error;
      };
      expect(await refused({ password: 's3cret-word' })).toMatchObject({
        kind: 'config',
        message: expect.stringMatching(/refuses user 'tidemark'/),
      });
      expect(await refused({ database: 'nowhere' })).toMatchObject({
        kind: 'config',
        message: expect.stringMatching(/nowhere.*CREATE DATABASE/i),
      });
      expect(await refused({ port: await freePort() })).toMatchObject({
        kind: 'transient',
        message: expect.stringMatching(/no answer/),
      });
      expect(await refused({ host: 'no-such-host.invalid' })).toMatchObject({
        kind: 'config',
        message: expect.stringMatching(/cannot be found/),
      });
    });

    it('lacks a right: which one', async () => {
      await query(
        server(),
        undefined,
        'CREATE DATABASE guarded',
        "CREATE USER poor@'%' IDENTIFIED BY 'poor'",
        "GRANT SELECT, INSERT ON guarded.* TO poor@'%'",
      );
      const settings = { ...settingsOf(server(), 'guarded'), user: 'poor', password: 'poor' };
      await expect(mysql(settings).open(open)).rejects.toMatchObject({
        kind: 'config',
        message: expect.stringMatching(/CREATE command denied.*needs SELECT, INSERT/),
      });
    });
  });

  describeWith(kind, 'a place that is not ours', (server) => {
    it('has a table of that name that somebody else made: it is not touched', async () => {
      const bench = await Bench.at(harness(server));
      await query(server(), bench.place, 'CREATE TABLE things (mine INT)', 'INSERT INTO things VALUES (1)');
      const plan = planOf(jobOf(1));
      await expect(bench.attempt(jobOf(1), [plan], async () => undefined)).rejects.toMatchObject({
        kind: 'config',
        message: expect.stringMatching(/was not made by Tidemark/),
      });
      expect(await query(server(), bench.place, 'SELECT * FROM things')).toEqual([{ mine: 1 }]);
    });

    it('takes no writes', async () => {
      const bench = await Bench.at(harness(server));
      await query(
        server(),
        undefined,
        "CREATE USER plain@'%' IDENTIFIED BY 'plain'",
        `GRANT ALL ON ${bench.place}.* TO plain@'%'`,
        'SET GLOBAL read_only = 1',
      );
      try {
        const settings = { ...settingsOf(server(), bench.place), user: 'plain', password: 'plain' };
        await expect(mysql(settings).open(open)).rejects.toMatchObject({
          kind: 'config',
          message: expect.stringMatching(/takes no writes/),
        });
      } finally {
        await query(server(), undefined, 'SET GLOBAL read_only = 0');
      }
    });
  });
}

describeWith(mysqlServer, 'TLS', (server) => {
  it('is used when it is asked for, and a certificate that nobody signed is refused where it is checked', async () => {
    const session = await mysql({ ...settingsOf(server()), ssl: 'required' }).open(open);
    const list = (await query(server(), undefined, "SHOW STATUS LIKE 'Ssl_finished_accepts'")) as RowDataPacket[];
    expect(Number(list[0]!.Value)).toBeGreaterThan(0);
    await session.close();
    await expect(mysql({ ...settingsOf(server()), ssl: 'verify_identity' }).open(open)).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/not trusted.*ssl_ca/),
    });
  });
});

describeWith(mariadb, 'no TLS', (server) => {
  it('is said where it is asked for, and passed over where it is only preferred', async () => {
    await expect(mysql({ ...settingsOf(server()), ssl: 'required' }).open(open)).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/offers no TLS/),
    });
    await (await mysql({ ...settingsOf(server()), ssl: 'preferred' }).open(open)).close();
  });
});

describe('an address', () => {
  it.each([
    ['mysql://', /lacks a part/],
    ['mysql://user@host', /lacks a part/],
    ['mysql://host/db', /lacks a part/],
    ['mysql://user:s3cret-word@host:99999/db', /cannot be read/],
    ['mysql://user:s3cret-word@host/db?charset=latin1', /'charset'.*Known: ssl_mode/],
    ['mysql://user:%E0%A4%A@host/db', /% that is no code/],
  ])('%s is refused', async (address, message) => {
    const error = await openDestination(address).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('s3cret-word');
  });

  it('stands in connection.yaml, with the password from the environment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
    try {
      const file = join(folder, 'connection.yaml');
      const mine =
        'mysql: { host: h, user: u, password: "${SECRET}", database: d, ssl_mode: verify_ca, ssl_ca: ca.pem }';
      writeFileSync(file, `source: ./m.yaml\ndestination:\n  ${mine}\n`);
      const settings = await readConnection(file, { SECRET: 's3cret-word' });
      const expected = { host: 'h', user: 'u', password: 's3cret-word', database: 'd', ssl_mode: 'verify_ca' };
      expect(settings.destination).toEqual({ mysql: { ...expected, ssl_ca: join(folder, 'ca.pem') } });
      expect(settings.secrets).toContain('s3cret-word');
      writeFileSync(file, 'source: ./m.yaml\ndestination:\n  mysql: { host: h, user: u, ssl_mode: always }\n');
      await expect(readConnection(file, {})).rejects.toThrow(/database.*ssl_mode/s);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is shown without its password', async () => {
    const destination = await openDestination('mariadb://user:s3cret-word@host/db?ssl_mode=required');
    expect(destination.name).toBe('mysql://host:3306/db');
  });
});
