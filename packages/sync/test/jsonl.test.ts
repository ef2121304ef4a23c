import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { Writable } from 'node:stream';
import { type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import { noteChanges } from '@tidemark/source';
import { fileBooks, sync } from '@tidemark/sync';
import { describeDestination, type ReadRow } from '@tidemark/sync/testing';
import { describe, expect, it } from 'vitest';
import { jsonl } from '../src/destinations/jsonl.ts';
import { temporaryFolder } from './duckdb-file.ts';
import { FakeSource, rows } from './fake-source.ts';

const folder = temporaryFolder();
let places = 0;

const destinationAt = (place: string) => jsonl(place, fileBooks(`${place}.state.json`));

function lines(text: string): JsonObject[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseJson(line) as JsonObject);
}

/** A stream's rows as a table: own fields, then those of the record. */
function read(place: string, stream: string): ReadRow[] | undefined {
  if (!existsSync(place)) return undefined;
  const shown = (value: unknown) =>
    value === null || typeof value === 'string' ? value : stringify(value as JsonObject);
  return lines(readFileSync(place, 'utf8'))
    .filter((line) => line.stream === stream)
    .map(({ _airbyte_data: data, stream: _, ...own }) =>
      Object.fromEntries(
        Object.entries({ ...own, ...(data as JsonObject) }).map(([name, value]) => [name, shown(value)]),
      ),
    ) as ReadRow[];
}

const AS_SENT = 'a line has what the source sent, as it sent it: there are no columns';
describeDestination('jsonl', {
  place: async () => `${folder}/place-${++places}.jsonl`,
  destination: destinationAt,
  read: async (place, stream) => read(place, stream),
  cannot: {
    deduplicate: 'lines are every version of a row',
    hide: 'new lines stand beside the old ones until these are taken out at the end',
    types: AS_SENT,
    retype: AS_SENT,
  },
});

const source = () =>
  new FakeSource([
    { name: 'pages', rows: rows(25) },
    { name: 'slices', rows: rows(40), slices: { step: 10, until: 40 }, primaryKey: [['id']] },
  ]);
const settings = { config: {}, connection: 'lines', retry: false } as const;

describe('jsonl', () => {
  it('writes one object a row that says its stream, and takes the lines of older generations out at the end', async () => {
    const place = `${folder}/two-jobs.jsonl`;
    for (let job = 1; job <= 2; job++) await sync({ ...settings, source: source(), destination: destinationAt(place) });
    const all = lines(readFileSync(place, 'utf8'));
    const pages = all.filter(({ stream }) => stream === 'pages');
    expect(pages).toHaveLength(25);
    expect(new Set(pages.map((line) => line._airbyte_generation_id))).toEqual(new Set([2]));
    expect(all.filter(({ stream }) => stream === 'slices')).toHaveLength(40);
    expect(Object.keys(pages[0]!)).toEqual([
      'stream',
      '_airbyte_raw_id',
      '_airbyte_extracted_at',
      '_airbyte_generation_id',
      '_airbyte_meta',
      '_airbyte_data',
    ]);
    expect(pages[0]).toMatchObject({ _airbyte_meta: { sync_id: 2, changes: [] }, _airbyte_data: { id: 1 } });
    expect(new Set(all.map((line) => line._airbyte_raw_id)).size).toBe(65);
  });

  it('keeps every digit and character, and JSON that every reader takes', async () => {
    const place = `${folder}/values.jsonl`;
    const record = {
      id: 12345678901234567890n,
      text: 'ü\u0000\n\\ud800',
      half: 'a\ud800b',
      nested: { '': [null, 1.5] },
    };
    const odd = new FakeSource([{ name: 'odd', rows: [record] }]);
    await sync({ ...settings, connection: 'values', source: odd, destination: destinationAt(place) });
    const [line] = lines(readFileSync(place, 'utf8'));
    expect(line?._airbyte_data).toEqual({ ...record, half: 'a\ufffdb' });
  });

  it('warns where rows are to be deduplicated, and says what the source has changed', async () => {
    const record = { id: 1 };
    noteChanges(record, [{ field: 'x', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' }]);
    const slices = { step: 10, until: 10 };
    const keyed = new FakeSource([{ name: 'keyed', rows: [{ ...record, updated: 1 }], slices, primaryKey: [['id']] }]);
    keyed.streams.push({ name: 'plain', rows: [record] });
    for (const path of [`${folder}/warned.jsonl`, '-']) {
      let text = '';
      const out = new Writable({
        write(chunk, _encoding, done) {
          text += String(chunk);
          done();
        },
      });
      const logs: string[] = [];
      const log = (level: string, message: string) => void logs.push(`${level} ${message}`);
      const destination = jsonl(path, fileBooks(`${folder}/warned${path.length}.state.json`), out);
      await sync({ ...settings, connection: 'warned', source: keyed, destination, log });
      const warned = logs.filter((line) => line.startsWith('WARN'));
      expect(warned).toEqual([expect.stringMatching(/keyed.*append_dedup.*every version of a row/)]);
      const all = lines(path === '-' ? text : readFileSync(path, 'utf8'));
      const plain = all.find(({ stream }) => stream === 'plain');
      expect(plain).toMatchObject({ _airbyte_meta: { changes: [{ field: 'x', change: 'NULLED' }] } });
    }
  });

  it('leaves a file alone that has other lines, or that another connection writes', async () => {
    const place = `${folder}/foreign.jsonl`;
    const destination = destinationAt(place);
    await sync({ ...settings, source: source(), destination });
    const other = sync({ ...settings, connection: 'other', source: source(), destination });
    await expect(other).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/belongs to.*'lines'/),
    });
    appendFileSync(place, '{"somebody":"else"}\n');
    const before = readFileSync(place, 'utf8');
    const again = sync({ ...settings, source: source(), destination });
    await expect(again).rejects.toMatchObject({ kind: 'config', message: expect.stringMatching(/did not write/) });
    expect(readFileSync(place, 'utf8')).toBe(before);
  });

  it('reads everything again when lines were cut off', async () => {
    const place = `${folder}/cut.jsonl`;
    await sync({ ...settings, source: source(), destination: destinationAt(place) });
    truncateSync(place, 0);
    await sync({ ...settings, source: source(), destination: destinationAt(place) });
    expect(lines(readFileSync(place, 'utf8')).filter(({ stream }) => stream === 'slices')).toHaveLength(40);
  });

  it('writes to a stream with back-pressure, and goes on from the states in its books', async () => {
    let text = '';
    const out = new Writable({
      highWaterMark: 10,
      write(chunk, _encoding, done) {
        text += String(chunk);
        setTimeout(done, 1);
      },
    });
    const destination = () => jsonl('-', fileBooks(`${folder}/stdout.state.json`), out);
    const first = await sync({ ...settings, source: source(), destination: destination() });
    expect(first.outcome).toBe('complete');
    expect(lines(text)).toHaveLength(65);
    text = '';
    await sync({ ...settings, source: source(), destination: destination() });
    expect(lines(text).map(({ stream }) => stream)).toEqual(Array.from({ length: 25 }, () => 'pages'));
  });

  it('fails, and says why, when nobody reads the lines any more', async () => {
    const out = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('x'), { code: 'EPIPE' })),
    });
    const destination = jsonl('-', fileBooks(`${folder}/gone.state.json`), out);
    const result = await sync({ ...settings, source: source(), destination });
    expect(result.outcome).toBe('failed');
    expect(result.errors[0]?.message).toMatch(/takes no more lines \(EPIPE\)/);
  });
});
