import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { createSource } from '../../src/create-source.js';
import { connect, manifestOf, run, streamOf } from '../run-source.js';

const specification = { type: 'object', properties: { key: { type: 'string', airbyte_secret: true } } };

/** The configuration that a stream's templates see, and what the run was told. */
async function seen(
  rules: JsonObject,
  config: JsonObject,
): Promise<{ config: JsonObject; configs: JsonObject[]; logs: string[] }> {
  const ran = run();
  let final: JsonObject = {};
  const watcher = {
    transform(given: JsonObject) {
      final = structuredClone(given);
    },
  };
  const manifest = manifestOf({
    streams: [streamOf('a')],
    spec: {
      type: 'Spec',
      connection_specification: specification,
      config_normalization_rules: {
        type: 'ConfigNormalizationRules',
        ...rules,
        transformations: [
          ...((rules.transformations ?? []) as JsonObject[]),
          { type: 'CustomConfigTransformation', class_name: 'x.Watcher' },
        ],
      },
    },
  });
  await connect(manifest, { config, run: ran, customComponent: () => () => watcher });
  return { config: final, configs: ran.configs, logs: ran.logs };
}

describe('Spec', () => {
  it('gives the specification and, for advanced_auth, what the protocol has', async () => {
    const { source } = await createSource({
      text: manifestOf({
        streams: [streamOf('a')],
        spec: {
          type: 'Spec',
          connection_specification: specification,
          documentation_url: 'https://docs.example.com',
          advanced_auth: {
            auth_flow_type: 'oauth2.0',
            predicate_key: ['credentials', 'kind'],
            unheard: 1,
            oauth_config_specification: {
              unheard: 2,
              oauth_connector_input_specification: {
                consent_url: 'https://example.com/c?{{ client_id_param }}',
                access_token_url: 'https://example.com/t',
                unheard: 3,
                scopes: [{ scope: 'a', note: 1 }],
                state: { min: 1, max: 2, x: null },
              },
              complete_oauth_output_specification: { a: null, b: { type: 'string', path_in_connector_config: ['b'] } },
            },
          },
        },
      }),
    });
    expect(await source.spec()).toEqual({
      connectionSpecification: specification,
      documentationUrl: 'https://docs.example.com',
      advanced_auth: {
        auth_flow_type: 'oauth2.0',
        predicate_key: ['credentials', 'kind'],
        oauth_config_specification: {
          oauth_connector_input_specification: {
            consent_url: 'https://example.com/c?{{ client_id_param }}',
            access_token_url: 'https://example.com/t',
            scopes: [{ scope: 'a', note: 1 }],
            scopes_join_strategy: 'space',
            state: { min: 1, max: 2 },
          },
          complete_oauth_output_specification: { b: { type: 'string', path_in_connector_config: ['b'] } },
        },
      },
    });
  });

  it('needs no custom code to say what it is', async () => {
    const text = manifestOf({
      streams: [streamOf('a')],
      spec: {
        type: 'Spec',
        connection_specification: specification,
        config_normalization_rules: {
          type: 'ConfigNormalizationRules',
          transformations: [{ type: 'CustomConfigTransformation', class_name: 'source_x.components.Gone' }],
        },
      },
    });
    await expect((await createSource({ text })).source.spec()).resolves.toEqual({
      connectionSpecification: specification,
    });
    await expect(connect(text)).rejects.toThrow('source_x.components.Gone');
  });
});

