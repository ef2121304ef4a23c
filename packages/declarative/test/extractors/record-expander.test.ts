import { readFileSync } from 'node:fs';
import { type Json, type JsonObject, stringify } from '@tidemark/protocol';
import type { Page } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { component } from '../../src/component/index.js';
import { dpathExtractor } from '../../src/components/extractors/dpath-extractor.js';
import { recordExpanderSlot } from '../../src/components/extractors/expander-slot.js';
import { parentFieldPath } from '../../src/components/extractors/parent-field-path.js';
import { recordExpander } from '../../src/components/extractors/record-expander.js';
import { extractorSlot } from '../../src/components/extractors/slot.js';
import { type Retrieval, type Retriever, retrieverSlot } from '../../src/components/retrievers/slot.js';
import { build } from '../selectors/build-word.js';

const signal = new AbortController().signal;

// Through airbyte-cdk 7.39.1: one row an expander and a record.
const rows = readFileSync(new URL('expander-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as { fields: JsonObject; in: JsonObject; out: Json[] });

/** A retriever that gives two pages for the record that it is asked about, and keeps what it was asked. */
const asked: Retrieval[] = [];
const fullList = component('FullList', {
  slot: retrieverSlot,
  doc: 'For this test.',
  fields: {},
  build: ({ context }): Retriever => ({
    isPaginated: true,
    partitionRouter: undefined,
    fingerprint: () => '',
    async *pages(retrieval): AsyncIterable<Page> {
      asked.push(retrieval);
      const parent = retrieval.partition.parent_record as JsonObject;
      if (parent.id === 'lost') return;
      yield { records: [{ x: 1, transforms: context.stream?.transformations?.length ?? 0 }], next: 2 };
      yield { records: [{ x: 2 }] };
    },
  }),
});
const WORDS = [dpathExtractor, fullList, parentFieldPath, recordExpander];

function expander(fields: JsonObject, messages: string[] = []) {
  const parents = ((fields.parent_fields ?? []) as JsonObject[]).map((one) => ({ type: 'ParentFieldPath', ...one }));
  const raw = { type: 'RecordExpander', ...fields, parent_fields: parents };
  const stream = { name: 's', primaryKey: [], transformations: [{ transform: () => undefined }] };
  return build(raw, recordExpanderSlot, WORDS, { stream }, messages);
}

describe('RecordExpander', () => {
  it('agrees with the reference', async () => {
    for (const row of rows) {
      const before = stringify(row.in);
      expect(await expander(row.fields).expand([row.in], signal), stringify(row)).toEqual(row.out);
      expect(stringify(row.in), 'the response is shared and must not change').toBe(before);
    }
  });

  const list = { expand_records_from_field: ['lines', 'data'], truncation_indicator_path: ['lines', 'has_more'] };
  const record = (id: string, has_more: boolean) => ({ id, lines: { data: [{ x: 1 }], has_more, total_count: 2 } });

  it('warns once where lists were cut short and nothing fetches the rest', async () => {
    const messages: string[] = [];
    const made = expander(list, messages);
    expect(await made.expand([record('a', true), record('b', true), record('c', false)], signal)).toHaveLength(3);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain('the API has cut lists short');
  });

  it('fetches the whole list where it was cut short, without the transformations of the stream', async () => {
    const made = expander({
      ...list,
      truncated_list_retriever: { type: 'FullList' },
      parent_fields: [{ parent_path: ['id'], record_path: ['pid'] }],
    });
    asked.length = 0;
    expect(await made.expand([record('a', true), record('b', false)], signal)).toEqual([
      { x: 1, transforms: 0, pid: 'a' },
      { x: 2, pid: 'a' },
      { x: 1, pid: 'b' },
    ]);
    expect(asked.map((one) => (one.partition.parent_record as JsonObject).id)).toEqual(['a']);
  });

  it('falls back on what there is, and says what is missing', async () => {
    const messages: string[] = [];
    const made = expander({ ...list, truncated_list_retriever: { type: 'FullList' } }, messages);
    expect(await made.expand([record('lost', true)], signal)).toEqual([{ x: 1 }]);
    expect(messages).toEqual([expect.stringContaining('only 0 of 2 items')]);
  });

  it('makes records of an extractor’s records', async () => {
    const raw = {
      type: 'DpathExtractor',
      field_path: ['data'],
      record_expander: { type: 'RecordExpander', expand_records_from_field: ['items'] },
    };
    const made = build(raw, extractorSlot, WORDS);
    expect(await made.extract([{ data: [{ items: [{ a: 1 }, {}] }, { items: [{ a: 2 }] }] }], signal)).toEqual({
      records: [{ a: 1 }, {}, { a: 2 }],
      count: 3,
    });
  });

  it.each([
    [{ expand_records_from_field: ['a'], truncation_indicator_path: ['*'] }, 'has wildcards'],
    [{ expand_records_from_field: ['a'], parent_fields: [{ parent_path: [], record_path: ['x'] }] }, 'needs a path'],
  ])('refuses %j', (fields, message) => {
    expect(() => expander(fields)).toThrow(message);
  });
});
