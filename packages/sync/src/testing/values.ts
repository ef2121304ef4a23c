import { type Json, type JsonObject, parseJson } from '@tidemark/protocol';
import { noteChanges, type RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../destination.js';
import { count, emptyTally } from '../tally.js';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  itNeeds,
  jobOf,
  json,
  planOf,
  type ReadRow,
  schemaOf,
  stateOf,
  truth,
} from './harness.js';

/** Writes records under a schema as one finished job and reads the table. */
export async function land(
  bench: Bench,
  job: number,
  schema: JsonObject,
  records: RecordData[][],
  more: Parameters<typeof planOf>[1] = {},
): Promise<ReadRow[]> {
  const plan = planOf(jobOf(job), { schema, ...more });
  await bench.attempt(jobOf(job), [plan], async (writer) => {
    for (const page of records) await writer.write(plan.key, batch(page));
    await writer.finish(stateOf(plan, {}, records.flat().length));
  });
  return bench.rows(plan.stream.name);
}

/** A number as written, without zeros that say nothing: how wide its column is makes no difference. */
export function digits(text: string | null): string | null {
  if (text === null || !text.includes('.') || /e/i.test(text)) return text;
  return text.replace(/0+$/, '').replace(/\.$/, '');
}

/** The `changes` of a row's `_airbyte_meta`. */
export function changes(row: ReadRow | undefined): Json[] {
  return (parseJson(row?._airbyte_meta ?? '{}') as { changes: Json[] }).changes;
}

const type = (name: string, more: JsonObject = {}): JsonObject => ({ type: ['null', name], ...more });

/** What goes in comes out, digit for digit, or is null with a note. */
export function describeValues(harness: DestinationHarness): void {
  describe('values', () => {
    itWritesItsOwnColumnsAndNumbers(harness);
    itKeepsTexts(harness);
    itReadsDatesAndNullsMisfits(harness);
    itKeepsTheEndsOfTime(harness);
    itCounts(harness);
  });
}

