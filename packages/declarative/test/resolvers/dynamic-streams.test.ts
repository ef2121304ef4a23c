import type { JsonObject } from '@tidemark/protocol';
import { discover } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { api, connect, manifestOf, readAll, run, streamOf } from '../run-source.js';

const mapping = (path: string[], value: string, more: JsonObject = {}): JsonObject => ({
  type: 'ComponentMappingDefinition',
  field_path: path,
  value,
  ...more,
});

const dynamic = (
  components_resolver: JsonObject,
  stream_template = streamOf('t'),
  more: JsonObject = {},
): JsonObject => ({
  type: 'DynamicDeclarativeStream',
  stream_template,
  components_resolver,
  ...more,
});

const fromConfig = (components_mapping: JsonObject[], more: JsonObject = {}): JsonObject => ({
  type: 'ConfigComponentsResolver',
  stream_config: { type: 'StreamConfig', configs_pointer: ['tables'] },
  components_mapping,
  ...more,
});

const fromApi = (components_mapping: JsonObject[]): JsonObject => ({
  type: 'HttpComponentsResolver',
  retriever: (streamOf('x', '/tables') as { retriever: JsonObject }).retriever,
  components_mapping,
});

const NAME = mapping(['name'], "{{ components_values['name'] }}");

describe('dynamic streams', () => {
  it('are asked for at the API only when they are needed', async () => {
    const transport = api((path) =>
      path === '/tables' ? { items: [{ name: 'one' }, { name: 'two' }] } : { items: [{ id: 1 }] },
    );
    const manifest = manifestOf({
      check: { type: 'CheckStream', stream_names: ['a'] },
      streams: [streamOf('a')],
      dynamic_streams: [dynamic(fromApi([NAME]))],
    });
    const forCheck = await connect(manifest, { api: transport, how: { forCheck: true } });
    expect(await forCheck.check()).toEqual({ succeeded: true });
    expect(transport.asked).toEqual(['GET /a']);
    const whole = await connect(manifest, { api: transport });
    expect((await discover(whole)).streams.map(({ name }) => name)).toEqual(['a', 'one', 'two']);
    expect(transport.asked).toEqual(['GET /a', 'GET /tables']);
  });

  it('asks once for a list that several entries are made of', async () => {
    const transport = api(() => ({ items: [{ name: 'one' }] }));
    const second = fromApi([mapping(['name'], "{{ components_values['name'] }}_2")]);
    const { streams } = await connect(manifestOf({ dynamic_streams: [dynamic(fromApi([NAME])), dynamic(second)] }), {
      api: transport,
    });
    expect(streams.map(({ name }) => name)).toEqual(['one', 'one_2']);
    expect(transport.asked).toEqual(['GET /tables']);
  });

  it('takes what the API says for text, never for a template', async () => {
    const secret = 's3cr3t-key';
    const transport = api((path) =>
      path === '/tables'
        ? { items: [{ name: 'x', path: "{{ config['key'] }}", note: '{% if 1 %}y{% endif %}' }] }
        : { items: [{ id: 1 }] },
    );
    const template = streamOf('t', '/rows', {
      stream: { transformations: [{ type: 'AddFields', fields: [{ path: ['note'], value: '' }] }] },
    });
    const resolver = fromApi([
      NAME,
      mapping(['retriever', 'requester', 'path'], "/r/{{ components_values['path'] }}"),
      mapping(['transformations', '0', 'fields', '0', 'value'], "{{ components_values['note'] }}"),
    ]);
    const connection = await connect(manifestOf({ dynamic_streams: [dynamic(resolver, template)] }), {
      api: transport,
      config: { key: secret },
    });
    const { records } = await readAll(connection);
    expect(transport.asked.join()).not.toContain(secret);
    expect(transport.asked.at(-1)).toBe("GET /r/{{ config['key'] }}");
    expect(records.x).toEqual([{ id: 1, note: '{% if 1 %}y{% endif %}' }]);
  });

  it('makes a name of whatever is one, and says when there is none', async () => {
    const manifest = manifestOf({ dynamic_streams: [dynamic(fromConfig([NAME]))] });
    const { streams } = await connect(manifest, {
      config: { tables: [{ name: '2024' }, { name: 'on' }, { name: 7 }] },
    });
    expect(streams.map(({ name }) => name)).toEqual(['2024', 'on', '7']);
    await expect(connect(manifest, { config: { tables: [{ name: ['x'] }] } })).rejects.toThrow(
      "its resolver must fill 'name' with text",
    );
  });

  it('says whose mistake two streams of one name are', async () => {
    const manifest = manifestOf({ dynamic_streams: [dynamic(fromConfig([NAME]))] });
    await expect(connect(manifest, { config: { tables: [{ name: 'x' }, { name: 'x' }] } })).rejects.toMatchObject({
      kind: 'config',
      message: "Two dynamic streams have the name 'x': please check the configuration.",
    });
    const transport = api(() => ({ items: [{ name: 'x' }, { name: 'x' }] }));
    await expect(
      connect(manifestOf({ dynamic_streams: [dynamic(fromApi([NAME]))] }), { api: transport }),
    ).rejects.toMatchObject({ kind: 'system' });
    const beside = manifestOf({ streams: [streamOf('x')], dynamic_streams: [dynamic(fromConfig([NAME]))] });
    await expect(connect(beside, { config: { tables: [{ name: 'x' }] } })).rejects.toThrow(
      "Two streams have the name 'x'.",
    );
  });

  it('reads values as YAML where they are no names, and leaves moments and templates alone', async () => {
    const seen = async (value: unknown, more: JsonObject = {}): Promise<unknown> => {
      const resolver = fromConfig([
        NAME,
        mapping(['schema_loader', 'schema', 'x'], '{{ components_values.v }}', { create_or_update: true, ...more }),
      ]);
      const config = { tables: [{ name: 'n', v: value as string }] };
      const { streams } = await connect(manifestOf({ dynamic_streams: [dynamic(resolver)] }), { config });
      return ((await streams[0]!.describe()).json_schema as JsonObject).x;
    };
    expect(await seen('[1, "2", {a: b}]')).toEqual([1, '2', { a: 'b' }]);
    expect(await seen('2024-01-01T00:00:00Z')).toBe('2024-01-01T00:00:00Z');
    expect(await seen('%Y-%m-%d')).toBe('%Y-%m-%d');
    expect(await seen('yes')).toBe(true);
    expect(await seen('yes', { value_type: 'string' })).toBe('yes');
    expect(await seen({ k: [1] })).toEqual({ k: [1] });
    expect(await seen('')).toBeUndefined();
  });

  it('gives no streams for a list that is not there', async () => {
    const { streams } = await connect(manifestOf({ dynamic_streams: [dynamic(fromConfig([NAME]))] }), { config: {} });
    expect(streams).toEqual([]);
  });

  it('refuses more combinations than anyone can want', async () => {
    const list = Array.from({ length: 1000 }, (_, n) => ({ name: `n${n}` }));
    const config = { type: 'StreamConfig', configs_pointer: ['tables'] };
    const manifest = manifestOf({
      dynamic_streams: [dynamic(fromConfig([NAME], { stream_config: [config, config] }))],
    });
    await expect(connect(manifest, { config: { tables: list } })).rejects.toThrow(
      'asks for 1000000 streams; at most 100000 are made',
    );
  });

  it('lets the outer parameter win, or the inner one', async () => {
    const template = { ...streamOf('t', '/{{ parameters.at }}'), $parameters: { at: 'outer' } };
    (template as { retriever?: JsonObject }).retriever = {
      ...(template as unknown as { retriever: JsonObject }).retriever,
      $parameters: { at: 'inner' },
    };
    const asked = async (more: JsonObject): Promise<string[]> => {
      const transport = api(() => ({ items: [] }));
      const resolver = fromConfig([NAME, mapping(['$parameters', 'at'], 'filled')]);
      await readAll(
        await connect(manifestOf({ dynamic_streams: [dynamic(resolver, template, more)] }), {
          api: transport,
          config: { tables: [{ name: 'x' }] },
        }),
      );
      return transport.asked;
    };
    expect(await asked({})).toEqual(['GET /filled']);
    expect(await asked({ use_parent_parameters: false })).toEqual(['GET /inner']);
  });

  it('says that a condition or create_or_update does nothing where it does nothing', async () => {
    const conditional = dynamic(fromApi([mapping(['name'], 'x', { condition: '{{ true }}' })]));
    await expect(connect(manifestOf({ dynamic_streams: [conditional] }))).rejects.toThrow(
      'is for ConfigComponentsResolver only',
    );
    const ran = run();
    const creating = dynamic(fromApi([NAME, mapping(['retriever', 'x'], 'y', { create_or_update: true })]));
    await connect(manifestOf({ dynamic_streams: [creating] }), {
      run: ran,
      api: api(() => ({ items: [{ name: 'n' }] })),
    });
    expect(ran.logs.join()).toContain('create_or_update has no effect with HttpComponentsResolver');
  });

  it('makes delegating streams too', async () => {
    const template = {
      type: 'StateDelegatingStream',
      name: 't',
      full_refresh_stream: streamOf('t', '/all'),
      incremental_stream: streamOf('t', '/new'),
    };
    const { streams } = await connect(
      manifestOf({
        dynamic_streams: [dynamic(fromConfig([mapping(['**', 'name'], "{{ components_values['name'] }}")]), template)],
      }),
      { config: { tables: [{ name: 'x' }] } },
    );
    expect(streams.map(({ name }) => name)).toEqual(['x']);
  });
});
