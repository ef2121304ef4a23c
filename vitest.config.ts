import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests run against the sources: `@tidemark/x` is packages/x/src, `@tidemark/x/sub` is packages/x/src/sub(/index).ts.
const root = fileURLToPath(new URL('.', import.meta.url));
const alias = readdirSync(`${root}packages`)
  .filter((name) => name !== 'cli')
  .flatMap((name) => [
    { find: new RegExp(`^@tidemark/${name}$`), replacement: `${root}packages/${name}/src/index.ts` },
    { find: new RegExp(`^@tidemark/${name}/(.+)$`), replacement: `${root}packages/${name}/src/$1.ts` },
  ]);

const inProcess = ['packages/{protocol,interpolation,source,declarative}/test/**/*.test.ts'];

export default defineConfig({
  resolve: { alias },
  test: {
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Most tests wait for servers and child processes: one worker for each of two cores, where vitest would leave one free.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    env: { TZ: 'UTC' },
    projects: [
      // Pure in-process tests share what they import: loading it for each of a hundred files takes longer than the tests.
      { extends: true, test: { name: 'unit', include: inProcess, isolate: false } },
      {
        extends: true,
        test: { name: 'whole', include: ['packages/{cli,sync,database}/test/**/*.test.ts', 'test/**/*.test.ts'] },
      },
    ],
  },
});
