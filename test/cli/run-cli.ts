import { type ChildProcess, spawn } from 'node:child_process';
import type { Message } from '@tidemark/protocol';
import { root } from '../root.js';

/** How a command line ended. */
export interface CliRun {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Every line of standard output as a message; throws when one is none. */
  messages(): Message[];
}

/** What a run may be given. */
export interface CliOptions {
  stdin?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  onStart?: (child: ChildProcess) => void;
  /** Hears of standard output as it comes. */
  onOutput?: (text: string) => void;
}

/** Runs the built command (`packages/cli/bin/tidemark.js`). */
export function runCli(args: string[], options: CliOptions = {}): Promise<CliRun> {
  const bin = `${root}packages/cli/bin/tidemark.js`;
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NODE_OPTIONS: '', LOG_LEVEL: '', CI: 'true', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const run = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
    options.onOutput?.(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  options.onStart?.(child);
  const messages = (): Message[] =>
    run.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Message);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ ...run, code, signal, messages }));
  });
}
