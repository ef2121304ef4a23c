import { setTimeout as sleep } from 'node:timers/promises';
import { openDestination } from '@tidemark/sync';
import { expect } from 'vitest';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { type AttemptEnd, type KillSum, killAndResume, killed } from '../../../scripts/torture/kills.mjs';
import { childProgram } from './child.ts';
import type { ChildOrder } from './kill-child.ts';
import { killSync, rowsAfter } from './kill-source.ts';

/** Runs one attempt, into which a kill comes after `ms`. */
export type Attempt = (about: { job: number; seed: number; ms: number }) => Promise<AttemptEnd>;

/** Attempts in processes of their own that are killed. For the top level of a test file. */
export function killedRunner(): (to: Omit<ChildOrder, 'job' | 'seed'>) => Attempt {
  const program = childProgram('kill-child');
  return (to) =>
    ({ ms, ...about }) =>
      killed({
        command: process.execPath,
        args: [program(), JSON.stringify({ ...to, ...about } satisfies ChildOrder)],
        ms,
        ok: (code) => code === 0,
      });
}

/** Attempts in this process, on a server that is killed and comes back. */
export function killedServer(server: Server, url: string): Attempt {
  return async ({ ms, ...about }) => {
    const began = Date.now();
    let ended = false;
    const run = openDestination(url)
      .then((destination) => killSync(destination, about))
      .then(
        ({ outcome, errors }) => `${outcome} ${errors.map(({ kind, message }) => `${kind} ${message}`).join('; ')}`,
        (error) => `refused ${error.kind} ${error.message}`,
      )
      .finally(() => {
        ended = true;
      });
    while (Date.now() < began + ms && !ended) await sleep(10);
    const isKilled = !ended;
    if (isKilled) await server.kill();
    const said = await run;
    if (isKilled) await server.restart();
    // A server that is gone is nobody's fault, and never a fault without a name.
    if (isKilled) expect(said).not.toMatch(/config|undefined/);
    return { killed: isKilled, ok: said.startsWith('complete'), said, ms: Date.now() - began };
  };
}

export interface Torture {
  kills: number;
  seed: number;
  attempt: Attempt;
  /** The same into another place, which is left alone. Without it the first job is, and the kills come into later ones. */
  unharmed?: Attempt;
  /** How many jobs the books call complete. */
  finishedJobs(): Promise<number>;
  /** How many rows a stream has of each id. */
  copies(stream: string): Promise<Map<number, number>>;
}

/** Kills and goes on until so many kills have hit, then lets a job end; fails unless each row is there as often as it must. */
export async function torture({ unharmed, copies, ...settings }: Torture): Promise<KillSum> {
  // The kills are spread over the time that an attempt takes here today.
  const first = await (unharmed ?? settings.attempt)({ job: 1, seed: 1, ms: 120_000 });
  expect(first, 'the attempt that nobody kills').toMatchObject({ killed: false, ok: true });
  const wrong: string[] = [];
  const verify = async (jobs: number) => {
    const sum = { lost: 0, doubled: 0 };
    for (const { stream, ids, times } of rowsAfter(jobs)) {
      const { lost, doubled } = compared(await copies(stream), ids, times);
      if (lost + doubled > 0) wrong.push(`${stream} after job ${jobs}: ${lost} lost, ${doubled} doubled`);
      sum.lost += lost;
      sum.doubled += doubled;
    }
    return sum;
  };
  const sum = await killAndResume({ ...settings, span: first.ms, verify });
  expect(wrong).toEqual([]);
  expect(sum).toEqual({ kills: settings.kills, jobs: sum.jobs, lost: 0, doubled: 0, failures: [] });
  expect(sum.jobs).toBeGreaterThan(0);
  return sum;
}

function compared(found: Map<number, number>, ids: number, times: number): { lost: number; doubled: number } {
  const rest = new Map(found);
  const sum = { lost: 0, doubled: 0 };
  for (let id = 1; id <= ids; id++) {
    const n = rest.get(id) ?? 0;
    sum.lost += Math.max(0, times - n);
    sum.doubled += Math.max(0, n - times);
    rest.delete(id);
  }
  sum.doubled += rest.size;
  return sum;
}

/** The copies of each id in rows of `id` and `n`. */
export function copiesIn(rows: Iterable<Record<string, unknown>>): Map<number, number> {
  return new Map(Array.from(rows, ({ id, n }) => [Number(id), Number(n)]));
}
