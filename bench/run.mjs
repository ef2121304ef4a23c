// pnpm bench [PART…]: every benchmark, or those named. Ratios are between programs of one run on one machine.
const PARTS = ['read', 'concurrency', 'sync', 'databases'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark '${unknown[0]}'. There are: ${PARTS.join(', ')}`);
  process.exit(2);
}
for (const name of PARTS.filter((part) => wanted.length === 0 || wanted.includes(part))) {
  process.stdout.write(`== ${name}\n\n`);
  const { run } = await import(`./${name}/run.mjs`);
  await run();
}