/** Its own columns; integers and numbers of every size. */
function itWritesItsOwnColumnsAndNumbers(harness: DestinationHarness): void {
  it('writes its own columns', async () => {
    const rows = await land(await Bench.at(harness), 4, schemaOf({ id: type('integer') }), [[{ id: 1 }, { id: 2 }]]);
    expect(new Set(column(rows, '_airbyte_raw_id')).size).toBe(2);
    for (const row of rows) {
      expect(row._airbyte_raw_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(row._airbyte_generation_id).toBe('4');
      expect(parseJson(row._airbyte_meta!)).toEqual({ sync_id: 4, changes: [], unit: 'u' });
      expect(row._airbyte_extracted_at).toMatch(/^2023-11-14.22:13:20/);
    }
  });

  it('keeps every digit of integers, whatever their size', async () => {
    const integers = ['1', '-1', '0', '9007199254740993', '-9223372036854775808', '9223372036854775807'];
    const huge = ['9223372036854775808', '-170141183460469231731687303715884105727', '18446744073709551616'];
    const beyond = ['170141183460469231731687303715884105729', `1${'0'.repeat(60)}`];
    for (const list of [integers, [...integers, ...huge], [...integers, ...huge, ...beyond]]) {
      const records = list.map((text) => parseJson(`{"n":${text}}`) as RecordData);
      const rows = await land(await Bench.at(harness), 1, schemaOf({ n: type('integer') }), [
        records.slice(0, 3),
        records.slice(3),
      ]);
      expect(column(rows, 'n')).toEqual(list);
    }
  });

  it('keeps every digit of numbers, whatever their length', async () => {
    const doubles = ['1.5', '0.1', '-3', '100', '1e-7', '0.30000000000000004'];
    const long = ['0.1234567890123456789', '12345678901234567890', '-99999999999999.999999'];
    const beyond = [`0.${'123'.repeat(20)}`, '1e300'];
    for (const list of [doubles, [...doubles, ...long], [...doubles, ...long, ...beyond]]) {
      const records = list.map((text) => parseJson(`{"n":${text}}`) as RecordData);
      const rows = await land(await Bench.at(harness), 1, schemaOf({ n: type('number') }), [
        records.slice(0, 6),
        records.slice(6),
      ]);
      const seen = column(rows, 'n').map(digits);
      for (const [index, text] of list.entries()) {
        if (/e/.test(text)) expect(Number(seen[index])).toBe(Number(text));
        else expect(seen[index]).toBe(text);
      }
    }
  });
}

/** Texts and nested values. */
function itKeepsTexts(harness: DestinationHarness): void {
  it('keeps every character of texts', async () => {
    const texts = [
      '',
      ' ',
      'plain',
      'exactly12byt',
      'thirteen byte',
      'ü',
      '日本語テキストです',
      '🎉🎉🎉🎉',
      'a\u0000b and what follows it',
      '"\'\\\n',
      'x'.repeat(20_000),
      'é'.repeat(50_000),
    ];
    const records = texts.map((text, id) => ({ id, text, nested: { text } }));
    const schema = schemaOf({ id: type('integer'), text: type('string'), nested: type('object') });
    const rows = await land(await Bench.at(harness), 1, schema, [records]);
    const kept = harness.withoutZero ? texts.map((text) => text.replace('\u0000', '\ufffd')) : texts;
    expect(column(rows, 'text')).toEqual(kept);
    expect(column(rows, 'nested').map((text) => (parseJson(text!) as JsonObject).text)).toEqual(kept);
    if (harness.withoutZero) expect(changes(rows[8])).toMatchObject([{ field: 'text' }, { field: 'nested' }]);
  });

  it('does not mix neighbours up when a text ends in half a character', async () => {
    const texts = ['ends in half \ud83d', '\ude00 begins with the other half', 'the one after them'];
    const rows = await land(await Bench.at(harness), 1, schemaOf({ text: type('string') }), [
      texts.map((text) => ({ text })),
    ]);
    expect(column(rows, 'text')).toEqual([
      'ends in half \ufffd',
      '\ufffd begins with the other half',
      'the one after them',
    ]);
  });

  itNeeds(harness, 'types', 'keeps nested values and unions as JSON, digit for digit', async () => {
    const text = '{"object":{"a":[1,12345678901234567890,0.12345678901234567890123],"b":null},"union":"x","list":[]}';
    const schema = schemaOf({ object: type('object'), union: { type: ['string', 'integer'] }, list: type('array') });
    const [row] = await land(await Bench.at(harness), 1, schema, [[parseJson(text) as RecordData]]);
    expect(json(row?.object)).toBe('{"a":[1,12345678901234567890,0.12345678901234567890123],"b":null}');
    expect(json(row?.union)).toBe('"x"');
    expect(json(row?.list)).toBe('[]');
  });
}

/** Dates in all their spellings, and what does not fit. */
function itReadsDatesAndNullsMisfits(harness: DestinationHarness): void {
  itNeeds(harness, 'types', 'reads dates and moments in the ways that APIs write them', async () => {
    const schema = schemaOf({
      day: type('string', { format: 'date' }),
      at: type('string', { format: 'date-time' }),
      local: type('string', { format: 'date-time', airbyte_type: 'timestamp_without_timezone' }),
    });
    const records = [
      { day: '2024-02-29', at: '2024-02-29T23:59:59Z', local: '2024-02-29T23:59:59' },
      { day: '0001-01-01', at: '2024-03-01T01:30:00.123456+0130', local: '1969-12-31 23:59:59.5' },
      { day: '9999-12-31', at: '2024-03-01 00:00:00', local: '9999-12-31T23:59:59.999999' },
    ];
    const rows = await land(await Bench.at(harness), 1, schema, [records]);
    expect(column(rows, 'day')).toEqual(['2024-02-29', '0001-01-01', '9999-12-31']);
    const moments = column(rows, 'at').map((text) => text?.replace('T', ' ').slice(0, 26));
    expect(moments[0]).toMatch(/^2024-02-29 23:59:59/);
    expect(moments[1]).toMatch(/^2024-03-01 00:00:00.123456/);
    expect(moments[2]).toMatch(/^2024-03-01 00:00:00/);
    expect(column(rows, 'local')).toEqual([
      '2024-02-29 23:59:59',
      '1969-12-31 23:59:59.5',
      '9999-12-31 23:59:59.999999',
    ]);
  });

  itNeeds(harness, 'types', 'nulls a value that does not fit and keeps it in the changes; the row stays', async () => {
    const schema = schemaOf({
      id: type('integer'),
      flag: type('boolean'),
      n: type('number'),
      day: type('string', { format: 'date' }),
      at: type('string', { format: 'date-time' }),
    });
    const records = [
      { id: 'abc', flag: 1, n: 'x', day: '2023-02-29', at: 1700000000 },
      { id: 1.5, flag: 'true', n: '1.25', day: '2023-02-28T10:00:00Z', at: '2024-01-01T00:00:00.123456789Z' },
      { id: '17', flag: null, n: null, day: '', at: 'yesterday' },
    ];
    const rows = await land(await Bench.at(harness), 1, schema, [records as RecordData[]]);
    expect(column(rows, 'id')).toEqual([null, null, '17']);
    expect(column(rows, 'flag').map(truth)).toEqual([null, true, null]);
    expect(column(rows, 'n').map(digits)).toEqual([null, '1.25', null]);
    expect(column(rows, 'day')).toEqual([null, '2023-02-28', null]);
    const reason = 'DESTINATION_TYPECAST_ERROR';
    expect(changes(rows[0])).toEqual([
      { field: 'id', change: 'NULLED', reason, value: 'abc' },
      { field: 'flag', change: 'NULLED', reason, value: 1 },
      { field: 'n', change: 'NULLED', reason, value: 'x' },
      { field: 'day', change: 'NULLED', reason, value: '2023-02-29' },
      { field: 'at', change: 'NULLED', reason, value: 1700000000 },
    ]);
    expect(changes(rows[1])).toMatchObject([
      { field: 'id', change: 'NULLED', value: 1.5 },
      { field: 'day', change: 'TRUNCATED', value: '2023-02-28T10:00:00Z' },
      { field: 'at', change: 'TRUNCATED', value: '2024-01-01T00:00:00.123456789Z' },
    ]);
    expect(changes(rows[2])).toMatchObject([{ field: 'day' }, { field: 'at' }]);
  });
}

/** What lies before Christ, and before and after everything. */
function itKeepsTheEndsOfTime(harness: DestinationHarness): void {
  it.skipIf(!harness.hasEnds)('keeps days before Christ and the ends of time, as keys too', async () => {
    const schema = schemaOf({
      day: type('string', { format: 'date' }),
      at: type('string', { format: 'date-time' }),
      local: type('string', { format: 'date-time', airbyte_type: 'timestamp_without_timezone' }),
      n: type('integer'),
    });
    const days = ['0044-03-15 BC', 'infinity', '-infinity', '99999-12-31'];
    const moments = ['0044-03-15T12:00:00.5Z BC', 'Infinity', '-Infinity', '99999-12-31T23:59:59.999999Z'];
    const records = (n: number) => days.map((day, i) => ({ day, at: moments[i]!, local: moments[i]!, n }));
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1), { schema, primaryKey: [['at']], destinationSyncMode: 'append_dedup' });
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      for (const n of [1, 2]) await writer.write(plan.key, batch(records(n)));
      await writer.finish(stateOf(plan, {}, 8));
    });
    const rows = await bench.rows('things');
    expect(rows.map(({ n }) => n)).toEqual(['2', '2', '2', '2']);
    for (const field of ['day', 'at', 'local']) {
      const texts = column(rows, field).map((text) => text?.replace(/[()]/g, ''));
      expect(texts.slice(1, 3)).toEqual(['infinity', '-infinity']);
      expect(texts[0]).toMatch(/^0044-03-15.* BC/);
      expect(texts[3]).toMatch(field === 'day' ? /^99999-12-31$/ : /^99999-12-31 23:59:59.999999/);
    }
    for (const row of rows) expect(changes(row)).toEqual([]);
  });
}

