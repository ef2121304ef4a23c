import type { Json, JsonObject } from '@tidemark/protocol';
import type { BuildContext } from './context.js';
import { type DeepExpression, deepExpression, type Expression, expression } from './expression.js';
import type { JsonSchema, SchemaWriter } from './json-schema.js';
import type { Slot } from './slot.js';

/** Where a field's value is read: the component's context and parameters. */
export interface FieldSite {
  readonly context: BuildContext;
  readonly parameters: JsonObject;
}

/** What a field is, apart from its type: for validation, docs and the registry. */
export interface FieldFacts {
  readonly doc: string;
  readonly examples: readonly Json[];
  readonly isOptional: boolean;
  readonly default?: Json;
  /** The names that the runtime passes to this template, besides config and parameters. */
  readonly scope?: readonly string[];
  readonly slots: readonly Slot<unknown>[];
  /** The type that a component without `type` has here. */
  readonly defaultType?: string;
  /** The same for the components that are the values of a map. */
  readonly itemType?: string;
  readonly deprecated?: string;
}

/**
 * A field of a word: how it looks (schema), what it means (doc), and how its value is built (`read`). Immutable: each call
 * gives a new field.
 */
export class Field<T> {
  constructor(
    /** Builds the value; `undefined` comes in only when the field is optional and has no default. */
    readonly read: (raw: Json | undefined, site: FieldSite) => T,
    readonly schema: (writer: SchemaWriter) => JsonSchema,
    /** Whether this raw value is one for this field; decides between alternatives. */
    readonly matches: (raw: Json) => boolean,
    readonly facts: FieldFacts = { doc: '', examples: [], isOptional: false, slots: [] },
  ) {}
  private with<U = T>(facts: Partial<FieldFacts>, read?: (raw: Json | undefined, site: FieldSite) => U): Field<U> {
    return new Field<U>(
      read ?? (this.read as unknown as (raw: Json | undefined, site: FieldSite) => U),
      this.schema,
      this.matches,
      {
        ...this.facts,
        ...facts,
      },
    );
  }
  /** What the field means, in one or two sentences. */
  doc(text: string): Field<T> {
    return this.with({ doc: text });
  }
  example(...examples: Json[]): Field<T> {
    return this.with({ examples: [...this.facts.examples, ...examples] });
  }
  /** The field may be absent or null: the value is undefined then. */
  optional(): Field<T | undefined> {
    const read = this.read;
    return this.with<T | undefined>({ isOptional: true }, (raw, site) =>
      raw === undefined || raw === null ? undefined : read(raw, site),
    );
  }
  /** The field may be absent or null: the value is that of `raw` then. */
  default(value: Json): Field<T> {
    const read = this.read;
    return this.with({ isOptional: true, default: value }, (raw, site) =>
      read(raw === undefined || raw === null ? value : raw, site),
    );
  }
  deprecated(why: string): Field<T> {
    return this.with({ deprecated: why });
  }
  /** A component here that names no type is one of this type. */
  defaultType(type: string): Field<T> {
    return this.with({ defaultType: type });
  }
}

const isObject = (raw: Json): raw is JsonObject =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw) && Object.getPrototypeOf(raw) !== undefined;

function plain<T extends Json>(type: string | string[], matches: (raw: Json) => boolean): Field<T> {
  return new Field<T>(
    (raw) => raw as T,
    () => ({ type }),
    matches,
  );
}

interface TemplateOptions {
  /** The names that the runtime passes, besides config and parameters. */
  scope?: readonly string[];
  /** JSON types that may stand here besides text. */
  allow?: readonly ('integer' | 'number' | 'boolean' | 'null' | 'object' | 'array')[];
}

function templateField(options: TemplateOptions = {}): Field<Expression> {
  const types = ['string', ...(options.allow ?? [])];
  return new Field<Expression>(
    (raw, site) => constantOrTemplate(raw as Json, site),
    () => ({ type: types.length === 1 ? 'string' : types, 'x-interpolated': true }),
    (raw) => typeof raw === 'string' || (options.allow !== undefined && !isObject(raw) && !Array.isArray(raw)),
    { doc: '', examples: [], isOptional: false, slots: [], scope: options.scope ?? [] },
  );
}

function constantOrTemplate(raw: Json, site: FieldSite): Expression {
  const { config, clock } = site.context;
  return expression(typeof raw === 'string' ? raw : pythonText(raw), { config, clock, parameters: site.parameters });
}

/** A value that YAML gave as something other than text, as the text that literal evaluation reads back. */
function pythonText(raw: Json): string {
  if (raw === true) return 'True';
  if (raw === false) return 'False';
  if (raw === null) return 'None';
  return typeof raw === 'object' && !('text' in raw) ? JSON.stringify(raw) : String(raw);
}

