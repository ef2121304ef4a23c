import { gzipSync } from 'node:zlib';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { csvDecoder } from '../../src/components/decoders/csv-decoder.js';
import { gzipDecoder } from '../../src/components/decoders/gzip-decoder.js';
import { combinedExtractor } from '../../src/components/extractors/combined-extractor.js';
import { customRecordExtractor } from '../../src/components/extractors/custom-record-extractor.js';
import { dpathExtractor } from '../../src/components/extractors/dpath-extractor.js';
import { jsonPathExtractor } from '../../src/components/extractors/json-path-extractor.js';
import { responseToFileExtractor } from '../../src/components/extractors/response-to-file-extractor.js';
import { extractorSlot } from '../../src/components/extractors/slot.js';
import { build, type WordSetup } from '../selectors/build-word.js';

const WORDS = [
  combinedExtractor,
  csvDecoder,
  customRecordExtractor,
  dpathExtractor,
  gzipDecoder,
  jsonPathExtractor,
  responseToFileExtractor,
];
const signal = new AbortController().signal;
const extractor = (raw: JsonObject, setup?: WordSetup) => build(raw, extractorSlot, WORDS, setup);
const at = (...field_path: string[]) => ({ type: 'DpathExtractor', field_path });

describe('CombinedExtractor', () => {
  const body = { a: [{ id: 1 }], b: [null, {}], c: [{ id: 2 }, { id: 3 }] };
  const combined = (fields: JsonObject) =>
    extractor({ type: 'CombinedExtractor', extractors: [at('none'), at('b'), at('a'), at('c')], ...fields });

  it.each([
    ['all of them', {}, [{}, { id: 1 }, { id: 2 }, { id: 3 }], 5],
    ['all that are filled, the empty ones counted', { skip_empty_records: true }, [{ id: 1 }, { id: 2 }, { id: 3 }], 5],
    ['the first that has any', { mode: 'first_match' }, [{}], 2],
    ['the first that has filled ones', { mode: 'first_match', skip_empty_records: true }, [{ id: 1 }], 1],
  ])('takes %s', async (_, fields, records, count) => {
    expect(await combined(fields).extract([body], signal)).toEqual({ records, count });
  });

  it('says that its count is a sum', () => {
    expect(combined({}).countIsSum).toBe(true);
    expect(combined({ mode: 'first_match' }).countIsSum).toBe(false);
  });
});

describe('JsonPathExtractor', () => {
  it.each([
    ['$.data[*]', [{ id: 1, in: { id: 3 } }, { id: 2 }]],
    ['$.data', [{ id: 1, in: { id: 3 } }, { id: 2 }]],
    ['$..in', [{ id: 3 }]],
    ['$.none[*]', []],
  ])('%s', async (path, records) => {
    const made = extractor({ type: 'JsonPathExtractor', path });
    expect((await made.extract([{ data: [{ id: 1, in: { id: 3 } }, { id: 2 }] }], signal)).records).toEqual(records);
  });
  it('runs no code', () => {
    for (const path of [
      '$.data[?(@.id==1)]',
      '$.data[(@.length-1)]',
      '$.data[?(constructor.constructor("return process")())]',
    ]) {
      const made = extractor({ type: 'JsonPathExtractor', path });
      expect(() => made.extract([{ data: [{ id: 1 }] }], signal)).toThrow();
    }
  });
});

describe('ResponseToFileExtractor', () => {
  async function rows(fields: JsonObject, body: Uint8Array) {
    const made = extractor({ type: 'ResponseToFileExtractor', ...fields });
    const records: unknown[] = [];
    async function* bytes() {
      yield body;
    }
    for await (const bodies of made.decoder!.decodeBytes(bytes(), { url: 'http://localhost/' })) {
      records.push(...(await made.extract(bodies, signal)).records);
    }
    return records;
  }
  const csv = 'id,name,note\n1,NA,\n2,"x, y",null\n';
  it('reads rows, compressed or not, with null for what stands for a missing value', async () => {
    const expected = [
      { id: '1', name: null, note: null },
      { id: '2', name: 'x, y', note: null },
    ];
    expect(await rows({}, Buffer.from(csv))).toEqual(expected);
    expect(await rows({}, gzipSync(csv))).toEqual(expected);
  });
  it('leaves such texts when it is told to', async () => {
    expect(await rows({ preserve_na_values: true }, Buffer.from(csv))).toEqual([
      { id: '1', name: 'NA', note: null },
      { id: '2', name: 'x, y', note: 'null' },
    ]);
  });
});

describe('CustomRecordExtractor', () => {
  it('is the author’s own', async () => {
    const custom = () => () => ({ extract: (bodies: unknown[]) => ({ records: bodies, count: 7 }) });
    const made = extractor({ type: 'CustomRecordExtractor', class_name: 'a.B' }, { custom: () => custom() });
    expect(await made.extract([{ id: 1 }], signal)).toEqual({ records: [{ id: 1 }], count: 7 });
  });
});
