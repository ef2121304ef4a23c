import { describe, expect, it } from 'vitest';
import { compile, interpolate, TemplateError } from '../src/index.js';

describe('a template reaches nothing but its context', () => {
  it.each([
    '{{ record.constructor }}',
    '{{ record.__proto__ }}',
    "{{ record['__proto__'] }}",
    "{{ record['constructor'] }}",
    '{{ record.hasOwnProperty }}',
    '{{ record.toString }}',
    "{{ record.list['push'] }}",
    '{{ record.list.map }}',
    '{{ record.text.constructor }}',
    "{{ record.text['padStart'] }}",
    "{{ record.number['toFixed'] }}",
    '{{ record | attr("constructor") }}',
    "{{ [record] | map(attribute='constructor.name') | first }}",
    "{{ '{0.constructor}'.format(record) }}",
    "{{ '{0[__proto__]}'.format(record) }}",
    "{{ ''.__class__ }}",
    '{{ record.__class__ }}',
    '{{ now_utc.__globals__ }}',
  ])('%s is nothing', (template) => {
    expect(interpolate(template, { record: { list: [1], text: 'a', number: 1 } })).toBeNull();
  });

  it.each([
    "{{ ''.__class__.__mro__ }}",
    '{{ ().__class__.__bases__[0] }}',
    '{{ record.__class__.__init__.__globals__ }}',
    '{{ record.get.__self__.x }}',
  ])('%s is a breach', (template) => {
    expect(() => interpolate(template, { record: {} })).toThrowError(TemplateError);
  });

  it('finds such names as data when the context has them', () => {
    const record = JSON.parse('{"constructor": "c", "__proto__": {"x": 1}, "hasOwnProperty": 2, "_id": 3}');
    expect(
      interpolate("{{ record.constructor ~ record['__proto__'].x ~ record.hasOwnProperty ~ record._id }}", { record }),
    ).toBe('c123');
    expect(interpolate('{{ record }}', { record })).toEqual(record);
    expect(Object.getPrototypeOf(interpolate('{{ record }}', { record }))).toBe(Object.prototype);
  });

  it('takes objects without a prototype', () => {
    const record = Object.assign(Object.create(null), { a: { b: 1 } });
    const context = Object.assign(Object.create(null), { record });
    expect(interpolate('{{ record.a.b }}', context)).toBe(1);
    expect(interpolate('{{ record.toString is defined }}', context)).toBe(false);
  });

  it('does not see what a prototype lends', () => {
    const record = Object.create({ secret: 1 });
    expect(() => interpolate('{{ secret }}', Object.create({ secret: 1 }))).toThrowError(TemplateError);
    expect(interpolate('{{ record.secret }}', { record })).toBeNull();
  });

  it('shows nothing of objects that are no data', () => {
    class Host {
      secret = 'x';
    }
    const context = { record: { host: new Host(), run: () => 'ran', when: new Date(0), map: new Map([['a', 1]]) } };
    expect(interpolate('{{ record.host.secret }}', context)).toBeNull();
    expect(interpolate('{{ record.map.size }}', context)).toBeNull();
    expect(interpolate('{{ record.when.getTime }}', context)).toBeNull();
    // It cannot be called either, which is Python's TypeError, and so gives the template's text.
    expect(interpolate('{{ record.run() }}', context)).toBe('{{ record.run() }}');
  });

  it('changes objects of the context only as data', () => {
    const record: Record<string, unknown> = { a: 1 };
    interpolate("{% set _ = record.update({'__proto__': {'polluted': 1}}) %}", { record });
    expect(Object.hasOwn(record, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(() => interpolate("{% set _ = record.pop('a') %}", { record: Object.freeze({ a: 1 }) })).toThrowError(
      TemplateError,
    );
  });

  it('gives copies: what it returns can be changed without touching the context', () => {
    const record = { list: [1, { a: 2 }] };
    const value = interpolate('{{ record.list }}', { record }) as unknown[];
    value.push(3);
    expect(record.list).toHaveLength(2);
  });

  it('calls nothing named by data', () => {
    expect(() => interpolate("{{ [1] | map('constructor') | list }}", {})).toThrowError(/No filter named/);
    expect(() => interpolate("{{ [1] | select('__proto__') | list }}", {})).toThrowError(/No test named/);
    expect(() => compile('{{ 1 | toString }}')).toThrowError(/No filter named/);
    expect(() => interpolate("{{ 'a' | hash('constructor') }}", {})).toThrowError(TemplateError);
  });
});
