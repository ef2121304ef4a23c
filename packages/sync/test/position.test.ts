import { Decimal, type JsonObject } from '@tidemark/protocol';
import { positionInWords } from '@tidemark/sync';
import { expect, it } from 'vitest';

const range = { lo: null, hi: null, pos: null, rows: 0, done: false };
const table = { v: 1, dialect: 'postgres', table: 'public.users', generation: 1 };

it.each<[string | undefined, JsonObject | undefined]>([
  [undefined, undefined],
  [undefined, {}],
  [undefined, { __ab_no_cursor_state_message: true }],
  ['the end: everything was read', { __ab_full_refresh_sync_complete: true }],
  ['page 6', { next_page_token: 6, __tidemark: { v: 1, fingerprint: 'x' } }],
  ['page offset 100', { next_page_token: { offset: 100 } }],
  [
    'page https://api.example.com/v1/users?…',
    { next_page_token: 'https://me:pw@api.example.com/v1/users?token=s3cret' },
  ],
  [`page ${'a'.repeat(59)}…`, { next_page_token: 'a'.repeat(500) }],
  ['updated_at 2024-05-01', { updated_at: '2024-05-01' }],
  ['id 12345678901234567890.5', { id: new Decimal('12345678901234567890.5') }],
  [
    'updated_at 2024-05-01, page 3 of the slice from 2024-05-01',
    {
      updated_at: '2024-05-01',
      __tidemark: {
        v: 1,
        slices: [
          { start: '2024-05-01', next_page_token: 3 },
          { start: 'a', end: 'b', done: true },
        ],
      },
    },
  ],
  [
    '12 partitions done, page 7 of the next',
    {
      states: [
        { partition: { id: 1 }, cursor: { __ab_full_refresh_sync_complete: true } },
        { partition: { id: 2 }, cursor: { next_page_token: 7 } },
      ],
      __tidemark: { v: 1, folded: { count: 11, digest: 'x' } },
    },
  ],
  [
    'day 3',
    {
      use_global_cursor: true,
      state: { day: '3' },
      __tidemark: { v: 1, boundary: { groups: [{ value: '3', rows: ['a'] }] } },
    },
  ],
  ['1 partition done', { states: [{ partition: { id: 1 }, cursor: { __ab_full_refresh_sync_complete: true } }] }],
  [
    'day 2024-01-02',
    {
      use_global_cursor: false,
      states: [{ partition: { id: 1 }, cursor: { day: '2' } }],
      state: { day: '2024-01-02' },
    },
  ],
  ['row address (0,17)', { version: 2, state_type: 'ctid', ctid: '(0,17)', incremental_state: {} }],
  ['id 999', { version: 2, state_type: 'primary_key', pk_name: 'id', pk_val: '999', incremental_state: {} }],
  ['at 7', { version: 2, state_type: 'cursor_based', stream_name: 's', cursor_field: ['at'], cursor: '7' }],
  ['the beginning', { ...table, phase: 'not_started' }],
  [
    'row 1,500, after [1500]',
    { ...table, phase: 'loading', parts: [{ ranges: [{ ...range, pos: [1500], rows: 1500 }, range] }], then: null },
  ],
  ['log {"lsn":"0/16B3748"}', { ...table, phase: 'streaming', then: { kind: 'log', mark: { lsn: '0/16B3748' } } }],
  ['a stored state', { state: { '["db"]': { deep: true } } }],
])('says where a stream would go on: %s', (words, state) => {
  expect(positionInWords(state)).toBe(words);
});

it('is never long', () => {
  const state = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`field_${index}`.repeat(20), index]));
  expect(positionInWords(state)?.length).toBe(160);
});
