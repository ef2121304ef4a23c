import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { type ConfigTransformation, configTransformationSlot } from './slot.js';

export const configRemapField = component('ConfigRemapField', {
  slot: configTransformationSlot,
  doc: 'Replaces the value of a field of the configuration by another, from a table. A value that is not in the table stays.',
  fields: {
    map: field
      .either(field.deepTemplate({ type: 'object' }), field.template())
      .doc('The table: what each value becomes. Or a template that gives it.')
      .example({ pending: 'in_progress', done: 'completed' }, "{{ config['status_table'] }}"),
    field_path: field
      .list(field.template())
      .doc('The path of the field; `*` is any key or item.')
      .example(['status'], ['data', '*', 'status']),
  },
  examples: [
    { type: 'ConfigRemapField', field_path: ['credentials', 'kind'], map: { oauth: 'oauth2.0', key: 'api_key' } },
  ],
  build({ fields }): ConfigTransformation {
    if (fields.field_path.length === 0)
      throw new ConnectorError('config', 'ConfigRemapField needs a field_path that is not empty.');
    return {
      transform(config) {
        const table = (typeof fields.map === 'function' ? fields.map() : fields.map.evaluate()) as Json;
        if (!isObject(table))
          throw new ConnectorError('config', 'The map of ConfigRemapField must give a table (an object).');
        const path = fields.field_path.map((part) => part.text());
        remap(config, path, table);
      },
    };
  },
});

function remap(node: Json | undefined, [segment, ...rest]: readonly string[], table: JsonObject): void {
  if (segment === undefined || typeof node !== 'object' || node === null) return;
  const holder = node as JsonObject;
  for (const key of segment === '*' ? Object.keys(holder) : Object.hasOwn(holder, segment) ? [segment] : []) {
    const value = holder[key];
    if (rest.length) remap(value, rest, table);
    else if (isScalar(value) && Object.hasOwn(table, String(value))) setKey(holder, key, table[String(value)]);
  }
}

function isScalar(value: Json | undefined): boolean {
  return (
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
  );
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
