import { toText } from '@tidemark/interpolation';
import type { Json, JsonObject } from '@tidemark/protocol';
import { type Expression, expression, Field, type FieldSite, type Scope } from '../../component/index.js';
import { queryPropertiesSlot } from '../properties/slot.js';

/** What the templates of a request may read besides config and parameters. */
export const REQUEST_SCOPE = [
  'stream_slice',
  'stream_partition',
  'stream_interval',
  'next_page_token',
  'query_properties',
] as const;

/** Values for a part of a request: a map, or a text (only bodies may be one). */
export type Input = (scope: Scope) => Record<string, unknown> | string;

interface InputOptions {
  /** A value may be a QueryProperties: the list that the retriever asks for. */
  takesProperties?: boolean;
  /** Values are texts and lists: `10` stays the text that was written. Otherwise they are what literal evaluation makes of them. */
  keepsText: boolean;
}

/** `request_parameters` and the like: a map whose keys and values are templates, or one template that gives the whole. */
export function inputField(options: InputOptions): Field<Input> {
  return new Field<Input>(
    (raw, site) => input(raw as Json, site, options),
    (writer) => ({
      anyOf: [
        { type: 'string', 'x-interpolated': true },
        {
          type: 'object',
          additionalProperties: {
            'x-interpolated': true,
            ...(options.takesProperties ? { if: { type: 'object' }, then: writer.slot(queryPropertiesSlot) } : {}),
          },
        },
      ],
    }),
    (raw) => typeof raw === 'string' || isMap(raw),
    { doc: '', examples: [], isOptional: false, slots: [], scope: REQUEST_SCOPE },
  );
}

/** `request_body_json`: a JSON object with templates at any depth, or one template that gives the whole. */
export function nestedInputField(): Field<Input> {
  return new Field<Input>(
    (raw, site) => nestedInput(raw as Json, site),
    () => ({
      anyOf: [
        { type: 'string', 'x-interpolated': true },
        { type: 'object', 'x-interpolated': true },
      ],
    }),
    (raw) => typeof raw === 'string' || isMap(raw),
    { doc: '', examples: [], isOptional: false, slots: [], scope: REQUEST_SCOPE },
  );
}

function compiled(text: string, site: FieldSite): Expression {
  return expression(text, { config: site.context.config, clock: site.context.clock, parameters: site.parameters });
}

/** Compiles a map of templates, or one template. Nulls are left out. */
export function input(raw: Json, site: FieldSite, { keepsText }: InputOptions): Input {
  if (typeof raw === 'string') {
    const whole = compiled(raw, site);
    return (scope) => {
      const value = whole.evaluate(scope);
      return isMap(value) ? withoutNulls(value) : writtenText(whole, value, scope);
    };
  }
  const entries = Object.entries(raw as JsonObject).map(([name, item]) => {
    if (isQueryProperties(item)) return [() => name, queryPropertiesList] as const;
    const key = compiled(name, site);
    const value = typeof item === 'string' ? compiled(item, site) : undefined;
    const evaluate = (scope: Scope) =>
      value === undefined ? item : keepsText ? value.evaluateAs(['string', 'list'], scope) : exactly(value, scope);
    const nameOf = (scope: Scope) => (keepsText ? toText(key.evaluateAs('string', scope)) : key.text(scope));
    return [nameOf, evaluate] as const;
  });
  return (scope) => {
    const result: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      const evaluated = value(scope);
      if (evaluated !== null && evaluated !== undefined) put(result, key(scope), evaluated);
    }
    return result;
  };
}

/** What the template put out, unchanged: a body that happens to look like a number or a list is a text like any other. */
function writtenText(template: Expression, value: unknown, scope: Scope): string {
  return value === null || value === undefined ? '' : toText(template.evaluateAs('string', scope));
}

/** A component in the place of a value: the properties that the retriever asks for. */
export function isQueryProperties(item: unknown): item is JsonObject {
  return isMap(item) && item.type === 'QueryProperties';
}

function queryPropertiesList(scope: Scope): string {
  return Array.isArray(scope.query_properties) ? scope.query_properties.join(',') : '';
}

/** The value; a number as its text, in which 1.0 stays 1.0. */
function exactly(value: Expression, scope: Scope): unknown {
  const evaluated = value.evaluate(scope);
  return typeof evaluated === 'number' ? value.text(scope) : evaluated;
}

/** Compiles a JSON object with templates in it. Fields of the written objects whose value is null are left out. */
export function nestedInput(raw: Json, site: FieldSite): Input {
  if (typeof raw === 'string') {
    const whole = compiled(raw, site);
    return (scope) => {
      const value = whole.evaluate(scope);
      return isMap(value) ? value : writtenText(whole, value, scope);
    };
  }
  const whole = nested(raw, site);
  return (scope) => whole(scope) as Record<string, unknown>;
}

function nested(raw: Json | undefined, site: FieldSite): (scope: Scope) => unknown {
  if (typeof raw === 'string') {
    const value = compiled(raw, site);
    return (scope) => value.evaluate(scope);
  }
  if (Array.isArray(raw)) {
    const items = raw.map((item) => nested(item, site));
    return (scope) => items.map((item) => item(scope));
  }
  if (!isMap(raw)) return () => raw ?? null;
  const entries = Object.entries(raw).map(([key, item]) => [compiled(key, site), nested(item as Json, site)] as const);
  return (scope) => {
    const result: Record<string, unknown> = {};
    for (const [key, item] of entries) {
      const value = item(scope);
      if (value !== null && value !== undefined) put(result, key.text(scope), value);
    }
    return result;
  };
}

function withoutNulls(map: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null && value !== undefined));
}

function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A plain object: what a manifest or literal evaluation writes. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
