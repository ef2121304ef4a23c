import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import type { StreamSetup } from '../../src/component/context.js';
import { dpathExtractor } from '../../src/components/extractors/dpath-extractor.js';
import { customRecordFilter } from '../../src/components/selectors/custom-record-filter.js';
import { customSchemaNormalization } from '../../src/components/selectors/custom-schema-normalization.js';
import { recordFilter } from '../../src/components/selectors/record-filter.js';
import { recordSelector } from '../../src/components/selectors/record-selector.js';
import { recordSelectorSlot } from '../../src/components/selectors/slot.js';
import type { Transformation } from '../../src/components/transformations/slot.js';
import { build, type WordSetup } from './build-word.js';

const WORDS = [customRecordFilter, customSchemaNormalization, dpathExtractor, recordFilter, recordSelector];
const signal = new AbortController().signal;
const extractor = { type: 'DpathExtractor', field_path: ['data'] };

const double: Transformation = {
  transform: (record) => {
    record.twice = Number(record.id) * 2;
  },
};

function selector(fields: JsonObject, stream: Partial<StreamSetup> = {}, setup: WordSetup = {}) {
  const raw = { type: 'RecordSelector', extractor, ...fields };
  return build(raw, recordSelectorSlot, WORDS, { ...setup, stream: { name: 's', primaryKey: [], ...stream } });
}
const filter = (condition: string) => ({ record_filter: { type: 'RecordFilter', condition } });
const body = (...ids: number[]) => ({ data: ids.map((id) => ({ id })) });

describe('RecordSelector', () => {
  it('gives the extracted list itself where nothing is to be done', async () => {
    const page = body(1, 2);
    const selection = await selector({}).select([page], {}, { signal });
    expect(selection.records).toBe(page.data);
    expect(selection).toMatchObject({ rawCount: 2, lastRecord: { id: 2 } });
  });

  it('filters with the scope of the page, and counts what was there before', async () => {
    const made = selector(filter("{{ record['id'] >= stream_slice['from'] }}"));
    const selection = await made.select([body(1, 2, 3)], { stream_slice: { from: 2 } }, { signal });
    expect(selection.records).toEqual([{ id: 2 }, { id: 3 }]);
    expect(selection.rawCount).toBe(3);
    const other = await made.select([body(1, 2, 3)], { stream_slice: { from: 3 } }, { signal });
    expect(other.records).toEqual([{ id: 3 }]);
  });

  it('tells pagination the last record of a page that a filter dropped whole, transformed', async () => {
    const made = selector(filter("{{ record['id'] > 10 }}"), { transformations: [double] });
    expect(await made.select([body(1, 2)], {}, { signal })).toEqual({
      records: [],
      rawCount: 2,
      lastRecord: { id: 2, twice: 4 },
    });
  });

  it('transforms copies: the response stays as it came', async () => {
    const page = body(1);
    const selection = await selector({}, { transformations: [double] }).select([page], {}, { signal });
    expect(selection.records).toEqual([{ id: 1, twice: 2 }]);
    expect(page).toEqual(body(1));
  });

  it.each([
    ['before the transformations', {}, {}, []],
    ['after them when it says so', { transform_before_filtering: true }, {}, [{ id: 2, twice: 4 }]],
    ['after them when the stream says so', {}, { transformsBeforeFiltering: true }, [{ id: 2, twice: 4 }]],
    [
      'before them when it says so in such a stream',
      { transform_before_filtering: false },
      { transformsBeforeFiltering: true },
      [],
    ],
  ])('filters %s', async (_, fields, stream, expected) => {
    const made = selector(
      { ...filter("{{ record['twice'] == 4 }}"), ...fields },
      { transformations: [double], ...stream },
    );
    expect((await made.select([body(1, 2)], {}, { signal })).records).toEqual(expected);
  });

  it('keeps what is new, as it comes out at the end', async () => {
    const keep = (record: RecordData) => record.twice === 4;
    const selection = await selector({}, { transformations: [double] }).select([body(1, 2, 3)], {}, { signal, keep });
    expect(selection).toEqual({ records: [{ id: 2, twice: 4 }], rawCount: 3, lastRecord: { id: 3, twice: 6 } });
  });

  it('normalises by the schema of the stream, which is asked for once', async () => {
    let asked = 0;
    const schema = async () => {
      asked += 1;
      return { properties: { id: { type: 'string' } } };
    };
    const made = selector({ schema_normalization: 'Default' }, { schema });
    for (let i = 0; i < 2; i++) expect((await made.select([body(1)], {}, { signal })).records).toEqual([{ id: '1' }]);
    expect(asked).toBe(1);
  });

  it('leaves values alone without a schema', async () => {
    const made = selector({ schema_normalization: 'Default' }, { schema: () => ({}) });
    expect((await made.select([body(1)], {}, { signal })).records).toEqual([{ id: 1 }]);
  });

  it('takes a filter and a normalisation of the author', async () => {
    const custom = (name: string) =>
      name === 'a.Odd'
        ? () => ({ keeps: (record: RecordData) => Number(record.id) % 2 === 1 })
        : () => ({
            normalizer: (schema: JsonObject) => (record: RecordData) => Object.assign(record, { title: schema.title }),
          });
    const made = selector(
      {
        record_filter: { type: 'CustomRecordFilter', class_name: 'a.Odd' },
        schema_normalization: { type: 'CustomSchemaNormalization', class_name: 'a.Title' },
      },
      { schema: () => ({ title: 'T' }) },
      { custom },
    );
    expect((await made.select([body(1, 2)], {}, { signal })).records).toEqual([{ id: 1, title: 'T' }]);
  });

  it('keeps all records without a condition', async () => {
    expect(
      (await selector({ record_filter: { type: 'RecordFilter' } }).select([body(1)], {}, { signal })).records,
    ).toEqual([{ id: 1 }]);
  });

  it('keeps every record of a page that is {}', async () => {
    const made = selector({}, { transformations: [{ transform: (record) => Object.assign(record, { seen: true }) }] });
    expect((await made.select([{ data: [{}, {}] }], {}, { signal })).records).toEqual([{ seen: true }, { seen: true }]);
  });
});
