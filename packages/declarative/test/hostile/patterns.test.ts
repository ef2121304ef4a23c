import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { Path } from '../../src/component/path.js';
import { checkConfig } from '../../src/config-check.js';
import { type Answer, api, connect, manifestOf, readAll, run, streamOf } from '../run-source.js';

// Each of these runs for longer than anybody waits where a regular expression is tried in every way there is. A test that
// ends is a pattern that was stopped: vitest ends one that hangs.
const CATASTROPHES = ['^(a+)+$', '(x+x+)+y', '(.*)*=.*='];
const TEXT = `${'a'.repeat(60)}!${'x'.repeat(60)}`;

/** Reads a stream with such a requester; resolves however it ends. */
async function read(requester: JsonObject, answer: Answer, more: JsonObject = {}) {
  const stream = streamOf('a', '/a', { requester });
  let asked = 0;
  const transport = api(() => (asked++ === 0 ? answer : { items: [{ id: 1 }] }));
  const connection = await connect(manifestOf({ streams: [stream], ...more }), {
    api: transport,
    run: run(),
  });
  const { errors, records } = await readAll(connection);
  return { errors: errors.map(String).join(), records: records.a ?? [] };
}

describe.each(CATASTROPHES)('%s', (pattern) => {
  it('in a header that says how long to wait', async () => {
    for (const type of ['WaitTimeFromHeader', 'WaitUntilTimeFromHeader']) {
      const backoff = { type, header: 'retry', regex: pattern };
      const requester = {
        error_handler: { type: 'DefaultErrorHandler', max_retries: 1, backoff_strategies: [backoff] },
      };
      const { errors, records } = await read(requester, { status: 429, headers: { retry: TEXT }, body: {} });
      expect(errors === '' ? records.length : errors).toBeTruthy();
    }
  });

  it('in a matcher of requests', async () => {
    const matcher = { type: 'HttpRequestRegexMatcher', url_path_pattern: pattern };
    const policy = { type: 'FixedWindowCallRatePolicy', period: 'PT1S', call_limit: 9, matchers: [matcher] };
    const path = { path: `/${TEXT}` };
    const { errors, records } = await read(
      path,
      { items: [{ id: 1 }] },
      { api_budget: { type: 'HTTPAPIBudget', policies: [policy] } },
    );
    expect(errors === '' ? records.length : errors).toBeTruthy();
  });

  it('in the specification that a configuration is held against', async () => {
    const logs: string[] = [];
    const log = (_level: string, message: string) => void logs.push(message);
    const properties = { key: { type: 'string', pattern } };
    await checkConfig(
      { key: TEXT },
      { type: 'object', properties, patternProperties: { [pattern]: { type: 'string' } } },
      log,
    );
    expect(logs.length).toBeLessThan(5);
  });

  it('in a template that judges records or answers', async () => {
    const template = `{{ response.text | regex_search('${pattern}(z)') }}`;
    const filter = { type: 'HttpResponseFilter', predicate: template, action: 'IGNORE' };
    const { errors, records } = await read(
      { error_handler: { type: 'DefaultErrorHandler', response_filters: [filter] } },
      { text: TEXT, items: [{ id: 1 }] },
    );
    expect(errors === '' ? records.length : errors).toBeTruthy();
  });
});

it('a schema that a validator brings is held against the configuration in bounded time', async () => {
  const strategy = { type: 'ValidateAdheresToSchema', base_schema: { type: 'string', pattern: CATASTROPHES[0]! } };
  const spec = {
    type: 'Spec',
    connection_specification: { type: 'object' },
    config_normalization_rules: {
      type: 'ConfigNormalizationRules',
      validations: [{ type: 'DpathValidator', field_path: ['key'], validation_strategy: strategy }],
    },
  };
  const connecting = connect(manifestOf({ streams: [streamOf('a')], spec }), { config: { key: JSON.stringify(TEXT) } });
  await connecting.catch(() => undefined);
});

it('a pattern of a specification still refuses what it should', async () => {
  const logs: string[] = [];
  const specification = { type: 'object', properties: { day: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } } };
  const log = (_level: string, message: string) => void logs.push(message);
  await checkConfig({ day: '2024-01-01' }, specification, log);
  expect(logs).toEqual([]);
  await checkConfig({ day: 'yesterday' }, specification, log);
  expect(logs.join()).toContain("'day' must match pattern");
});

it('a path of many wildcards is matched in bounded time', () => {
  const key = 'a'.repeat(3_000);
  expect(new Path([`${'*a'.repeat(30)}*b`]).values({ [key]: 1 })).toEqual([]);
  expect(new Path([`${'*a'.repeat(30)}*`]).values({ [key]: 1 })).toEqual([1]);
  let deep: Record<string, unknown> = { leaf: 1 };
  for (let i = 0; i < 60; i++) deep = { a: deep };
  expect(new Path([...Array.from({ length: 30 }, () => '**'), 'leaf']).values(deep)).toEqual([1]);
});

it.each(['$..*..*..*', '$.*^.*^.*', `$${'[0,0]'.repeat(40)}`])(
  'the JSONPath %s, which multiplies, is refused',
  async (path) => {
    const selector = { type: 'RecordSelector', extractor: { type: 'JsonPathExtractor', path } };
    const connection = await connect(
      manifestOf({ streams: [streamOf('a', '/a', { retriever: { record_selector: selector } })] }),
      {
        api: api(() => ({ a: {} })),
      },
    );
    expect((await readAll(connection)).errors.join()).toContain('which is not allowed');
  },
);

it.each(['$[?(@.constructor.constructor("return process")().exit())]', '$[(@.length-1)]', '$..[?(1)]'])(
  'the script of the JSONPath %s is not run',
  async (path) => {
    const selector = { type: 'RecordSelector', extractor: { type: 'JsonPathExtractor', path } };
    const streams = [streamOf('a', '/a', { retriever: { record_selector: selector } })];
    const connection = await connect(manifestOf({ streams }), { api: api(() => [{ a: 1 }]) });
    const { errors, records } = await readAll(connection);
    expect(errors.join() || (records.a ?? []).length === 0).toBeTruthy();
  },
);

it('a format of dates is matched in bounded time', async () => {
  const format = '%d%m%y%H%M%S%f%j%U%W%w%I%p%z';
  const template = `{{ str_to_datetime(record.t) }}{{ format_datetime(record.t, '%Y', '${format}') }}`;
  const transformations = [
    { type: 'AddFields', fields: [{ type: 'AddedFieldDefinition', path: ['x'], value: template }] },
  ];
  for (const t of ['1'.repeat(5_000), `${'1'.repeat(40)}!`, ' '.repeat(50_000), `${'2024-01-01T'.repeat(2_000)}`]) {
    const connection = await connect(manifestOf({ streams: [streamOf('a', '/a', { stream: { transformations } })] }), {
      api: api(() => ({ items: [{ t }] })),
    });
    const { errors, records } = await readAll(connection);
    expect(errors.join() || (records.a ?? []).length > 0).toBeTruthy();
  }
});