describe('config migrations and transformations', () => {
  const move = {
    type: 'ConfigMigration',
    transformations: [
      {
        type: 'ConfigAddFields',
        fields: [{ type: 'AddedFieldDefinition', path: ['credentials', 'key'], value: "{{ config['key'] }}" }],
        condition: "{{ config.get('key') and not config.get('credentials', {}).get('key') }}",
      },
      {
        type: 'ConfigRemoveFields',
        field_pointers: [['key'], ['gone', 'deeper']],
        condition: "{{ config.get('credentials') }}",
      },
    ],
  };

  it('migrates an old configuration and hands the new one over, once and without the transformations', async () => {
    const add = {
      type: 'ConfigAddFields',
      fields: [
        { type: 'AddedFieldDefinition', path: ['host'], value: "{{ config['credentials']['key'] }}.example.com" },
      ],
    };
    const rules = { config_migrations: [move], transformations: [add] };
    const old = await seen(rules, { key: 'k-1', other: [1, 2] });
    expect(old.config).toEqual({ other: [1, 2], credentials: { key: 'k-1' }, host: 'k-1.example.com' });
    expect(old.configs).toEqual([{ other: [1, 2], credentials: { key: 'k-1' } }]);
    const fresh = await seen(rules, { credentials: { key: 'k-2' } });
    expect(fresh.config).toEqual({ credentials: { key: 'k-2' }, host: 'k-2.example.com' });
    expect(fresh.configs).toEqual([]);
  });

  it('adds values of their types, each seeing those before it, at nested paths', async () => {
    const { config } = await seen(
      {
        transformations: [
          {
            type: 'ConfigAddFields',
            fields: [
              { type: 'AddedFieldDefinition', path: ['a', 'b'], value: '{{ 2 * 2 }}' },
              { type: 'AddedFieldDefinition', path: ['text'], value: '{{ config.a.b }}', value_type: 'string' },
              { type: 'AddedFieldDefinition', path: ['list', '0', 'x'], value: "{{ ['u', config.text] }}" },
            ],
          },
          {
            type: 'ConfigAddFields',
            condition: '{{ value == 5 }}',
            fields: [{ type: 'AddedFieldDefinition', path: ['never'], value: '{{ 4 }}' }],
          },
        ],
      },
      {},
    );
    expect(config).toEqual({ a: { b: 4 }, text: '4', list: [{ x: ['u', '4'] }] });
  });

  it('remaps a value by its table, nested, by template, and leaves what is not in it', async () => {
    const remap = (field_path: string[], map: JsonObject | string): JsonObject => ({
      type: 'ConfigRemapField',
      field_path,
      map,
    });
    const { config } = await seen(
      {
        transformations: [
          remap(['status'], { done: 'completed', 1: 'one' }),
          remap(['{{ config.where }}', 'deep'], { a: 'A-{{ config.suffix }}' }),
          remap(['other'], { done: 'x' }),
          remap(['rows', '*', 'kind'], "{{ {'p': 'page'} }}"),
          remap(['status', 'below'], { completed: 'never' }),
          remap(['constructor'], { x: 'never' }),
        ],
      },
      {
        status: 'done',
        where: 'n',
        n: { deep: 'a' },
        suffix: 's',
        other: ['done'],
        rows: [{ kind: 'p' }, { kind: 'q' }],
      },
    );
    expect(config).toEqual({
      status: 'completed',
      where: 'n',
      n: { deep: 'A-s' },
      suffix: 's',
      other: ['done'],
      rows: [{ kind: 'page' }, { kind: 'q' }],
    });
  });
});

describe('config validations', () => {
  const validated = (validations: JsonObject[], config: JsonObject, custom?: unknown): Promise<unknown> =>
    connect(
      manifestOf({
        streams: [streamOf('a')],
        spec: {
          type: 'Spec',
          connection_specification: specification,
          config_normalization_rules: { type: 'ConfigNormalizationRules', validations },
        },
      }),
      { config, customComponent: () => custom },
    );
  const schema = {
    type: 'array',
    items: { type: 'object', required: ['id'], properties: { id: { type: 'integer', minimum: 1 } } },
  };
  const at = (field_path: string[], base_schema: JsonObject | string = schema): JsonObject => ({
    type: 'DpathValidator',
    field_path,
    validation_strategy: { type: 'ValidateAdheresToSchema', base_schema },
  });

  it('accepts what fits, in JSON text too, and what is not there', async () => {
    await validated([at(['rows'])], { rows: [{ id: 1 }] });
    await validated([at(['rows'])], { rows: '[{"id": 9007199254740993}]' });
    await validated([at(['rows'])], {});
    await validated([at(['rows', '*', 'id'], { type: 'integer' })], { rows: [{ id: 1 }, { id: 2 }] });
    await validated([at(['n'], "{{ config['its_schema'] }}")], { n: '5', its_schema: '{"type": "integer"}' });
    await validated([at(['n'], { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] })], {
      n: ['x', 1],
    });
  });

  it('says where a value does not fit, every violation, and never the value', async () => {
    const secret = 'sk-very-secret';
    const failed = validated([at(['rows'])], { rows: [{ id: 0 }, {}, { id: secret }] });
    await expect(failed).rejects.toMatchObject({ kind: 'config' });
    const { message } = (await failed.catch((error) => error)) as Error;
    expect(message).toBe(
      "'rows' of the configuration does not fit its schema: '0.id' must be >= 1; '1' must have 'id'; '2.id' must be integer.",
    );
    await expect(validated([at(['rows'])], { rows: 'not json' })).rejects.toThrow(
      "'rows' of the configuration must be JSON text.",
    );
    await expect(
      validated([at(['rows', '*', 'id'], { type: 'integer' })], { rows: [{ id: 1 }, { id: [] }] }),
    ).rejects.toThrow('must be integer');
    await expect(validated([at(['n'], 'no schema')], { n: 1 })).rejects.toThrow('base_schema');
  });

  it('judges a value that a template makes', async () => {
    const ordered = {
      type: 'PredicateValidator',
      value: '{{ config.from < config.to }}',
      validation_strategy: { type: 'ValidateAdheresToSchema', base_schema: { const: true } },
    };
    await validated([ordered], { from: 1, to: 2 });
    await expect(validated([ordered], { from: 2, to: 1 })).rejects.toThrow(
      'The configuration does not fit its schema: it must be true.',
    );
  });

  it("asks the author's own strategy", async () => {
    const own = {
      type: 'DpathValidator',
      field_path: ['region'],
      validation_strategy: { type: 'CustomValidationStrategy', class_name: 'x.Region' },
    };
    class Region {
      validate(value: string): void {
        if (value !== 'eu') throw new Error('there is only one region');
      }
    }
    await validated([own], { region: 'eu' }, Region);
    await expect(validated([own], { region: 'us' }, Region)).rejects.toThrow(
      "'region' of the configuration is not valid: there is only one region",
    );
  });
});
