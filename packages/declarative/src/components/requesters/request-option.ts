import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type RequestOption as BuiltOption, type RequestParts, requestOptionSlot } from './slot.js';

/** Puts a value into a request. */
export const requestOption = component('RequestOption', {
  slot: requestOptionSlot,
  doc: 'Says where in a request a value goes: into the query, a header, a form field, or a field of the JSON body.',
  fields: {
    inject_into: field
      .enum('request_parameter', 'header', 'body_data', 'body_json')
      .doc('The part of the request that takes the value.'),
    field_name: field
      .template()
      .optional()
      .doc('Name of the parameter, header or field. Not together with `field_path`.')
      .example('page', "{{ config['id_field'] }}"),
    field_path: field
      .list(field.template())
      .optional()
      .doc(
        'Path to a nested field of the JSON body. Only with `inject_into: body_json`, and not together with `field_name`.',
      )
      .example(['data', 'viewer', 'id']),
  },
  examples: [
    { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
    { type: 'RequestOption', inject_into: 'body_json', field_path: ['variables', 'after'] },
  ],
  build({ fields }) {
    const { inject_into: into, field_name: name, field_path: nested } = fields;
    if ((name === undefined) === (nested === undefined)) {
      throw new ConnectorError('config', 'A RequestOption needs either field_name or field_path, and not both.');
    }
    if (nested !== undefined && into !== 'body_json') {
      throw new ConnectorError(
        'config',
        `A RequestOption with field_path must have inject_into: body_json, not ${into}.`,
      );
    }
    return new Option(into, () => (name ? [name.text()] : nested!.map((segment) => segment.text())));
  },
});

class Option implements BuiltOption {
  constructor(
    readonly injectInto: BuiltOption['injectInto'],
    private readonly names: () => string[],
  ) {}
  /** Read each time: a template may read a part of the configuration that changes. */
  get path(): readonly string[] {
    return this.names();
  }
  inject(parts: RequestParts, value: unknown): void {
    const path = this.path;
    if (this.injectInto === 'request_parameter') put(into(parts, 'params'), path, value);
    else if (this.injectInto === 'header') put(into(parts, 'headers'), path, value);
    else if (this.injectInto === 'body_data') put(into(parts, 'bodyData'), path, value);
    else put(into(parts, 'bodyJson'), path, value);
  }
}

function into(parts: RequestParts, name: 'params' | 'headers' | 'bodyData' | 'bodyJson'): Record<string, unknown> {
  const there = parts[name];
  if (typeof there === 'string')
    throw new ConnectorError(
      'config',
      `A value cannot be put into a ${name === 'bodyData' ? 'body_data' : 'body_json'} that is a text.`,
    );
  if (there) return there;
  const made: Record<string, unknown> = {};
  parts[name] = made as JsonObject;
  return made;
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node = target;
  for (const segment of path.slice(0, -1)) {
    if (!Object.hasOwn(node, segment)) define(node, segment, {});
    const next = node[segment];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) {
      throw new ConnectorError(
        'config',
        `The request field '${path.join('.')}' cannot be set: '${segment}' is no object there.`,
      );
    }
    node = next as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (last === undefined) throw new ConnectorError('config', 'The field_path of a RequestOption is empty.');
  if (Object.hasOwn(node, last))
    throw new ConnectorError('config', `The request field '${path.join('.')}' is given twice.`);
  define(node, last, value);
}

function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
