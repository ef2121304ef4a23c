import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is installed from PyPI: clients and sources that nobody here wrote. */
export const PACKAGES = ['airbyte==0.71.3', 'airbyte-source-smoke-test==0.1.2'];

/** Where it is kept. */
export const clientsFolder =
  process.env.TIDEMARK_CLIENTS_FOLDER ?? fileURLToPath(new URL('../../node_modules/.cache/clients', import.meta.url));

/** Whether the clients can be run, or why not. */
export function clientsAvailable() {
  const mark = join(clientsFolder, 'installed.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === `${PACKAGES.join('\n')}\n`) return { ok: true };
  return { ok: false, why: 'PyAirbyte and the smoke test are not installed: node scripts/clients/install.mjs' };
}

/** The absolute path of a program of the installed clients. */
export function clientProgram(name) {
  return join(clientsFolder, 'venv/bin', name);
}
