// pnpm torture PART …: what takes too long for the tests. `pnpm torture sync --kills 1000 [--seed S] [--destination D]`,
// `pnpm torture databases --kills 300 [--seed S] [--engine E] [--way load|log|cursor]`.
import { parseArgs } from 'node:util';

/** Each part is a file that exports `run(options)` and returns an exit code. */
const PARTS = { sync: './sync.mjs', databases: './databases.mjs' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    seed: { type: 'string' },
    destination: { type: 'string' },
    engine: { type: 'string' },
    way: { type: 'string' },
  },
});
const [part = ''] = positionals;
const number = (name, otherwise) => {
  const value = Number(values[name] ?? otherwise);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} takes a whole number, not '${values[name]}'.`);
  process.exit(2);
};
if (!Object.hasOwn(PARTS, part) || positionals.length > 1) {
  console.error(
    `usage: pnpm torture PART [--kills N] [--seed S] [--destination NAME] [--engine NAME] [--way NAME]; parts: ${Object.keys(PARTS).join(', ')}`,
  );
  process.exit(2);
}
const options = {
  kills: number('kills', 100),
  seed: number('seed', 1),
  destination: values.destination,
  engine: values.engine,
  way: values.way,
};
const { run } = await import(PARTS[part]);
process.exitCode = await run(options);
