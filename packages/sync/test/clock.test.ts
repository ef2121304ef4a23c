import { openDestination, type SyncSettings, sync } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { fileBooks } from '../src/books/file-books.ts';
import { planOf } from '../src/testing/harness.ts';
import { query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, rows } from './fake-source.ts';
import { ask, newDatabase } from './postgres-server.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
const DAY = 86_400_000;

it.each([
  ['back by a day', -DAY],
  ['back by thirty years', -30 * 365 * DAY],
  ['forward by a day', DAY],
  ['to and fro', undefined],
])('a clock that is set %s in the middle of a sync loses and delays nothing', async (name, jump) => {
  let now = Date.parse('2024-06-01T00:00:00Z');
  const jumps = [0, 3 * DAY, -5 * DAY, 9 * DAY, -DAY];
  const source = new FakeSource([
    {
      name: 'users',
      rows: rows(100),
      onPage: ({ index }) => {
        now += jump === undefined ? (jumps[index % jumps.length] ?? 0) : index === 4 ? jump : 1_000;
      },
    },
  ]);
  const transcript = new Transcript(source, `${folder}/${name.replaceAll(' ', '-')}.duckdb`);
  const settings = { clock: () => now, checkpoint: { seconds: 3 } };
  const result = await transcript.run(settings);
  expect(result).toMatchObject({ outcome: 'complete', rows: 100 });
  expect(result.elapsedSeconds).toBeGreaterThanOrEqual(0);
  expect(result.streams[0]!.checkpoints).toBeGreaterThanOrEqual(3);
  const ids = await query(transcript.file, 'SELECT id::INT AS id FROM users ORDER BY _airbyte_raw_id');
  expect(ids.map(({ id }) => id)).toEqual(rows(100).map(({ id }) => id));
  now -= 2 * DAY;
  expect(await transcript.run(settings)).toMatchObject({ jobId: 2, outcome: 'complete', rows: 100 });
});

describeWith(postgres, 'a lease while the clock jumps', (server) => {
  it.each([
    ['forward', DAY],
    ['back', -DAY],
  ])(
    '%s by a day: it goes by the server, so that a second runner is kept out and nothing is doubled',
    async (name, jump) => {
      const url = await newDatabase(server(), `clock_${name}`);
      let now = Date.parse('2024-06-01T00:00:00Z');
      const refused: unknown[] = [];
      const run = async (more: Partial<SyncSettings>) =>
        sync({
          source: new FakeSource([{ name: 'users', rows: rows(20) }]),
          config: {},
          connection: 'clock',
          destination: await openDestination(url),
          streams: [{ name: 'users', destination_sync_mode: 'append' }],
          retry: false,
          clock: () => now,
          ...more,
        });
      const source = new FakeSource([
        {
          name: 'users',
          rows: rows(60),
          onPage: async ({ index }) => {
            if (index !== 2 && index !== 4) return;
            now += index === 2 ? jump : -2 * jump;
            await run({}).catch((error) => refused.push(error));
          },
        },
      ]);
      expect(await run({ source, checkpoint: { rows: 10 } })).toMatchObject({ outcome: 'complete', rows: 60 });
      const inUse = { kind: 'transient', message: expect.stringMatching(/is in use by process/) };
      expect(refused).toMatchObject([inUse, inUse]);
      const [counted] = await ask(url, 'SELECT count(*) AS n, count(DISTINCT id) AS d FROM users');
      expect(counted).toEqual({ n: '60', d: '60' });
    },
  );
});

describe('a state file while the clock jumps', () => {
  const job = { connection: 'c', id: 1, nonce: 'n', attempt: 1, fingerprint: 'f' };
  const plan = planOf(job);
  it.each([
    ['back', -DAY, false],
    ['forward', DAY, true],
  ])('%s by a day: of two runners one writes', async (name, jump, isTakenOver) => {
    let now = Date.parse('2024-06-01T00:00:00Z');
    const file = `${folder}/lease-${name}.json`;
    const open = () => fileBooks(file).open({ clock: () => now, connection: 'c', log: () => undefined });
    const first = await open();
    await first.begin(job, [plan]);
    now += jump;
    const second = await open().catch((error) => error);
    const store = () => first.store([{ stream: plan.key, state: { by: 'first' }, rows: 1 }]);
    if (isTakenOver) {
      // To whoever looks at the clock the first has been silent for a day. It is kept from writing, so nothing is mixed up.
      await expect(store()).rejects.toThrow(/Another runner has taken over/);
      await second.close();
    } else {
      expect(second).toMatchObject({ kind: 'transient' });
      await store();
    }
    await first.close();
    now -= 2 * jump;
    const last = await open();
    expect((await last.load('c'))!.streams).toMatchObject([isTakenOver ? { rows: 0 } : { state: { by: 'first' } }]);
    await last.close();
  });
});
