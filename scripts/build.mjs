// Builds every package: JavaScript by tsup, declarations by one `tsc -b`. `node scripts/build.mjs NAME…` builds those only.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const packages = names.length ? names : readdirSync(`${root}packages`);

for (const name of packages) {
  const dir = `${root}packages/${name}`;
  const manifest = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'));
  const entry = Object.fromEntries(
    Object.values(manifest.exports ?? {})
      .map((target) => target.default)
      .filter((path) => path?.startsWith('./dist/'))
      .map((path) => path.slice('./dist/'.length, -'.js'.length))
      .concat(manifest.bin ? ['main'] : [], 'generate')
      .map((stem) => [stem, `${dir}/src/${stem}.ts`])
      .filter(([, file]) => existsSync(file)),
  );
  // tsup's own cleaning would take the declarations too, which `tsc -b` believes to be there.
  for (const old of existsSync(`${dir}/dist`) ? readdirSync(`${dir}/dist`) : []) {
    if (/\.js(?:\.map)?$/.test(old)) rmSync(`${dir}/dist/${old}`);
  }
  await build({
    entry,
    outDir: `${dir}/dist`,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    splitting: true,
    sourcemap: true,
    clean: false,
    config: false,
    silent: true,
    tsconfig: `${dir}/tsconfig.json`,
    external: [/^[^./]/],
  });
}
if (!process.argv.includes('--no-types')) {
  const tsc = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-b', ...packages.map((p) => `${root}packages/${p}`)], { stdio: 'inherit' });
  process.exit(tsc.status ?? 1);
}