/** What is said about rows on their way. */
function itCounts(harness: DestinationHarness): void {
  itNeeds(harness, 'types', 'says what it has taken in, row by row', async () => {
    const bench = await Bench.at(harness);
    const plan = planOf(jobOf(1));
    const records = Array.from({ length: 5_000 }, (_, id) => ({ id, name: `n${id}` }));
    const given = batch(records);
    const two: Batch = {
      rows: 5_001,
      pages: [...given.pages, ...batch([{ id: 'not a number', name: null }], 'v').pages],
    };
    const expected = emptyTally();
    for (const { hashes } of two.pages) for (const hash of hashes) count(expected, hash);
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      expect(await writer.write(plan.key, two)).toEqual({ changed: 1, tally: expected });
      expect(await writer.write(plan.key, batch([]))).toEqual({ changed: 0, tally: emptyTally() });
      await writer.finish(stateOf(plan, {}, 5_001));
    });
    expect(await bench.rows('things')).toHaveLength(5_001);
  });

  itNeeds(harness, 'types', 'puts what the source has changed in front of what did not fit here', async () => {
    const bench = await Bench.at(harness);
    const record: RecordData = { id: 'x', name: null };
    noteChanges(record, [{ field: 'name', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' }]);
    const fitting: RecordData = { id: 1, name: 'cut', unknown: 'y' };
    noteChanges(fitting, [{ field: 'name', change: 'TRUNCATED', reason: 'SOURCE_FIELD_SIZE_LIMITATION' }]);
    const rows = await land(bench, 1, schemaOf({ id: type('integer'), name: type('string') }), [[record, fitting]]);
    expect(changes(rows[0])).toMatchObject([
      { field: 'name', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' },
      { field: 'id', change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR', value: 'x' },
    ]);
    expect(changes(rows[1])).toEqual([{ field: 'name', change: 'TRUNCATED', reason: 'SOURCE_FIELD_SIZE_LIMITATION' }]);
  });

  it('keeps the row of a value that nothing can hold', async () => {
    const bench = await Bench.at(harness);
    let deep: Json = 'bottom';
    for (let level = 0; level < 1_000; level++) deep = [deep];
    const odd = [
      { id: 1, nested: { half: 'a\ud800b', 'zero\u0000key': ['\u0000', '\\u0000', '\ud83d\ude00'] } },
      { id: 2, nested: deep },
      { id: 3, nested: parseJson(`{"n":1${'0'.repeat(200_000)},"e":[1e400]}`) },
      { id: 4, n: parseJson(`1${'0'.repeat(4_000)}.${'1'.repeat(20_000)}`) },
      { id: 5, day: '+290000-01-01', at: '-4000-01-01T00:00:00Z', n: 1 },
      { id: 6, nested: parseJson('{"e":1e200000}'), day: '0000-00-00', at: '0000-00-00 00:00:00', n: 'NaN' },
    ] as RecordData[];
    const schema = schemaOf({
      id: type('integer'),
      nested: type('object'),
      n: type('number'),
      day: type('string', { format: 'date' }),
      at: type('string', { format: 'date-time' }),
    });
    const rows = await land(bench, 1, schema, [odd.concat({ id: 7, nested: { fine: true } })]);
    expect(column(rows, 'id')).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    for (const row of rows.slice(1, 6)) {
      const lost = ['nested', 'n', 'day', 'at'].filter(
        (name) => row[name] === null && odd[Number(row.id) - 1]![name] !== undefined,
      );
      const noted = changes(row).map((change) => (change as JsonObject).field);
      for (const name of lost) expect(noted, `row ${row.id}`).toContain(name);
    }
    expect(json(rows[6]!.nested)).toBe('{"fine":true}');
  });
}
