import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Session, StreamPlan, Writer } from '../src/destination.ts';
import { LocalPlace } from '../src/destinations/files/local-place.ts';
import type { Manifest, StreamEntry } from '../src/destinations/files/manifest.ts';
import { type FileOptions, files, filesIn } from '../src/destinations/files.ts';
import { Bench, batch, column, jobOf, planOf, schemaOf, stateOf, things } from '../src/testing/harness.ts';
import { temporaryFolder } from './duckdb-file.ts';
import { ask, readStream } from './files-reader.ts';

const folder = temporaryFolder();
let places = 0;

async function benchOf(options: FileOptions = {}, placeOf?: (root: string) => LocalPlace): Promise<Bench> {
  return Bench.at({
    place: async () => `${folder}/place-${++places}`,
    destination: (root) => (placeOf ? filesIn(() => placeOf(root), options) : files(root, options)),
    read: (root, stream) => readStream(root, stream),
  });
}

function manifestOf(bench: Bench): Manifest {
  return JSON.parse(readFileSync(`${bench.place}/_tidemark/suite/manifest.json`, 'utf8')) as Manifest;
}

function entryOf(bench: Bench): StreamEntry {
  return manifestOf(bench).streams[0]!;
}

/** What stands in a stream's folder, as somebody sees it who reads no manifest. */
function visible(bench: Bench): string[] {
  return readdirSync(`${bench.place}/things`).filter((name) => !name.startsWith('_'));
}

const append = { destinationSyncMode: 'append' } as const;
const dedup = {
  syncMode: 'incremental',
  destinationSyncMode: 'append_dedup',
  primaryKey: [['id']],
  generation: 1,
} as const;

/** One job that commits each list of ids on its own. */
async function commitEach(bench: Bench, job: number, lists: number[][], more: Partial<StreamPlan>): Promise<void> {
  const plan = planOf(jobOf(job), { begin: job === 1 ? 'anew' : 'resume', ...more });
  await bench.attempt(jobOf(job), [plan], async (writer) => {
    for (const ids of lists) {
      await writer.write(plan.key, batch(things(...ids)));
      await writer.commit([stateOf(plan, { ids }, ids.length)]);
    }
    await writer.finish(stateOf(plan, {}, 0));
  });
}

describe('the parts of a stream', () => {
  it('hides the rows of an unfinished overwrite from whoever reads the folder', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1, 2]], {});
    const before = visible(bench);
    const plan = planOf(jobOf(2));
    await bench.attempt(jobOf(2), [plan], async (writer) => {
      await writer.write(plan.key, batch(things(3)));
      await writer.commit([stateOf(plan, {}, 1)]);
      expect(visible(bench)).toEqual(before);
      expect(existsSync(`${bench.place}/${entryOf(bench).next!.parts[0]!.path}`)).toBe(true);
      await writer.finish(stateOf(plan, {}, 0));
    });
    expect(visible(bench)).toHaveLength(1);
    expect(visible(bench)).not.toEqual(before);
    expect(readdirSync(`${bench.place}/things/_next`)).toEqual([]);
  });

  it('puts small ones together when the stream is complete', async () => {
    for (const format of ['parquet', 'jsonl'] as const) {
      const bench = await benchOf({ format });
      const lists = Array.from({ length: 20 }, (_, index) => [index]);
      await commitEach(bench, 1, lists, {});
      expect(entryOf(bench).parts).toHaveLength(1);
      await commitEach(bench, 2, lists, append);
      expect(entryOf(bench).parts).toHaveLength(1);
      expect(visible(bench)).toHaveLength(1);
      expect(column(await bench.rows('things'), 'id')).toEqual([...lists, ...lists].map(String));
    }
  });

  it('writes a part again only when a key in it has a newer row', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1, 2, 3]], dedup);
    const [first] = entryOf(bench).parts;
    await commitEach(bench, 2, [[4]], dedup);
    expect(entryOf(bench).parts).toContainEqual(first);
    await commitEach(bench, 3, [[2]], dedup);
    expect(entryOf(bench).parts).not.toContainEqual(first);
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '3', '4', '2']);
  });

  it('merges what a deduplicated stream has got when its attempt ends without it being complete', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1]], dedup);
    const { session } = await bench.open();
    const plan = planOf(jobOf(2), { ...dedup, begin: 'resume' });
    await session.begin(jobOf(2), [plan]);
    const writer = await session.writer([plan]);
    await writer.write(plan.key, batch(things(1, 2)));
    await writer.commit([stateOf(plan, { page: 1 }, 2)]);
    expect(column(await bench.rows('things'), 'id')).toEqual(['1']);
    await writer.close();
    await session.end(jobOf(2), 'partial', { rows: 2, progressed: true });
    await session.close();
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2']);
    expect(entryOf(bench)).toMatchObject({ state: '{"page":1}', status: 'open' });
  });
});

