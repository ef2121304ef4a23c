import { describe, expect, it } from 'vitest';
import { parseState } from '../src/input/state.js';

const customers = {
  type: 'STREAM',
  stream: { stream_descriptor: { name: 'customers' }, stream_state: { next_page_token: 3 } },
};
const wanted = new Map([['customers', { next_page_token: 3 }]]);

describe('parseState', () => {
  it.each([
    ['a list of STREAM states', [customers]],
    ['one STREAM state', customers],
    ['an entry without type', [{ stream: customers.stream }]],
    [
      'STATE messages as read prints them',
      [{ type: 'STATE', state: { ...customers, sourceStats: { recordCount: 1 } } }],
    ],
    ['the old form', { customers: { next_page_token: 3 } }],
    ['a LEGACY entry', [{ type: 'LEGACY', data: { customers: { next_page_token: 3 } } }]],
    ['nulls in optional fields', [{ ...customers, global: null, data: null, sourceStats: null }]],
  ])('takes %s', (_name, value) => {
    expect(parseState(value as never)).toEqual({ states: wanted });
  });

  it.each([
    ['null', null],
    ['an empty list', []],
    ['an empty object', {}],
    [
      'a state that is null',
      [{ type: 'STREAM', stream: { stream_descriptor: { name: 'customers' }, stream_state: null } }],
    ],
  ])('finds nothing in %s', (_name, value) => {
    expect(parseState(value as never)).toEqual({ states: new Map() });
  });

  it('takes a GLOBAL state apart', () => {
    const stream_states = [
      { stream_descriptor: { name: 'customers' }, stream_state: { next_page_token: 3 } },
      { stream_descriptor: { name: 'empty' }, stream_state: null },
    ];
    const state = { type: 'STATE', state: { type: 'GLOBAL', global: { shared_state: { lsn: '0/1' }, stream_states } } };
    expect(parseState([state] as never)).toEqual({ states: wanted, shared: { lsn: '0/1' } });
  });

  it('keeps namespaces apart and takes the last of two states', () => {
    const entry = (namespace: string | null, page: number) => ({
      type: 'STREAM',
      stream: { stream_descriptor: { name: 'a', namespace }, stream_state: { page } },
    });
    const { states } = parseState([entry('n', 1), entry(null, 2), entry('n', 3)]);
    expect([...states.values()]).toEqual([{ page: 3 }, { page: 2 }]);
  });

  it.each([
    ['text', 'x', /must be a list of stream states, but is text/],
    ['a list of numbers', [1], /'\[0\]' must be an object, but is a number/],
    [
      'a stream without descriptor',
      [{ type: 'STREAM', stream: {} }],
      /'\[0\].stream.stream_descriptor' must be an object, but is nothing/,
    ],
    [
      'a name that is a number',
      [{ type: 'STREAM', stream: { stream_descriptor: { name: 1 } } }],
      /stream_descriptor.name' must be the name of a stream/,
    ],
    ['an unknown type', [{ type: 'TABLE' }], /'\[0\].type' must be 'STREAM', but is 'TABLE'/],
    ['a type that is a number', [{ type: 1 }], /'\[0\].type' must be 'STREAM', but is a number/],
    [
      'a stream without name in a GLOBAL state',
      [{ type: 'GLOBAL', global: { stream_states: [{ stream_descriptor: {} }] } }],
      /'\[0\].global.stream_states\[0\].stream_descriptor.name' must be the name of a stream, but is nothing/,
    ],
    ['a GLOBAL state without its part', { type: 'GLOBAL' }, /'global' must be/],
    ['an old form with text in it', { customers: 'x' }, /'customers' must be an object/],
  ])('refuses %s', (_name, value, says) => {
    expect(() => parseState(value as never)).toThrow(says);
  });
});
