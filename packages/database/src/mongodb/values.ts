import { type Json, type JsonObject, parseJson } from '@tidemark/protocol';
import type { RecordChange } from '@tidemark/source';

/** The options that every document is decoded with: numbers exact, bytes and patterns as the server has them. */
export const DECODING = { useBigInt64: true, promoteBuffers: false, bsonRegExp: true } as const;

interface Tagged {
  readonly _bsontype?: string;
}

/** The name of a BSON type that has a class of its own; a document may have a field of that name, which says nothing. */
export function bsonTag(value: object): string | undefined {
  return Object.hasOwn(value, '_bsontype') ? undefined : (value as Tagged)._bsontype;
}

/** Values of BSON as JSON. What cannot be carried is null, with its path in `changes`. */
export class ValueReader {
  readonly changes: RecordChange[] = [];
  private readonly path: string[] = [];

  /** `isDamaged`: a text of the document is no UTF-8. Texts with the sign that stands for that cannot be carried. */
  constructor(private readonly isDamaged = false) {}

  /** The value of a field. */
  field(name: string, value: unknown): Json {
    this.path.push(name);
    const json = this.json(value);
    this.path.pop();
    return json;
  }

  private json(value: unknown): Json {
    switch (typeof value) {
      case 'string':
        return this.isDamaged && value.includes('\ufffd') ? this.lost() : value;
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : this.lost();
      case 'bigint':
        return integer(value);
      case 'undefined':
        return null;
      case 'object':
        return value === null ? null : this.object(value);
      default:
        return this.lost();
    }
  }

  private object(value: object): Json {
    if (Array.isArray(value)) return value.map((each, i) => this.field(String(i), each));
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? this.lost() : value.toISOString();
    const tag = bsonTag(value);
    return tag === undefined ? this.document(value as Record<string, unknown>) : this.tagged(tag, value);
  }

  private document(value: Record<string, unknown>): JsonObject {
    const json: JsonObject = {};
    for (const name of Object.keys(value)) setField(json, name, this.field(name, value[name]));
    return json;
  }

  private tagged(tag: string, value: object): Json {
    switch (tag) {
      case 'ObjectId':
        return (value as { toHexString(): string }).toHexString();
      case 'Decimal128':
        return this.decimal(String(value));
      case 'Binary':
        return binaryText(value as BinaryValue);
      case 'BSONRegExp': {
        const { pattern, options } = value as unknown as { pattern: string; options: string };
        return `(${options})${pattern}`;
      }
      case 'Timestamp': {
        const { high, low } = value as unknown as { high: number; low: number };
        return `${high >>> 0}:${low >>> 0}`;
      }
      case 'Code': {
        const { code, scope } = value as unknown as { code: unknown; scope?: object | null };
        return scope ? { code: String(code), scope: this.field('scope', scope) } : String(code);
      }
      case 'DBRef': {
        const { collection, oid, db, fields } = value as unknown as Record<string, unknown>;
        const reference = { $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...(fields as object) };
        return this.document(reference);
      }
      case 'MinKey':
      case 'MaxKey':
        return tag;
      case 'Long':
        return integer((value as { toBigInt(): bigint }).toBigInt());
      case 'Int32':
      case 'Double':
      case 'BSONSymbol':
        return this.json((value as { valueOf(): unknown }).valueOf());
      default:
        return this.lost();
    }
  }

  private decimal(text: string): Json {
    return /^-?[\d.]+(E[+-]?\d+)?$/.test(text) ? parseJson(text) : this.lost();
  }

  private lost(): null {
    this.changes.push({ field: this.path.join('.'), change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' });
    return null;
  }
}

interface BinaryValue {
  readonly sub_type: number;
  readonly buffer: Uint8Array;
  readonly position: number;
}

/** The bytes in base64; a UUID as its own text. */
function binaryText({ sub_type: subtype, buffer, position }: BinaryValue): string {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, position);
  if (subtype !== 4 || position !== 16) return bytes.toString('base64');
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function integer(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Sets a field by a name that the server chose. */
export function setField(object: JsonObject, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  else object[name] = value;
}
