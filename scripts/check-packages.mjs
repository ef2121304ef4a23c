// Packs every package as it would be published and looks at the tarballs: publint, are-the-types-wrong, and an installation
// of all of them in an empty folder, where the command runs and every entry can be imported.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tidemark-packages-'));
const problems = [];

function packed(name) {
  const directory = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const before = new Set(readdirSync(folder));
  run('npx', ['--yes', 'pnpm@10', 'pack', '--pack-destination', folder], directory);
  const tarball = join(
    folder,
    readdirSync(folder).find((file) => !before.has(file)),
  );
  return { manifest, tarball };
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function lint({ manifest, tarball }) {
  const bytes = readFileSync(tarball);
  const tar = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({
    pack: { tarball: tar },
    level: 'warning',
    strict: true,
  });
  for (const message of messages)
    problems.push(`${manifest.name}: publint: ${formatMessage(message, pkg, { color: false })}`);
  if (!manifest.exports) return; // a command has no types
  const attw = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
      tarball,
      '--profile',
      'esm-only',
      '--format',
      'ascii',
    ],
    { encoding: 'utf8' },
  );
  if (attw.status !== 0) problems.push(`${manifest.name}: attw:\n${attw.stdout}${attw.stderr}`);
}

/** All tarballs together, as a user would install them: dependencies that are not declared show here. */
function install(packages) {
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', '--omit=peer', ...packages.map(({ tarball }) => tarball)], home);
  const version = run(process.execPath, ['node_modules/tidemark/bin/tidemark.js', '--version'], home).trim();
  if (!/^\d+\.\d+\.\d+/.test(version)) problems.push(`tidemark --version printed '${version}'`);
  const entries = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {})
      .filter((entry) => !entry.endsWith('/testing')) // needs vitest, a peer
      .map((entry) => manifest.name + entry.slice(1)),
  );
  for (const entry of entries) {
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', `await import('${entry}')`], {
      cwd: home,
      encoding: 'utf8',
    });
    if (result.status !== 0) problems.push(`import '${entry}' fails once installed:\n${result.stderr}`);
  }
  return entries.length;
}

try {
  const packages = readdirSync(join(root, 'packages')).map(packed);
  for (const each of packages) await lint(each);
  const entries = install(packages);
  if (problems.length === 0) process.stdout.write(`${packages.length} packages, ${entries} entries: nothing wrong\n`);
  else process.stdout.write(`${problems.join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = problems.length > 0 ? 1 : 0;
