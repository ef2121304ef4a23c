import { describe, expect, it } from 'vitest';
import { interpolate, TemplateError } from '../src/index.js';

/** Runs a template that must be stopped, and tells how long that took, in milliseconds. */
function stopped(template: string, context: Record<string, unknown> = {}): number {
  const start = performance.now();
  let error: unknown;
  try {
    interpolate(template, context);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TemplateError);
  expect((error as TemplateError).message).toMatch(/stopped|too large|too big|recurs/);
  return performance.now() - start;
}

/** Far more than it takes, so that a busy machine does not matter; far less than for ever. */
const PATIENCE_MS = 15_000;

describe('a runaway template is stopped', () => {
  const list = Array.from({ length: 1000 }, (_, i) => i);
  it.each([
    ['nested loops', '{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}'],
    ['loops that print', '{% for a in l %}{% for b in l %}{{ l }}{% endfor %}{% endfor %}'],
    ['a list that grows as it is read', '{% set x = [1] %}{% for a in x %}{% set _ = x.append(a) %}{% endfor %}'],
    ['text that doubles', "{% set ns = namespace(s='ab') %}{% for a in l %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"],
    ['text times a number', "{{ 'a' * 10000000000 }}"],
    ['a list times a number', '{{ [1] * 10000000000 }}'],
    ['centring', "{{ 'a' | center(10000000000) }}"],
    ['padding', "{{ 'a'.ljust(10000000000) }}"],
    ['zeros', "{{ '1'.zfill(10000000000) }}"],
    ['tabs', "{{ 'a\\tb'.expandtabs(10000000000) }}"],
    ['a format width', "{{ '%10000000000d' % 5 }}"],
    ['a format width in braces', "{{ '{:10000000000}'.format(5) }}"],
    ['indentation', "{{ 'a\\nb' | indent(10000000000) }}"],
    ['filling up', '{{ [1] | batch(10000000000, 0) | list }}'],
    ['slices without number', '{{ [1] | slice(10000000000) | list }}'],
    ['a power', '{{ 10 ** 10000000 }}'],
    ['a tower of powers', '{% set ns = namespace(n=10) %}{% for a in l %}{% set ns.n = ns.n * ns.n %}{% endfor %}'],
    ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'],
    ['paragraphs of filler', '{{ lipsum(10000000, false) }}'],
    ['a catastrophic expression', "{{ ('a' * 40) | regex_search('(a+)+$x') }}"],
    ['a catastrophic replacement', "{{ ('a' * 5000 ~ '!') | regex_replace('(a|aa)+$', '') }}"],
    ['a polynomial expression', "{{ ('a' * 5000) | regex_search('a*a*a*a*b(c)') }}"],
    ['a backreference', "{{ ('a' * 3000) | regex_search('(a*)(a*)(a*)\\\\1\\\\2\\\\3b') }}"],
  ])('%s', (_name, template) => {
    expect(stopped(template, { l: list })).toBeLessThan(PATIENCE_MS);
  });

  it('a value nested without end', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(stopped('{{ record }}', { record: loop })).toBeLessThan(PATIENCE_MS);
    expect(stopped('{{ record | string }}', { record: loop })).toBeLessThan(PATIENCE_MS);
  });

  it.each([
    ['brackets', `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`],
    ['signs', `{{ ${'-'.repeat(5000)}1 }}`],
    ['tags', `${'{% if 1 %}'.repeat(5000)}${'{% endif %}'.repeat(5000)}`],
  ])('a template of nested %s is refused', (_name, template) => {
    expect(() => interpolate(template, {})).toThrowError(TemplateError);
  });

  it('a text of nested brackets is no literal', () => {
    const text = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(interpolate('{{ record.x }}', { record: { x: text } })).toBe(text);
  });

  it('an honest template is not', () => {
    const records = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `record ${id}` }));
    expect(interpolate("{{ r | map(attribute='id') | sum }}", { r: records })).toBe(199_990_000);
    expect((interpolate('{% for x in r %}{{ x.name }},{% endfor %}', { r: records }) as string).length).toBeGreaterThan(
      200_000,
    );
  });

  it('each evaluation has a budget of its own', () => {
    for (let i = 0; i < 50; i++) expect(interpolate('{{ l | sum }}', { l: list })).toBe(499_500);
  });
});
