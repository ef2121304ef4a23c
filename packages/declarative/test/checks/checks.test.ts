import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type Answer, api, connect, manifestOf, run, streamOf } from '../run-source.js';

const dynamic = (name: string | undefined, values: string[]): JsonObject => ({
  type: 'DynamicDeclarativeStream',
  ...(name ? { name } : {}),
  stream_template: streamOf('t', '/{{ parameters.of }}', { stream: { $parameters: { of: '-' } } }),
  components_resolver: {
    type: 'ParametrizedComponentsResolver',
    stream_parameters: {
      type: 'StreamParametersDefinition',
      list_of_parameters_for_stream: values.map((value) => ({ value })),
    },
    components_mapping: [
      { type: 'ComponentMappingDefinition', field_path: ['name'], value: '{{ components_values.value }}' },
      { type: 'ComponentMappingDefinition', field_path: ['$parameters', 'of'], value: '{{ components_values.value }}' },
    ],
  },
});

async function checked(
  check: JsonObject,
  more: JsonObject = {},
  options: { config?: JsonObject; answer?: (path: string) => Answer } = {},
) {
  const transport = api(options.answer ?? (() => ({ items: [{ id: 1 }] })));
  const ran = run();
  const manifest = manifestOf({ streams: [streamOf('a'), streamOf('b')], check, ...more });
  const connection = await connect(manifest, {
    api: transport,
    config: options.config,
    run: ran,
    how: { forCheck: true },
  });
  return { ...(await connection.check()), asked: transport.asked, ...ran };
}

describe('CheckStream', () => {
  it('reads the first record of each stream that it names, and of no other', async () => {
    expect(await checked({ type: 'CheckStream', stream_names: ['b'] })).toMatchObject({
      succeeded: true,
      asked: ['GET /b'],
    });
  });

  it('says which stream cannot be read, and which is not there', async () => {
    const failed = await checked(
      { type: 'CheckStream', stream_names: ['a', 'b'] },
      {},
      { answer: (path) => (path === '/b' ? { status: 401, body: {} } : { items: [] }) },
    );
    expect(failed.succeeded).toBe(false);
    expect(failed.message).toMatch(/^The stream 'b' cannot be read: /);
    const missing = await checked(
      { type: 'CheckStream', stream_names: ['a'] },
      {},
      { config: { __airbyte_check_stream_names: ['c'] } },
    );
    expect(missing).toMatchObject({
      succeeded: false,
      message: "The check names the stream 'c', which is not there. There is: a, b.",
    });
  });

  it('reads the streams that the platform names instead', async () => {
    const check = { type: 'CheckStream', stream_names: ['a'] };
    expect((await checked(check, {}, { config: { __airbyte_check_stream_names: ['b'] } })).asked).toEqual(['GET /b']);
    expect((await checked(check, {}, { config: { __airbyte_check_stream_names: [] } })).asked).toEqual(['GET /a']);
    const wrong = await checked(check, {}, { config: { __airbyte_check_stream_names: 'b' } });
    expect(wrong).toMatchObject({
      succeeded: false,
      message: '__airbyte_check_stream_names of the configuration must be a list of names.',
    });
  });

  it('reads as many dynamic streams as it says', async () => {
    const more = { dynamic_streams: [dynamic('first', ['x', 'y', 'z']), dynamic(undefined, ['v', 'w'])] };
    const config = (dynamic_stream_name: string, stream_count?: number): JsonObject => ({
      type: 'DynamicStreamCheckConfig',
      dynamic_stream_name,
      ...(stream_count === undefined ? {} : { stream_count }),
    });
    const check = (...dynamic_streams_check_configs: JsonObject[]): JsonObject => ({
      type: 'CheckStream',
      dynamic_streams_check_configs,
    });
    expect((await checked(check(config('first', 2), config('dynamic_stream_1')), more)).asked).toEqual([
      'GET /x',
      'GET /y',
      'GET /v',
      'GET /w',
    ]);
    expect((await checked(check(config('first', 9)), more)).asked).toEqual(['GET /x', 'GET /y', 'GET /z']);
    expect(await checked(check(config('second')), more)).toMatchObject({
      succeeded: false,
      message: "The check names the dynamic stream 'second', which the manifest does not have.",
    });
  });
});

describe('CheckDynamicStream', () => {
  it('reads the first streams, those of the manifest first', async () => {
    const more = { dynamic_streams: [dynamic('first', ['x', 'y'])] };
    expect((await checked({ type: 'CheckDynamicStream', stream_count: 3 }, more)).asked).toEqual([
      'GET /a',
      'GET /b',
      'GET /x',
    ]);
    expect(
      (await checked({ type: 'CheckDynamicStream', stream_count: 3, use_check_availability: false }, more)).asked,
    ).toEqual([]);
    expect(
      await checked(
        { type: 'CheckDynamicStream', stream_count: 1 },
        { streams: [], dynamic_streams: [dynamic('none', [])] },
      ),
    ).toMatchObject({ succeeded: false });
  });
});

describe('config_overrides', () => {
  const streams = [
    streamOf('a', '/a', { requester: { request_parameters: { size: '{{ config.size }}', key: '{{ config.key }}' } } }),
  ];
  const check = (config_overrides: JsonObject): JsonObject => ({
    type: 'CheckStream',
    stream_names: ['a'],
    config_overrides,
  });
  const spec = {
    type: 'Spec',
    connection_specification: {
      type: 'object',
      properties: { size: { type: 'integer' }, key: { type: 'string', airbyte_secret: true } },
    },
  };

  it('hold for the check only, as they stand', async () => {
    const result = await checked(
      check({ size: 1, key: '{{ now }}' }),
      { streams, spec },
      { config: { size: 50, key: 'k' } },
    );
    expect(result.asked).toEqual(['GET /a?size=1&key={{+now+}}']);
    expect([...new Set(result.secrets)]).toEqual(['k', '{{ now }}']);
  });

  it('warn of names that the specification does not have', async () => {
    const { logs } = await checked(check({ sise: 1 }), { streams, spec });
    expect(logs).toContain('WARN config_overrides of the check name sise, which the specification does not have.');
  });

  it('are refused for names of the platform, and where the configuration is written back', async () => {
    const reserved = await checked(check({ __airbyte_check_stream_names: ['a'] }), { streams });
    expect(reserved.message).toBe(
      "config_overrides of the check must not have '__airbyte_check_stream_names': these names are the platform's.",
    );
    const authenticator = {
      type: 'OAuthAuthenticator',
      client_id: 'i',
      client_secret: 's',
      refresh_token: 'r',
      token_refresh_endpoint: 'http://api.test/token',
      refresh_token_updater: {},
    };
    const writing = await checked(check({ size: 1 }), {
      streams: [streamOf('a', '/a', { requester: { authenticator } })],
    });
    expect(writing.message).toContain('cannot be used together with a refresh_token_updater');
  });
});