describe('JSON lines', () => {
  it('are the same to the letter when they are written again, however long', async () => {
    for (const compression of ['none', 'gzip', 'zstd'] as const) {
      const bench = await benchOf({ format: 'jsonl', compression });
      const exact = { id: 1, d: 0.5, big: 2n ** 70n, name: `"ü\n${'x'.repeat(3_000_000)}`, deep: { a: [1e-7, 'b'] } };
      const plan = (job: number) => planOf(jobOf(job), { ...dedup, begin: job === 1 ? 'anew' : 'resume' });
      const job = (id: number, records: (typeof exact | { id: number })[]) =>
        bench.attempt(jobOf(id), [plan(id)], async (writer) => {
          await writer.write('things', batch(records));
          await writer.finish(stateOf(plan(id), {}, records.length));
        });
      await job(1, [exact, { id: 2 }]);
      const [before] = await bench.rows('things');
      await job(2, [{ id: 2 }]);
      expect(entryOf(bench).parts).toHaveLength(2);
      const rows = await bench.rows('things');
      expect(rows).toHaveLength(2);
      expect(rows[0]).toEqual(before);
      expect(before).toMatchObject({ big: String(2n ** 70n), name: exact.name, deep: '{"a":[1e-7,"b"]}' });
    }
  });

  it('do not go among Parquet files, but may take their place', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1]], append);
    const other = await Bench.at({
      place: async () => bench.place,
      destination: (root) => files(root, { format: 'jsonl' }),
      read: bench.harness.read,
    });
    const refused = commitEach(other, 2, [[2]], append);
    await expect(refused).rejects.toMatchObject({ kind: 'config', message: expect.stringMatching(/format jsonl/) });
    await commitEach(other, 2, [[2]], { begin: 'anew' });
    expect(column(await other.rows('things'), 'id')).toEqual(['2']);
    expect(visible(bench)).toEqual([expect.stringMatching(/\.jsonl\.gz$/)]);
  });
});

describe('files that are not as the manifest has them', () => {
  it('removes what a killed run has left and touches nothing else', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1]], append);
    const garbage = `${bench.place}/things/000001-0001-000099-abcdef.parquet`;
    const foreign = `${bench.place}/things/notes.txt`;
    for (const path of [garbage, foreign]) writeFileSync(path, 'x');
    await commitEach(bench, 2, [[2]], append);
    expect([existsSync(garbage), existsSync(foreign)]).toEqual([false, true]);
    expect(await bench.rows('things')).toHaveLength(2);
  });

  it('reads a stream from the beginning when its files are gone, and goes on when some are', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1], [2]], append);
    rmSync(`${bench.place}/${entryOf(bench).parts[0]!.path}`);
    const some = await bench.open();
    await some.session.close();
    expect(some.stored?.streams[0]).toMatchObject({ state: {}, status: 'complete' });
    expect(column(await bench.rows('things'), 'id')).toEqual(['2']);
    rmSync(`${bench.place}/things`, { recursive: true });
    const none = await bench.open();
    await none.session.close();
    expect(none.stored?.streams[0]).toMatchObject({ state: undefined, status: 'open', rows: 0 });
    expect(bench.logs.join('\n')).toMatch(/goes on with those that are left[\s\S]*read from the beginning/);
  });

  it('takes no folder that has files, or belongs to another connection', async () => {
    const bench = await benchOf();
    mkdirSync(`${bench.place}/things`, { recursive: true });
    writeFileSync(`${bench.place}/things/mine.parquet`, 'x');
    const begin = async (connection: string, session: Session) => {
      const job = { ...jobOf(1), connection };
      await session.begin(job, [planOf(job)]).finally(() => session.close());
    };
    const message = (text: RegExp) => ({ kind: 'config', message: expect.stringMatching(text) });
    const foreign = begin('suite', (await bench.open()).session);
    await expect(foreign).rejects.toMatchObject(message(/has files that this connection did not write/));
    rmSync(`${bench.place}/things/mine.parquet`);
    await begin('suite', (await bench.open()).session);
    const other = begin('other', (await bench.open('other')).session);
    await expect(other).rejects.toMatchObject(message(/belongs to the connection 'suite'/));
  });

  it('says that a manifest is damaged or too new, and leaves it alone', async () => {
    const bench = await benchOf();
    await commitEach(bench, 1, [[1]], append);
    const books = `${bench.place}/_tidemark/suite`;
    const [hidden] = readdirSync(books).filter((name) => name.startsWith('.manifest'));
    const whole = readFileSync(`${books}/${hidden}`, 'utf8');
    for (const [text, message] of [
      [whole.slice(0, -20), /damaged/],
      [whole.replace('"format":1', '"format":2'), /newer Tidemark/],
    ] as const) {
      writeFileSync(`${books}/${hidden}`, text);
      await expect(bench.open()).rejects.toMatchObject({ message: expect.stringMatching(message) });
      expect(readFileSync(`${books}/${hidden}`, 'utf8')).toBe(text);
    }
    expect(column(await bench.rows('things'), 'id')).toEqual(['1']);
  });
});

