import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { clientsAvailable } from '../../scripts/clients/clients.mjs';
import { root } from '../root.js';

/**
 * Why the real clients are not run; undefined when they are: with TIDEMARK_CLIENTS=required, and then they must be there. They
 * take minutes, so .ci/run has them as a part of their own.
 */
export function whyNoClients(): string | undefined {
  if (process.env.TIDEMARK_CLIENTS !== 'required')
    return 'node scripts/clients/install.mjs && TIDEMARK_CLIENTS=required npx vitest run test/clients';
  const available = clientsAvailable();
  if (available.ok) return undefined;
  throw new Error(available.why);
}

/** A folder that goes away with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-clients-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An executable that is a manifest's source: `EXECUTABLE read --config …`. Each call is a line of `EXECUTABLE.calls`. */
export function executableOf(manifest: string, folder: string): string {
  const path = join(folder, 'source-tidemark');
  const run = `exec '${process.execPath}' '${root}packages/cli/bin/tidemark.js' "$verb" '${manifest}' "$@"`;
  writeFileSync(path, `#!/bin/sh\nverb="$1"; shift\necho "$verb $*" >> '${path}.calls'\n${run}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs a program to its end within so many seconds; throws with everything that it said when it fails. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv, seconds: number): Promise<string> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), seconds * 1_000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out);
      else reject(new Error(`${command} ended with ${code ?? signal}:\n${said.slice(-6_000)}`));
    });
  });
}

/** A client that does not look for anything outside this machine. */
export const QUIET = {
  AIRBYTE_DISABLE_TELEMETRY: '1',
  DO_NOT_TRACK: '1',
  AIRBYTE_OFFLINE_MODE: '1',
  NO_COLOR: '1',
  PYTHONWARNINGS: 'ignore',
};
