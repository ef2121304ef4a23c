import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DestinationSpec } from '@tidemark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, s3 as s3Server } from '../../../scripts/servers/vitest.mjs';
import { bundleChild } from './child.ts';
import { temporaryFolder } from './duckdb-file.ts';
import { readStream } from './files-reader.ts';
import { grown, ROWS, random } from './kill-source.ts';
import { accessOf, download } from './s3-reader.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 12);
const SEED = Number(process.env.TIDEMARK_SEED ?? 13);

// Inside the package, so that the child finds the package's own DuckDB.
const programs = fileURLToPath(new URL(`../node_modules/.cache/files-kill-${process.pid}`, import.meta.url));
const folder = temporaryFolder();
let program = '';
let copies = 0;
beforeAll(async () => {
  mkdirSync(programs, { recursive: true });
  program = await bundleChild('files-child', programs);
}, 60_000);
afterAll(() => rmSync(programs, { recursive: true, force: true }));

/** Where a tortured destination writes, and how its files get here to be read. */
interface Victim {
  spec: DestinationSpec;
  /** The file of its books, where they are not beside the rows. */
  books?: string;
  local(): Promise<string>;
  rows?: typeof readStream;
}

interface Ended {
  killed: boolean;
  said: string;
  ms: number;
}

/** Runs one attempt and kills it `ms` after it began. */
function attempt({ spec, books = '' }: Victim, job: number, seed: number, ms: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, JSON.stringify(spec), String(job), String(seed), books], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    let ready = 0;
    const hear = (text: Buffer) => {
      said += text;
      if (!said.includes('ready')) return;
      ready ||= Date.now();
      timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ killed: code === null, said, ms: Date.now() - ready });
    });
  });
}

/** Runs attempt after attempt until so many were killed, then one to its end. */
async function torture(victim: Victim, unharmed: Victim, kills: number): Promise<void> {
  // How long an undisturbed attempt takes on this machine today: the kills are spread over that.
  const first = await attempt(unharmed, 1, 1, 120_000);
  expect(first.said).toMatch(/complete/);
  const next = random(SEED);
  let span = first.ms;
  let left = kills;
  let done = 0;
  for (let last = false; !last; ) {
    last = left === 0;
    const wait = last ? 120_000 : next() * span * 0.6;
    const { killed, said } = await attempt(victim, done + 1, Math.floor(next() * 1e9), wait);
    if (killed) left--;
    else expect(said, 'an attempt that was not killed').toMatch(/complete/);
    const root = await victim.local();
    // The books know: a kill may hit after the job's end was committed and before the process could say so.
    const complete = jobsIn(victim.books ?? `${root}/_tidemark/kill/manifest.json`);
    if (complete > done) await verify(root, complete, victim);
    // Other work on the machine comes and goes: most kills are to hit, and some jobs are to end between them.
    span *= complete > done ? 0.75 : 1.1;
    done = complete;
  }
  console.log(`${kills} kills over ${done} jobs: 0 lost, 0 doubled`);
}

interface Attempts {
  attempts: { outcome: string }[];
}

function jobsIn(books: string): number {
  if (!existsSync(books)) return 0;
  const found = JSON.parse(readFileSync(books, 'utf8')) as Attempts & { connections?: Record<string, Attempts> };
  const { attempts } = found.connections ? (found.connections.kill ?? { attempts: [] }) : found;
  return attempts.filter(({ outcome }) => outcome === 'complete').length;
}

/** What the files must hold after so many complete jobs, and that nothing else is there. */
async function verify(root: string, jobs: number, { rows: read = readStream }: Victim): Promise<void> {
  const expected: [string, number, number][] = [
    ['pages', ROWS, ROWS],
    ['partitions', ROWS, ROWS],
    ['pieces', ROWS * jobs, ROWS],
    ['whole', ROWS * jobs, ROWS],
    ['slices', grown(jobs), grown(jobs)],
    ['merged', grown(jobs), grown(jobs)],
  ];
  for (const [stream, all, distinct] of expected) {
    const rows = (await read(root, stream, 'kill')) ?? [];
    const seen = { all: rows.length, distinct: new Set(rows.map(({ id }) => id)).size };
    expect(seen, `${stream} after job ${jobs}`).toEqual({ all, distinct });
    if (read !== readStream) continue;
    const manifest = readFileSync(`${root}/_tidemark/kill/manifest.json`, 'utf8');
    const files = readdirSync(`${root}/${stream}`, { recursive: true }).filter((name) =>
      /\.(parquet|gz)$/.test(String(name)),
    );
    for (const file of files) expect(manifest, `garbage after job ${jobs}`).toContain(`${stream}/${String(file)}`);
  }
}

for (const format of ['parquet', 'jsonl'] as const)
  it(`loses and doubles no row of local files (${format}) over ${KILLS} kills`, async () => {
    const at = (name: string): Victim => {
      const root = `${folder}/${format}-${name}`;
      return { spec: { files: { path: root, format } }, local: async () => root };
    };
    await torture(at('victim'), at('unharmed'), KILLS);
  }, 600_000);

it(`loses and doubles no line over ${KILLS} kills`, async () => {
  const at = (name: string): Victim => {
    const path = `${folder}/${name}.jsonl`;
    const data = (line: string) => JSON.parse(line) as { stream: string; _airbyte_data: Record<string, string> };
    return {
      spec: { jsonl: { path } },
      books: `${path}.state.json`,
      local: async () => path,
      rows: async (_root, stream) =>
        readFileSync(path, 'utf8')
          .split('\n')
          .flatMap((line) => (line === '' ? [] : [data(line)]))
          .flatMap((line) => (line.stream === stream ? [line._airbyte_data] : [])),
    };
  };
  await torture(at('victim'), at('unharmed'), KILLS);
}, 600_000);

describeWith(s3Server, 'S3', (server) => {
  it(`loses and doubles no row in a bucket over ${KILLS} kills`, async () => {
    const at = (prefix: string): Victim => {
      const { bucket, endpoint, region, accessKeyId, secretAccessKey } = accessOf(server());
      const access = { region, endpoint, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
      return {
        spec: { s3: { bucket, prefix, ...access } },
        local: () => download(server(), prefix, `${folder}/s3-${++copies}`),
      };
    };
    await torture(at('victim'), at('unharmed'), KILLS);
  }, 600_000);
});