/** A place whose answers get lost on demand, after the work was done. */
class LossyPlace extends LocalPlace {
  static losing = false;

  override async replace(path: string, text: string, expected: string | undefined): Promise<string> {
    const version = await super.replace(path, text, expected);
    if (!LossyPlace.losing || !path.endsWith('manifest.json')) return version;
    LossyPlace.losing = false;
    throw new Error('the answer got lost');
  }
}

describe('a commit whose answer gets lost', () => {
  it('is kept whole: neither its files nor its state are gone, and what follows stands on it', async () => {
    const bench = await benchOf({}, (root) => new LossyPlace(root));
    const [left, right] = ['left', 'right'].map((name) => planOf(jobOf(1), { stream: { name }, ...append }));
    await bench.attempt(jobOf(1), [left!, right!], async (one: Writer | undefined, other: Writer | undefined) => {
      await one!.write('left', batch(things(1)));
      LossyPlace.losing = true;
      await expect(one!.commit([stateOf(left!, { page: 1 }, 1)])).rejects.toThrow('got lost');
      await one!.rollback();
      await other!.write('right', batch(things(2)));
      await other!.finish(stateOf(right!, {}, 1));
    });
    expect(column(await bench.rows('left'), 'id')).toEqual(['1']);
    expect(column(await bench.rows('right'), 'id')).toEqual(['2']);
    const { session, stored } = await bench.open();
    await session.close();
    expect(stored?.streams.map(({ state }) => state)).toEqual([{ page: 1 }, {}]);
  });
});

describe('columns of Parquet', () => {
  it('have types that every reader knows, wide enough for what earlier parts hold', async () => {
    const bench = await benchOf({ compression: 'zstd' });
    const schema = schemaOf({ n: { type: 'integer' }, f: { type: 'number' } });
    const plan = planOf(jobOf(1), { schema, ...append });
    const typesOf = async () => {
      const [part] = entryOf(bench).parts;
      const rows = await ask(`DESCRIBE SELECT * FROM read_parquet('${bench.place}/${part!.path}')`);
      return Object.fromEntries(rows.map((row) => [row.column_name, row.column_type]));
    };
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(plan.key, batch([{ n: 1, f: 9007199254740993n, free: 9007199254740993n }]));
      await writer.commit([stateOf(plan, {}, 1)]);
      await writer.write(plan.key, batch([{ n: 2n ** 64n, f: 0.5, free: 0.5 }]));
      await writer.commit([stateOf(plan, {}, 1)]);
      expect(await typesOf()).toMatchObject({ n: 'DECIMAL(38,0)', _airbyte_raw_id: 'VARCHAR' });
      await writer.write(plan.key, batch([{ n: 10n ** 38n, f: 1, free: null }]));
      await writer.finish(stateOf(plan, {}, 1));
    });
    expect(await typesOf()).toMatchObject({ n: 'VARCHAR' });
    const rows = await bench.rows('things');
    expect(column(rows, 'n')).toEqual(['1', String(2n ** 64n), String(10n ** 38n)]);
    expect(column(rows, 'free').slice(0, 2)).toEqual(['9007199254740993.0', '0.5']);
  });
});
