import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWith, s3 as s3Server } from '../../../scripts/servers/vitest.mjs';
import { verdict } from '../../../scripts/torture/kills.mjs';
import { temporaryFolder } from './duckdb-file.ts';
import { readStream } from './files-reader.ts';
import type { ChildOrder } from './kill-child.ts';
import { killedRunner, torture } from './kill-runs.ts';
import { accessOf, download } from './s3-reader.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 12);
const SEED = Number(process.env.TIDEMARK_SEED ?? 13);

const folder = temporaryFolder();
const runner = killedRunner();

/** How a tortured destination is looked at. */
interface Look {
  /** Gets its files here, after every attempt. */
  fetch?(): Promise<unknown>;
  /** The file of its books. */
  books(): string;
  rows(stream: string): Promise<{ id?: unknown }[]>;
}

/** Tortures one place while another of the same kind tells how long an attempt takes. */
async function tortured(orderOf: (name: string) => Omit<ChildOrder, 'job' | 'seed'>, look: Look): Promise<void> {
  const sum = await torture({
    kills: KILLS,
    seed: SEED,
    attempt: runner(orderOf('victim')),
    unharmed: runner(orderOf('unharmed')),
    async finishedJobs() {
      await look.fetch?.();
      return jobsIn(look.books());
    },
    async copies(stream) {
      const copies = new Map<number, number>();
      for (const { id } of await look.rows(stream)) copies.set(Number(id), (copies.get(Number(id)) ?? 0) + 1);
      return copies;
    },
  });
  console.log(`${verdict(sum)} over ${sum.jobs} jobs`);
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

/** Files below a root with a manifest. */
function below(root: () => string): Look {
  const books = () => `${root()}/_tidemark/kill/manifest.json`;
  return {
    books,
    async rows(stream) {
      const manifest = readFileSync(books(), 'utf8');
      const files = readdirSync(`${root()}/${stream}`, { recursive: true }).filter((name) =>
        /\.(parquet|gz)$/.test(String(name)),
      );
      for (const file of files) expect(manifest, 'no garbage').toContain(`${stream}/${String(file)}`);
      return (await readStream(root(), stream, 'kill')) ?? [];
    },
  };
}

for (const format of ['parquet', 'jsonl'] as const)
  it(`loses and doubles no row of local files (${format}) over ${KILLS} kills`, async () => {
    const at = (name: string) => `${folder}/${format}-${name}`;
    await tortured(
      (name) => ({ destination: { files: { path: at(name), format } } }),
      below(() => at('victim')),
    );
  }, 600_000);

it(`loses and doubles no line over ${KILLS} kills`, async () => {
  const at = (name: string) => `${folder}/${name}.jsonl`;
  const books = (name: string) => `${at(name)}.state.json`;
  await tortured((name) => ({ destination: { jsonl: { path: at(name) } }, books: books(name) }), {
    books: () => books('victim'),
    rows: async (wanted) =>
      readFileSync(at('victim'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { stream: string; _airbyte_data: Record<string, string> })
        .flatMap(({ stream, _airbyte_data }) => (stream === wanted ? [_airbyte_data] : [])),
  });
}, 600_000);

describeWith(s3Server, 'S3', (server) => {
  it(`loses and doubles no row in a bucket over ${KILLS} kills`, async () => {
    const { bucket, endpoint, region, accessKeyId, secretAccessKey } = accessOf(server());
    const access = { region, endpoint, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
    let root = '';
    let copies = 0;
    await tortured((prefix) => ({ destination: { s3: { bucket, prefix, ...access } } }), {
      async fetch() {
        root = await download(server(), 'victim', `${folder}/s3-${++copies}`);
      },
      ...below(() => root),
    });
  }, 600_000);
});
