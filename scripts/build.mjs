// Builds every package: JavaScript by tsup, declarations by one `tsc -b`. `node scripts/build.mjs NAME…` builds those only;
// `--no-types` leaves the declarations out.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const packages = names.length > 0 ? names : readdirSync(`${root}packages`);

/** The sources that a package's exports and its command begin at, by the name of what is built from them. */
function entriesOf(directory, manifest) {
  const stems = Object.values(manifest.exports ?? {})
    .map((target) => target.default)
    .filter((path) => path?.startsWith('./dist/'))
    .map((path) => path.slice('./dist/'.length, -'.js'.length));
  if (manifest.bin) stems.push('main');
  stems.push('generate'); // products that `pnpm generate` writes, where a package has some
  return Object.fromEntries(
    stems.map((stem) => [stem, `${directory}/src/${stem}.ts`]).filter(([, file]) => existsSync(file)),
  );
}

async function buildPackage(name) {
  const directory = `${root}packages/${name}`;
  const manifest = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
  // tsup's own cleaning would take the declarations too, which `tsc -b` believes to be there still.
  for (const old of existsSync(`${directory}/dist`) ? readdirSync(`${directory}/dist`) : []) {
    if (/\.js(?:\.map)?$/.test(old)) rmSync(`${directory}/dist/${old}`);
  }
  await build({
    entry: entriesOf(directory, manifest),
    outDir: `${directory}/dist`,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    splitting: true,
    sourcemap: true,
    config: false,
    silent: true,
    tsconfig: `${directory}/tsconfig.json`,
    external: [/^[^./]/],
  });
  // Editors of those who install the package read the schema from there.
  if (name === 'declarative')
    copyFileSync(`${root}schemas/manifest.schema.json`, `${directory}/dist/manifest.schema.json`);
}

await Promise.all(packages.map(buildPackage));
if (!process.argv.includes('--no-types')) {
  const compiler = `${root}node_modules/typescript/bin/tsc`;
  const { status } = spawnSync(
    process.execPath,
    [compiler, '-b', ...packages.map((name) => `${root}packages/${name}`)],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}
