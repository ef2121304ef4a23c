import { describe, expect, it } from 'vitest';
import { dpathExtractor } from '../../src/components/extractors/dpath-extractor.js';
import { extractorSlot } from '../../src/components/extractors/slot.js';
import { build } from '../selectors/build-word.js';

const signal = new AbortController().signal;

async function extract(field_path: string[], bodies: unknown[], config = {}) {
  const extractor = build(
    { type: 'DpathExtractor', field_path, $parameters: { name: 'users' } },
    extractorSlot,
    [dpathExtractor],
    { config },
  );
  return extractor.extract(bodies, signal);
}

describe('DpathExtractor', () => {
  it('takes the items of a list at a path, as they are', async () => {
    const list = [{ id: 1 }, {}, { id: 2 }];
    const found = await extract(['data', 'items'], [{ data: { items: list } }]);
    expect(found.records).toBe(list);
    expect(found.count).toBe(3);
  });

  it.each([
    ['one object is one record', ['data'], { data: { id: 1 } }, [{ id: 1 }]],
    ['a missing path gives none', ['data', 'x'], { data: {} }, []],
    ['an empty object in place of a list gives none', ['data'], { data: {} }, []],
    ['null gives none', ['data'], { data: null }, []],
    ['a body that is no object gives none', ['data'], 'text', []],
    ['an index leads into a list', ['data', '1', 'rows'], { data: [{}, { rows: [{ id: 1 }] }] }, [{ id: 1 }]],
    ['a negative index counts from the end', ['data', '-1'], { data: [{ id: 1 }, { id: 2 }] }, [{ id: 2 }]],
    ['a number can be a key', ['2024'], { 2024: [{ id: 1 }] }, [{ id: 1 }]],
    [
      '* is every item',
      ['data', '*', 'row'],
      { data: [{ row: { id: 1 } }, {}, { row: { id: 2 } }] },
      [{ id: 1 }, { id: 2 }],
    ],
    ['* is every value of an object', ['*'], { a: { id: 1 }, b: { id: 2 } }, [{ id: 1 }, { id: 2 }]],
    [
      'lists that * leads to give their items',
      ['a', '*', 'l'],
      { a: [{ l: [{ id: 1 }] }, { l: [{ id: 2 }] }] },
      [{ id: 1 }, { id: 2 }],
    ],
    ['** is any depth', ['**', 'rows', '*'], { x: { rows: [{ id: 1 }] }, rows: [{ id: 2 }] }, [{ id: 1 }, { id: 2 }]],
    ['a glob matches names', ['page_?'], { page_1: { id: 1 }, page_22: { id: 2 } }, [{ id: 1 }]],
    ['a key with brackets that never close is a name', ['a['], { 'a[': [{ id: 1 }] }, [{ id: 1 }]],
    ['inherited names are no keys', ['constructor'], {}, []],
  ])('%s', async (_, path, body, expected) => {
    expect((await extract(path, [body])).records).toEqual(expected);
  });

  it('reads the path from configuration and parameters', async () => {
    const found = await extract(['{{ config.root }}', '{{ parameters.name }}'], [{ data: { users: [{ id: 1 }] } }], {
      root: 'data',
    });
    expect(found.records).toEqual([{ id: 1 }]);
  });

  it('takes whole bodies without a path, empty ones too', async () => {
    const bodies = [{ id: 1 }, {}];
    expect((await extract([], bodies)).records).toBe(bodies);
    expect((await extract([], [[{ id: 1 }], [{ id: 2 }]])).records).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('counts nulls in a list, but makes no records of them', async () => {
    expect(await extract(['data'], [{ data: [null, { id: 1 }] }])).toEqual({ records: [{ id: 1 }], count: 2 });
  });

  it('refuses what is no record', async () => {
    await expect(extract(['ids'], [{ ids: [1, 2] }])).rejects.toThrow('The API gave a number where a record');
  });
});
