import type { JsonObject } from '@tidemark/protocol';
import { noteChanges, type RecordData } from '@tidemark/source';
import type { BSON } from 'mongodb';
import { DECODING, setField, ValueReader } from './values.js';

type Document = Record<string, unknown>;

/** What records of a collection are made of. */
export interface RecordMakerOptions {
  /** The fields of the records; undefined: all that a document has. */
  readonly names: readonly string[] | undefined;
  /** Records are `{_id, data}`. */
  readonly schemaless: boolean;
  /** Fields that are left out on purpose. */
  readonly known?: ReadonlySet<string>;
  /** A document has a field that nobody has chosen or left out. Called once for each name. */
  readonly unknown?: (name: string) => void;
}

/** Documents as records. A field that a document does not have is not in its record either. */
export class RecordMaker {
  private readonly chosen: ReadonlySet<string> | undefined;
  private readonly told = new Set<string>();

  constructor(private readonly options: RecordMakerOptions) {
    this.chosen = options.names && new Set(options.names);
  }

  /** A document in BSON. Throws the driver's error when it is none. */
  fromBson(bson: typeof BSON, bytes: Uint8Array): RecordData {
    try {
      return this.record(bson.deserialize(bytes, DECODING));
    } catch (error) {
      if (!/UTF-8/i.test(String(error))) throw error;
      return this.damaged(bson.deserialize(bytes, { ...DECODING, validation: { utf8: false } }));
    }
  }

  record(document: Document): RecordData {
    return this.build(document, new ValueReader());
  }

  /** A text of it is no UTF-8: the fields that show that are null. */
  private damaged(document: Document): RecordData {
    return this.build(document, new ValueReader(true));
  }

  private build(document: Document, values: ValueReader): RecordData {
    const record: RecordData = {};
    if (this.options.schemaless) {
      record._id = values.field('_id', document._id);
      if (this.has('data')) record.data = this.whole(document, values);
    } else {
      for (const name of Object.keys(document)) {
        if (this.has(name)) setField(record as JsonObject, name, values.field(name, document[name]));
        else this.leftOut(name);
      }
    }
    noteChanges(record, values.changes);
    return record;
  }

  private whole(document: Document, values: ValueReader): JsonObject {
    return values.field('data', document) as JsonObject;
  }

  private has(name: string): boolean {
    return this.chosen === undefined || this.chosen.has(name);
  }

  private leftOut(name: string): void {
    const { known, unknown } = this.options;
    if (!unknown || known?.has(name) || this.told.has(name)) return;
    this.told.add(name);
    unknown(name);
  }
}
