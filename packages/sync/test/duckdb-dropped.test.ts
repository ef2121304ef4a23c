import { duckdb } from '@tidemark/sync';
import { expect, it, vi } from 'vitest';
import { ChunkAppender } from '../src/destinations/duckdb/chunk.js';
import { Bench, batch, jobOf, planOf, stateOf, things } from '../src/testing/harness.js';
import { temporaryFolder } from './duckdb-file.ts';

const folder = temporaryFolder();

it('commits nothing when the table has not all rows that it was given', async () => {
  const bench = await Bench.at({
    place: async () => `${folder}/dropped.duckdb`,
    destination: (path) => duckdb({ path }),
    read: async () => [],
  });
  const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
  await bench.attempt(jobOf(1), [plan], async (writer) => {
    await writer.write(plan.key, batch(things(1, 2)));
    await writer.commit([stateOf(plan, { page: 1 }, 2)]);
    const lost = vi.spyOn(ChunkAppender.prototype, 'append').mockImplementationOnce(function (this: ChunkAppender) {
      for (const column of this.columns) column.clear();
    });
    await writer.write(plan.key, batch(things(3)));
    await writer.write(plan.key, batch(things(4)));
    expect(lost).toHaveBeenCalledTimes(2);
    await expect(writer.commit([stateOf(plan, { page: 3 }, 2)])).rejects.toMatchObject({
      kind: 'system',
      stream: 'things',
      message: expect.stringMatching(/^dropped records: 2 rows were given to .* and it has 1 of them/),
    });
  });
  expect((await bench.stored()).streams).toMatchObject([{ state: { page: 1 }, rows: 2 }]);
});
