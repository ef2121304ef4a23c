import { describe, expect, it } from 'vitest';
import {
  compile,
  compileMapping,
  compileNested,
  compilePattern,
  compileString,
  interpolate,
  TemplateError,
  toText,
} from '../src/index.js';

const NOON = Date.parse('2024-02-26T12:00:00Z');

describe('compile', () => {
  it('tells whether a template is constant and which names it reads', () => {
    expect(compile('abc').isConstant).toBe(true);
    expect(compile('{% raw %}{{ x }}{% endraw %}').isConstant).toBe(true);
    const template = compile(
      "{% set a = record.x %}{{ a ~ config['b'] ~ stream_partition.c ~ max(1, 2) }}{% for i in l %}{{ i }}{% endfor %}",
    );
    expect(template.isConstant).toBe(false);
    expect([...template.names].sort()).toEqual(['config', 'l', 'record', 'stream_partition']);
    expect(template.source).toContain('set a');
  });

  it('counts a name as read that only a branch sets, as the reference does', () => {
    expect([...compile('{% if record.a %}{% set x = 1 %}{% endif %}{{ x }}').names].sort()).toEqual(['record', 'x']);
    expect([...compile('{% set x = 0 %}{% if record.a %}{% set x = 1 %}{% endif %}{{ x }}').names]).toEqual(['record']);
  });

  it('takes the time from its clock', () => {
    expect(compile('{{ now_utc() }}', { clock: () => NOON }).evaluate({})).toBe('2024-02-26 12:00:00+00:00');
    expect(compile("{{ day_delta(-1, '%Y-%m-%d') }}", { clock: () => NOON }).evaluate({})).toBe('2024-02-25');
  });

  it('says where a template is wrong', () => {
    const thrown = (() => {
      try {
        compile('ok\n  {{ record.x | uper }}');
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(TemplateError);
    expect(thrown).toMatchObject({ kind: 'TemplateSyntaxError', position: { offset: 19, line: 2, column: 17 } });
    expect(String(thrown)).toContain("Did you mean 'upper'?");
  });
});

describe('evaluate', () => {
  it('reads the result as a literal', () => {
    expect(interpolate('{{ record.id }}', { record: { id: '42' } })).toBe(42);
    expect(interpolate("{{ '[1, 2]' }}", {})).toEqual([1, 2]);
    expect(interpolate('007', {})).toBe('007');
    expect(interpolate('{{ record.id }}', { record: { id: 12345678901234567890n } })).toBe(12345678901234567890n);
    expect(interpolate('{{ 2 ** 70 }}', {})).toBe(2n ** 70n);
  });

  it('keeps to the types asked for', () => {
    const template = compile('{{ record.x }}');
    expect(template.evaluate({ record: { x: '42' } }, { types: ['str'] })).toBe('42');
    expect(template.evaluate({ record: { x: '42' } }, { types: ['int'] })).toBe(42);
    expect(template.evaluate({ record: { x: '42' } }, { types: ['float'] })).toBe('42');
    expect(template.evaluate({ record: { x: '"a"' } }, { types: ['str'] })).toBe('a');
  });

  it('gives null, or the default, for nothing and for what is undefined', () => {
    const template = compile('{{ record.a.b }}');
    expect(template.evaluate({ record: { a: {} } })).toBeNull();
    expect(template.evaluate({ record: {} })).toBeNull();
    expect(template.evaluate({ record: {} }, { default: '{{ 1 + 1 }}' })).toBe(2);
    expect(compile('').evaluate({})).toBeNull();
  });

  it('gives the text of the template where Python has a TypeError', () => {
    expect(interpolate('{{ record.a > 5 }}', { record: { a: null } })).toBe('{{ record.a > 5 }}');
  });

  it('wants every name it reads, config excepted', () => {
    expect(() => interpolate('{{ record is defined }}', {})).toThrowError(/'record'/);
    expect(interpolate("{{ config.get('a') }}", {})).toBeNull();
  });

  it('knows the old names of the slice, and refuses what is no more', () => {
    const context = { stream_slice: { start: 'a' } };
    expect(interpolate('{{ stream_interval.start ~ stream_partition.start ~ stream_slice.start }}', context)).toBe(
      'aaa',
    );
    expect(() => interpolate('{{ 1 }}', { stream_interval: {} })).toThrowError(/reserved/);
    expect(() => interpolate('stream_state', {})).toThrowError(/no longer supported/);
  });

  it('evaluates to text', () => {
    expect(compile('{{ record.id }}').evaluateString({ record: { id: '042' } })).toBe('042');
    expect(compile('{{ record.a.b }}').evaluateString({ record: {} })).toBe('');
    expect(compile('{{ record }}').evaluateString({ record: { a: [1, 2.5, null, true] } })).toBe(
      "{'a': [1, 2.5, None, True]}",
    );
  });

  it.each([
    ['{{ record.x }}', { x: 'False' }, false],
    ['{{ record.x }}', { x: 'false' }, false],
    ['{{ record.x }}', { x: '0.0' }, false],
    ['{{ record.x }}', { x: [] }, false],
    ['{{ record.x }}', { x: {} }, false],
    ['{{ record.x }}', { x: 0 }, false],
    ['{{ record.x }}', {}, false],
    ['{{ record.x.y }}', {}, false],
    ['{{ record.x }}', { x: 'no' }, true],
    ['{{ record.x }}', { x: [0] }, true],
    ['{{ record.x > 1 }}', { x: 2 }, true],
    ['{{ record.x > 1 }}', { x: null }, true],
  ])('%s with %j is %s', (template, record, result) => {
    expect(compile(template).evaluateBoolean({ record })).toBe(result);
  });
});

describe('pieces of a manifest', () => {
  it('a text falls back to itself', () => {
    expect(compileString('{{ record.x }}')({ record: {} })).toBe('');
    expect(compileString('{{ record.x }}', { default: 'none' })({ record: {} })).toBe('none');
    expect(compileString('42')({})).toBe(42);
    expect(() => compileString('{{ record.x.y }}')({ record: {} })).toThrowError(TemplateError);
  });

  it('a mapping has text as keys', () => {
    const evaluate = compileMapping({ '{{ record.k }}': '{{ record.v }}', n: 5 });
    expect(evaluate({ record: { k: '1', v: '2' } })).toEqual({ 1: 2, n: 5 });
    expect(compileMapping({ a: '{{ 2 }}' }, { valueTypes: ['str'] })({})).toEqual({ a: '2' });
  });

  it('a tree drops what is null', () => {
    expect(
      compileNested({ a: ['{{ 1 }}', { b: '{{ record.x }}' }], c: '{{ record.x }}', d: null })({ record: {} }),
    ).toEqual({ a: [1, {}] });
  });
});

describe('text and patterns', () => {
  it('shows values as Python does', () => {
    expect([1, 1.5, true, null, 'a', [1, 'b'], { a: 10n ** 20n }, 1e-7].map(toText)).toEqual([
      '1',
      '1.5',
      'True',
      'None',
      'a',
      "[1, 'b']",
      "{'a': 100000000000000000000}",
      '1e-07',
    ]);
    for (let i = 0; i < 100; i++) toText(Array.from({ length: 200_000 }, () => 1));
  });

  it('matches patterns in bounded time', () => {
    expect(compilePattern('(?i)rate (?P<n>\\d+)').search('The RATE 12')).toBe('RATE 12');
    expect(compilePattern('b').match('ab')).toBeUndefined();
    expect(() => compilePattern('(a+)+$').search(`${'a'.repeat(40)}!`)).toThrowError(TemplateError);
    expect(() => compilePattern('(')).toThrowError(TemplateError);
  });
});
