import { stringify } from '@tidemark/protocol';
import { expect, it } from 'vitest';
import { api, connect, manifestOf, readAll, run, streamOf } from '../run-source.js';

// What a template can reach and cost is tested in @tidemark/interpolation (sandbox.test.ts, budget.test.ts). Here the same is
// asked of a whole manifest: wherever it has templates, a stream with a hostile one ends with an error or with harmless text.

const items = { items: [{ id: 1, list: [1, 2] }] };

/** Reads one stream with a template in a place; gives its error, its records and what was requested. */
async function read(template: string, place: 'path' | 'filter' | 'field' | 'header') {
  const stream = streamOf('a', place === 'path' ? `/${template}` : '/a', {
    requester: place === 'header' ? { request_headers: { 'X-A': template } } : {},
    retriever:
      place === 'filter'
        ? {
            record_selector: {
              type: 'RecordSelector',
              extractor: { type: 'DpathExtractor', field_path: ['items'] },
              record_filter: { type: 'RecordFilter', condition: template },
            },
          }
        : {},
    stream:
      place === 'field'
        ? {
            transformations: [
              { type: 'AddFields', fields: [{ type: 'AddedFieldDefinition', path: ['x'], value: template }] },
            ],
          }
        : {},
  });
  const transport = api(() => items);
  const reading = async () => {
    const connection = await connect(manifestOf({ streams: [stream] }), { api: transport, run: run() });
    return readAll(connection);
  };
  try {
    const { records, errors } = await reading();
    return { error: errors.map(String).join(), said: stringify([records, transport.requests] as never) };
  } catch (error) {
    return { error: String(error), said: '' };
  }
}

const WALKS = [
  "{{ config.constructor.constructor('return process')().env }}",
  "{{ record.__proto__.constructor('return globalThis')() }}",
  "{{ ''.__class__.__mro__[1].__subclasses__() }}",
  "{{ config['__proto__']['constructor'] }}",
  "{{ [1] | map(attribute='constructor') | list }}",
  '{{ self.__init__.__globals__ }}',
  '{{ cycler.__init__.__globals__.os.environ }}',
  '{{ process.env }}{{ globalThis }}{{ require }}',
  "{% include '/etc/passwd' %}",
  "{% import 'os' as os %}{{ os }}",
];
it.each(
  WALKS.flatMap((walk) => (['path', 'filter', 'field', 'header'] as const).map((place) => [walk, place] as const)),
)('%s reaches nothing in a %s', async (template, place) => {
  const { said } = await read(template, place);
  for (const leak of [process.env.PATH!, 'root:x', 'native code', 'globalThis]', '[object Object]', '<class'])
    expect(said).not.toContain(leak);
});

const RUNAWAYS: [name: string, template: string][] = [
  ['a loop over a loop', '{% for a in range(9999999) %}{% for b in range(9999999) %}{% endfor %}{% endfor %}'],
  ['a range without end', '{{ range(10**12) | list | length }}'],
  ['text without end', "{{ 'a' * 10**12 }}"],
  ['a power', '{{ 9 ** 9999999 }}'],
  ['a list that grows as it is read', '{% set x = [1] %}{% for a in x %}{% set _ = x.append(a) %}{% endfor %}'],
  ['a macro that calls itself', '{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}'],
  ['a catastrophic expression', "{{ ('a' * 50) | regex_search('(a+)+(b)') }}"],
];
it.each(RUNAWAYS)('%s is stopped, and said so', async (_name, template) => {
  const { error } = await read(template, 'field');
  expect(error).toMatch(/stopped|too large|too big|recurs|budget|range/i);
});

it('a template nested without end is refused before anything is read', async () => {
  const { error } = await read(`{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`, 'field');
  expect(error).toMatch(/nest|deep/i);
});
