import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDestination, postgres as postgresDestination, type SyncSettings, sync } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { parseUrl } from '../src/destinations/postgres/kind.ts';
import { Bench, batch, column, jobOf, planOf, stateOf, things } from '../src/testing/harness.ts';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';
import { ask, newDatabase, readTable } from './postgres-server.ts';

const append = { destinationSyncMode: 'append' } as const;
let places = 0;

async function run(url: string, streams: FakeStream[], more: Partial<SyncSettings> = {}) {
  return sync({
    source: new FakeSource(streams),
    config: {},
    connection: 'c',
    destination: await openDestination(url),
    streams: streams.map(({ name }) => ({ name, destination_sync_mode: 'append' })),
    checkpoint: { rows: 10 },
    retry: false,
    ...more,
  });
}
const ids = async (url: string, table: string) =>
  (await ask(url, `SELECT id FROM ${table} ORDER BY id`)).map((row) => Number(row.id));

describeWith(postgres, 'faults', (server) => {
  const place = () => newDatabase(server(), `fault_${++places}`);
  const bench = () => Bench.at({ place, destination: (url) => postgresDestination(parseUrl(url)), read: readTable });

  it('is down between write and commit: says so, and nothing is lost or doubled afterwards', async () => {
    const there = await bench();
    const plan = planOf(jobOf(1), append);
    const down = {
      kind: 'transient',
      message: expect.stringMatching(/is not there .*goes on from the last checkpoint/),
    };
    await there.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(1, 2)));
      await writer.commit([stateOf(plan, { page: 1 }, 2)]);
      await writer.write(plan.key, batch(things(3, 4)));
      await server().kill();
      await expect(writer.commit([stateOf(plan, { page: 2 }, 2)])).rejects.toMatchObject(down);
    });
    await expect(there.open()).rejects.toMatchObject({ kind: 'transient' });
    await server().restart();
    expect((await there.stored()).streams).toMatchObject([{ state: { page: 1 }, rows: 2 }]);
    const resumed = planOf(jobOf(1), { ...append, begin: 'resume', state: { page: 1 }, rowsBefore: 2 });
    await there.attempt(jobOf(1, 2), [resumed], async (writer) => {
      await writer.write(plan.key, batch(things(3, 4)));
      await writer.finish(stateOf(resumed, {}, 2));
    });
    expect(column(await there.rows('things'), 'id')).toEqual(['1', '2', '3', '4']);
  });

  it('is restarted under a sync: the next attempt goes on', async () => {
    const url = await place();
    let restarted = false;
    const onPage: FakeStream['onPage'] = async ({ index }) => {
      if (index !== 3 || restarted) return;
      restarted = true;
      await server().restart();
    };
    const first = await run(url, [{ name: 'users', rows: rows(60), onPage }]);
    expect(first).toMatchObject({ outcome: 'failed', errors: [{ kind: 'transient' }] });
    const second = await run(url, [{ name: 'users', rows: rows(60), onPage }]);
    expect(second).toMatchObject({ outcome: 'complete', attempt: 2 });
    expect(second.rows).toBeLessThan(60);
    expect(await ids(url, 'users')).toEqual(rows(60).map(({ id }) => id));
  });

  it('lets one of two runners go, and the other later', async () => {
    const url = await place();
    let free = () => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    let inside = () => {};
    const begun = new Promise<void>((resolve) => {
      inside = resolve;
    });
    const onPage: FakeStream['onPage'] = async ({ index }) => {
      if (index !== 1) return;
      inside();
      await gate;
    };
    const first = run(url, [{ name: 'users', rows: rows(30), onPage }]);
    await begun;
    const who = new RegExp(`'c' is in use by process ${process.pid} on .* since 20`);
    await expect(run(url, [{ name: 'users', rows: rows(30) }])).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(who),
    });
    expect((await run(url, [{ name: 'others', rows: rows(3) }], { connection: 'd' })).outcome).toBe('complete');
    free();
    expect((await first).outcome).toBe('complete');
    expect(await ids(url, 'users')).toHaveLength(30);
  });

  it('gives a lease back whose connection is gone from the server', async () => {
    const url = await place();
    const { session } = await Bench.at({
      place: async () => url,
      destination: (one) => postgresDestination(parseUrl(one)),
      read: readTable,
    }).then((one) => one.open());
    await ask(
      url,
      "SELECT pg_terminate_backend(split_part((holder::json ->> 'connection'), ' ', 1)::int) FROM _tidemark.leases",
    );
    expect((await run(url, [{ name: 'users', rows: rows(3) }], { connection: 'suite' })).outcome).toBe('complete');
    await session.close();
  });

  it('tells a wrong password, database, port and right apart, without the password', async () => {
    const url = new URL(await place());
    const secret = 'p%40ss w0rd';
    const tries: [(one: URL) => void, string, RegExp][] = [
      [
        (one) => {
          one.password = secret;
        },
        'config',
        /does not let this user in/,
      ],
      [
        (one) => {
          one.pathname = '/nowhere';
        },
        'config',
        /no such database/,
      ],
      [
        (one) => {
          one.port = '1';
        },
        'transient',
        /is not there/,
      ],
      [
        (one) => {
          one.hostname = 'no.such.host.invalid';
        },
        'config',
        /not known/,
      ],
      [
        (one) => {
          one.searchParams.set('sslmode', 'require');
        },
        'config',
        /no trusted encrypted connection/,
      ],
    ];
    for (const [change, kind, message] of tries) {
      const wrong = new URL(url);
      change(wrong);
      const error = await run(wrong.href, [{ name: 'users', rows: [] }]).catch((caught) => caught);
      expect(error, String(message)).toMatchObject({ kind, message: expect.stringMatching(message) });
      expect(JSON.stringify([error.message, error.detail, String(error.cause)])).not.toMatch(
        /p%40ss|p@ss|tidemark:tidemark/,
      );
    }
    await ask(url.href, "CREATE ROLE reader LOGIN PASSWORD 'r'");
    const reader = new URL(url);
    reader.username = 'reader';
    reader.password = 'r';
    await expect(run(reader.href, [{ name: 'users', rows: [] }])).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/permission denied.*Give the user CREATE/),
    });
  });

  it('needs no right to make schemas where they are there', async () => {
    const url = new URL(await place());
    await ask(
      url.href,
      `CREATE ROLE loader LOGIN PASSWORD 'l'; CREATE SCHEMA _tidemark AUTHORIZATION loader; CREATE SCHEMA app AUTHORIZATION loader`,
    );
    url.username = 'loader';
    url.password = 'l';
    url.searchParams.set('schema', 'app');
    for (const job of [1, 2])
      expect(await run(url.href, [{ name: 'users', rows: rows(2) }])).toMatchObject({
        outcome: 'complete',
        jobId: job,
      });
    url.search = '';
    expect(await ids(url.href, 'app.users')).toHaveLength(4);
  });

  it('lets those read the new table who could read the old one', async () => {
    const url = await place();
    await run(url, [{ name: 'users', rows: rows(2) }]);
    await ask(
      url,
      "CREATE ROLE analyst LOGIN PASSWORD 'a'; GRANT SELECT ON users TO analyst WITH GRANT OPTION; GRANT SELECT ON users TO PUBLIC",
    );
    const streams = [{ name: 'users', destination_sync_mode: 'overwrite' }] as const;
    expect((await run(url, [{ name: 'users', rows: rows(5) }], { streams })).outcome).toBe('complete');
    const [acl] = await ask(url, "SELECT relacl::text AS acl FROM pg_class WHERE relname = 'users'");
    expect(acl!.acl).toMatch(/analyst=r\*/);
    expect(acl!.acl).toMatch(/[{,]=r\//);
    expect(await ids(url, 'users')).toEqual([1, 2, 3, 4, 5]);
  });

  it('leaves a table alone that it did not make', async () => {
    const url = await place();
    await ask(url, 'CREATE TABLE users (id int)');
    await expect(run(url, [{ name: 'users', rows: rows(2) }])).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/public\.users .*was not made by Tidemark/),
    });
    expect(await ids(url, 'users')).toEqual([]);
  });

  describe('a full disk', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-small-'));
    const why = mount(folder);
    if (why !== undefined) process.stderr.write(`skipped: a full disk (PostgreSQL): ${why}\n`);
    it.skipIf(why !== undefined)('says that there is no room; the next attempt goes on when there is', async () => {
      try {
        const url = await place();
        await ask(url, `CREATE TABLESPACE small LOCATION '${folder}'`);
        await ask(url, `ALTER DATABASE fault_${places} SET default_tablespace = 'small'`);
        const wide = Array.from({ length: 400 }, (_, index) => ({ id: index + 1, name: noise(index) }));
        const stream = { name: 'wide', rows: wide };
        const full = await run(url, [stream]);
        expect(full).toMatchObject({
          outcome: 'failed',
          errors: [{ kind: 'system', message: expect.stringMatching(/no room to write/) }],
        });
        expect(full.rows).toBeGreaterThan(0);
        execFileSync('mount', ['-o', 'remount,size=200m', folder]);
        const next = await run(url, [stream]);
        expect(next).toMatchObject({ outcome: 'complete', attempt: 2 });
        expect(await ids(url, 'wide')).toEqual(wide.map(({ id }) => id));
        await server().stop();
      } finally {
        execFileSync('umount', ['-l', folder]);
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
});

/** Texts that do not compress. */
function noise(seed: number): string {
  let state = seed + 1;
  let text = '';
  while (text.length < 20_000) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text;
}

/** A small disk of its own, where this machine lets us have one; otherwise why it does not. */
function mount(folder: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'pipe' });
    const owner = Number(execFileSync('id', ['-u', 'postgres']).toString());
    chownSync(folder, owner, owner);
    chmodSync(folder, 0o700);
    return undefined;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const said = (error as { stderr?: Buffer }).stderr?.toString().trim();
    return `no small disk can be mounted here (${said || (error as Error).message})`;
  }
}
