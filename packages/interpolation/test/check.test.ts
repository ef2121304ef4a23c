import { describe, expect, it } from 'vitest';
import { check } from '../src/index.js';

describe('check', () => {
  it('is silent about what is right', () => {
    expect(
      check(
        "{{ format_datetime(config['x'], '%Y-%m-%dT%H:%M:%S.%_msZ', '%s') if config.x is defined else record.y | upper }}",
      ),
    ).toEqual([]);
    expect(check('{% set a = 1 %}{{ a ~ loop_free }}')).toEqual([]);
  });

  it.each([
    ['{{ 1', 'syntax', 4, ''],
    ['{{ 1 }', 'syntax', 5, ''],
    ['{% if x %}', 'syntax', 10, ''],
    ['{{ x | uper }}', 'unknown-filter', 7, "'upper'"],
    ['{{ x is defind }}', 'unknown-test', 8, "'defined'"],
    ['{{ format_date(x) }}', 'unknown-macro', 3, ''],
    ['{{ now_uct() }}', 'unknown-macro', 3, "'now_utc'"],
    ["{{ now_utc().strftime('%Y-%Q') }}", 'bad-directive', 22, ''],
    ["{{ format_datetime(x, '%Y', '%e') }}", 'bad-directive', 28, ''],
    ["{{ format_datetime(x, 'a%ms') }}", 'bad-directive', 22, ''],
    ["{{ stream_state['x'] }}", 'unsupported-name', 3, 'stream_interval'],
  ])('%s: %s', (template, code, offset, hint) => {
    const found = check(template);
    expect(found.map((diagnostic) => [diagnostic.code, diagnostic.offset])).toEqual([[code, offset]]);
    expect(found[0]?.message).toContain(hint);
  });

  it('tells names that the context will not have', () => {
    const found = check('a\n{{ config.x ~ recrod.y ~ stream_partition.z }}', ['record', 'stream_slice']);
    expect(found).toMatchObject([
      { code: 'unknown-name', line: 2, column: 15, message: expect.stringContaining("Did you mean 'record'?") },
    ]);
    expect(check('{{ stream_partition.z }}', ['record'])).toHaveLength(1);
  });

  it('tells everything at once, in order', () => {
    expect(check('{{ a | nope }}{{ b is nope }}{{ c() }}', []).map((diagnostic) => diagnostic.code)).toEqual([
      'unknown-name',
      'unknown-filter',
      'unknown-name',
      'unknown-test',
      'unknown-macro',
    ]);
  });
});
