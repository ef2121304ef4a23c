import { spawn } from 'node:child_process';
import { random } from './random.mjs';

/** How much of an undisturbed attempt's time the kills are spread over: most are to hit. */
const SPREAD = 0.6;
/** An attempt that is let live may take so long. */
export const PATIENCE_MS = 120_000;

/** Runs attempt after attempt until so many were killed, then one to its end, and counts what is lost and doubled. */
export async function killAndResume({ kills, seed, span, attempt, finishedJobs, verify, onJob }) {
  const next = random(seed);
  const sum = { kills: 0, jobs: await finishedJobs(), lost: 0, doubled: 0, failures: [] };
  let spread = span * SPREAD;
  for (let last = false; !last; ) {
    last = sum.kills >= kills;
    const ms = last ? PATIENCE_MS : next() * spread;
    const { killed, ok, said } = await attempt({ job: sum.jobs + 1, seed: Math.floor(next() * 1e9), ms });
    if (killed) sum.kills++;
    else if (!ok) {
      sum.failures.push(said);
      return sum;
    }
    // The books know: a kill may hit after the job's end was committed and before the process could say so.
    const complete = await finishedJobs();
    if (complete > sum.jobs) {
      const { lost, doubled } = await verify(complete);
      sum.lost += lost;
      sum.doubled += doubled;
      onJob?.({ ...sum, jobs: complete });
    }
    // Other work on the machine comes and goes: most kills are to hit, and some jobs are to end between them.
    spread *= complete > sum.jobs ? 0.75 : 1.1;
    sum.jobs = complete;
  }
  return sum;
}

/**
 * Runs a program and kills it `ms` after it first spoke, or with `fromStart` after it was started: then a kill may also hit
 * before there is a word. `ok` judges one that ended by itself.
 */
export function killed({ command, args, ms, env, fromStart = false, ok }) {
  return new Promise((resolve, reject) => {
    const begun = Date.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: env ?? process.env });
    let said = '';
    let spoke = 0;
    let timer;
    const arm = () => {
      timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    };
    const hear = (text) => {
      said = (said + text).slice(-20_000);
      spoke ||= Date.now();
      arm();
    };
    if (fromStart) arm();
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const end = Date.now();
      resolve({
        killed: code === null,
        ok: code !== null && ok(code, said),
        said,
        ms: spoke === 0 ? 0 : end - spoke,
        silentMs: (spoke || end) - begun,
      });
    });
  });
}

/** The line that everything ends with. */
export function verdict({ kills, lost, doubled }) {
  return `${kills} kills: ${lost} lost, ${doubled} doubled`;
}
