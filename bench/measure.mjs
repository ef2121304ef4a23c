// Runs programs to their end and says what they used. One folder for all that a run of the benchmarks writes.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const cli = fileURLToPath(new URL('../packages/cli/bin/tidemark.js', import.meta.url));
export const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
export const out = join(folder, 'out.jsonl');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/**
 * Runs a Node program; its standard output goes to a file, as in a real pipeline. Gives CPU seconds, wall seconds and the
 * peak of its memory in MB. Throws when it fails.
 */
export function measure(args) {
  const usage = join(folder, 'usage.json');
  const env = { ...process.env, USAGE_FILE: usage, NODE_OPTIONS: `--import=${new URL('usage.mjs', import.meta.url)}` };
  const from = performance.now();
  const result = spawnSync('sh', ['-c', `exec "$@" > '${out}'`, 'sh', process.execPath, ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const wall = (performance.now() - from) / 1000;
  if (result.status !== 0) throw new Error(`${args.join(' ')} ended with exit ${result.status}`);
  return { wall, ...JSON.parse(readFileSync(usage, 'utf8')) };
}

/** Starts a Node program that prints its port, and gives its address. */
export async function startServer(file) {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    child.once('exit', (code) => reject(new Error(`${file} ended with exit ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

/** Counts records in what was written without holding it in memory. */
export function recordsWritten() {
  return Number(spawnSync('grep', ['-c', '"RECORD"', out], { encoding: 'utf8' }).stdout);
}

export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
export const round = (value, digits) => Number(value.toFixed(digits));

/**
 * Runs any program, its output into a file. Gives what it and its children used (wall and CPU seconds, peak MB of the largest
 * process) and what it wrote to standard error. Throws when it fails.
 */
export function measureProgram(command, { env, output = out, input } = {}) {
  const usage = join(folder, 'usage.json');
  const wrapper = fileURLToPath(new URL('children.py', import.meta.url));
  const result = spawnSync('python3', [wrapper, usage, output, ...command], {
    env: { ...process.env, ...env },
    input,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'inherit', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (result.status !== 0)
    throw new Error(`${command[0]} ended with exit ${result.status}: ${String(result.stderr).slice(-2000)}`);
  return { ...JSON.parse(readFileSync(usage, 'utf8')), errors: result.stderr };
}