/** The slot of the word that this component is, where it names one. */
function slotOf(raw: JsonObject, site: FieldSite): Slot<unknown> | undefined {
  return typeof raw.type === 'string' ? site.context.builder.registry.get(raw.type)?.slot : undefined;
}

/** The kinds of fields. */
export const field = {
  string: () => plain<string>('string', (raw) => typeof raw === 'string'),
  integer: () => plain<number>('integer', (raw) => typeof raw === 'number' && Number.isInteger(raw)),
  number: () => plain<number>('number', (raw) => typeof raw === 'number'),
  boolean: () => plain<boolean>('boolean', (raw) => typeof raw === 'boolean'),
  /** Any JSON value, kept as it is. */
  json: () =>
    new Field<Json>(
      (raw) => raw as Json,
      () => ({}),
      () => true,
    ),
  /** Any JSON object, kept as it is. */
  object: () => plain<JsonObject>('object', isObject),
  enum: <const V extends string>(...values: V[]) =>
    new Field<V>(
      (raw) => raw as V,
      () => ({ type: 'string', enum: [...values] }),
      (raw) => values.includes(raw as V),
    ),
  /** Text with templates in it; compiled at build. */
  template: templateField,
  /** A JSON value with templates in its strings. */
  deepTemplate: (options: { scope?: readonly string[]; type?: 'object' | 'array' } = {}) =>
    new Field<DeepExpression>(
      (raw, site) =>
        deepExpression(raw, { config: site.context.config, clock: site.context.clock, parameters: site.parameters }),
      () => (options.type ? { type: options.type } : {}),
      (raw) => (options.type === 'object' ? isObject(raw) : options.type === 'array' ? Array.isArray(raw) : true),
      { doc: '', examples: [], isOptional: false, slots: [], scope: options.scope ?? [] },
    ),
  list: <T>(of: Field<T>) =>
    new Field<T[]>(
      (raw, site) => (raw as Json[]).map((item) => of.read(item, site)),
      (writer) => ({ type: 'array', items: of.schema(writer) }),
      (raw) => Array.isArray(raw) && raw.every((item) => of.matches(item)),
      { ...of.facts, doc: '', examples: [], isOptional: false, default: undefined },
    ),
  map: <T>(of: Field<T>) =>
    new Field<Record<string, T>>(
      (raw, site) =>
        Object.fromEntries(Object.entries(raw as JsonObject).map(([key, item]) => [key, of.read(item, site)])),
      (writer) => ({ type: 'object', additionalProperties: of.schema(writer) }),
      isObject,
      {
        ...of.facts,
        doc: '',
        examples: [],
        isOptional: false,
        default: undefined,
        defaultType: undefined,
        itemType: of.facts.defaultType,
      },
    ),
  /** One of several kinds; the first that fits the raw value reads it. */
  either: <const A extends readonly Field<unknown>[]>(...alternatives: A) =>
    new Field<A[number] extends Field<infer T> ? T : never>(
      (raw, site) => {
        const fitting = alternatives.filter((alternative) => alternative.matches(raw as Json));
        const slot = isObject(raw as Json) ? slotOf(raw as JsonObject, site) : undefined;
        const chosen = fitting.find((one) => slot && one.facts.slots.includes(slot)) ?? fitting[0] ?? alternatives[0]!;
        return chosen.read(raw, site) as never;
      },
      (writer) => ({ anyOf: alternatives.map((alternative) => alternative.schema(writer)) }),
      (raw) => alternatives.some((alternative) => alternative.matches(raw)),
      {
        doc: '',
        examples: [],
        isOptional: false,
        slots: alternatives.flatMap((alternative) => alternative.facts.slots),
        defaultType: alternatives.find((alternative) => alternative.facts.defaultType)?.facts.defaultType,
        scope: alternatives.flatMap((alternative) => alternative.facts.scope ?? []),
      },
    ),
  /** A component of this slot, built. */
  slot: <T>(slot: Slot<T>) =>
    new Field<T>(
      (raw, site) => site.context.builder.build(raw as JsonObject, slot, site.context),
      (writer) => writer.slot(slot),
      isObject,
      { doc: '', examples: [], isOptional: false, slots: [slot] },
    ),
  /** A component of this slot, built when the word asks for it, in the context that it is given. */
  lazy: <T>(slot: Slot<T>) =>
    new Field<(context?: BuildContext) => T>(
      (raw, site) => (context) => site.context.builder.build(raw as JsonObject, slot, context ?? site.context),
      (writer) => writer.slot(slot),
      isObject,
      { doc: '', examples: [], isOptional: false, slots: [slot] },
    ),
};
