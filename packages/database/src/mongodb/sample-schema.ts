import type { JsonObject } from '@tidemark/protocol';
import type { Column } from '../column.js';
import { bsonTag } from './values.js';

/** A collection whose documents use more names than this has data for names. */
export const COLUMNS_MAX = 1_000;

/** What a value is in a record: a type of JSON, with what is known beyond it. */
type Kind = 'boolean' | 'integer' | 'number' | 'string' | 'date' | 'binary' | 'object' | 'array';

/** The kinds of the fields that sampled documents have. What it gives depends on no order: another sample is in another. */
export class SampleSchema {
  private readonly fields = new Map<string, Set<Kind>>([['_id', new Set()]]);
  /** Fields beyond `COLUMNS_MAX` that were left out. */
  omitted = 0;

  /** `document` has its numbers in their own types: a double that is whole says no less than that there may be fractions. */
  add(document: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(document)) {
      let kinds = this.fields.get(name);
      if (!kinds) {
        if (this.fields.size >= COLUMNS_MAX) {
          this.omitted++;
          continue;
        }
        kinds = new Set();
        this.fields.set(name, kinds);
      }
      const kind = kindOf(value);
      if (kind) kinds.add(kind);
    }
  }

  columns(): Column[] {
    const place = (name: string): string => (name === '_id' ? '' : name);
    return [...this.fields]
      .sort(([a], [b]) => (place(a) < place(b) ? -1 : 1))
      .map(([name, kinds]) => fieldColumn(name, schemaOf(kinds, name !== '_id')));
  }
}

/** A field as a column. */
export function fieldColumn(name: string, schema: JsonObject): Column {
  return { name, type: 'bson', nullable: name !== '_id', schema, decode: (text) => text };
}

/** The columns of records that are whole documents. */
export const SCHEMALESS_COLUMNS: readonly Column[] = [
  fieldColumn('_id', { type: 'string' }),
  fieldColumn('data', { type: 'object', additionalProperties: true }),
];

const KIND_OF_TAG: Readonly<Record<string, Kind>> = {
  Binary: 'binary',
  Int32: 'integer',
  Long: 'integer',
  Double: 'number',
  Decimal128: 'number',
  DBRef: 'object',
};

/** Undefined for null, which every field may be. */
function kindOf(value: unknown): Kind | undefined {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'string';
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return undefined;
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  const tag = bsonTag(value);
  if (tag === undefined) return 'object';
  if (tag === 'Binary') return (value as { sub_type?: number }).sub_type === 4 ? 'string' : 'binary';
  if (tag === 'Code') return (value as { scope?: unknown }).scope ? 'object' : 'string';
  return Object.hasOwn(KIND_OF_TAG, tag) ? KIND_OF_TAG[tag] : 'string';
}

const TYPES = ['boolean', 'integer', 'number', 'string', 'object', 'array'] as const;

/** Every type that was met: a field with texts and numbers says both. */
function schemaOf(kinds: ReadonlySet<Kind>, nullable: boolean): JsonObject {
  const types = new Set<string>();
  for (const kind of kinds) types.add(kind === 'date' || kind === 'binary' ? 'string' : kind);
  if (types.has('number')) types.delete('integer');
  if (types.size === 0) types.add('string');
  const inOrder = TYPES.filter((type) => types.has(type));
  const all = nullable ? ['null', ...inOrder] : inOrder;
  const schema: JsonObject = { type: all.length === 1 ? all[0]! : all };
  if (kinds.size !== 1) return schema;
  if (kinds.has('date')) return { ...schema, format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
  if (kinds.has('binary')) return { ...schema, contentEncoding: 'base64' };
  if (kinds.has('object')) return { ...schema, additionalProperties: true };
  return schema;
}
