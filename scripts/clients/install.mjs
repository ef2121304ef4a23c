// Puts the real clients that test/clients runs into node_modules/.cache/clients: PyAirbyte and a source of Airbyte's, from
// PyPI. `node scripts/clients/install.mjs`; idempotent, ends after 15 minutes at the latest, exit code 1 when it fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clientsFolder, PACKAGES } from './clients.mjs';

const LIMIT_MS = 900_000;
const mark = join(clientsFolder, 'installed.txt');
const wanted = `${PACKAGES.join('\n')}\n`;

if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) {
  console.log(`${PACKAGES.join(', ')}: already there`);
} else {
  const until = Date.now() + LIMIT_MS;
  rmSync(clientsFolder, { recursive: true, force: true });
  mkdirSync(clientsFolder, { recursive: true });
  run('python3', ['-m', 'venv', join(clientsFolder, 'venv')], until);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--prefer-binary'];
  run(join(clientsFolder, 'venv/bin/python'), [...pip, ...PACKAGES], until);
  writeFileSync(`${mark}.new`, wanted);
  renameSync(`${mark}.new`, mark);
  console.log(`${PACKAGES.join(', ')}: installed`);
}

function run(command, args, until) {
  // A polite process: the tests of other parts run beside it.
  const { status, error } = spawnSync('nice', ['-n', '10', command, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: Math.max(1, until - Date.now()),
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  if (status === 0) return;
  console.error(`${command} ${args.slice(0, 3).join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}
