import { expect, it } from 'vitest';
import { query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, rows } from './fake-source.ts';
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
