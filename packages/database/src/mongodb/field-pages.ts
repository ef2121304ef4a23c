import type { Opened } from './clients.js';
import type { LoadOptions } from './id-load.js';
import { type Bound, BRACKETS, type Bracket, bracketOf, within } from './id-order.js';
import { PageReader } from './page-reader.js';
import { DECODING } from './values.js';

/** Documents of one bracket of a field: after or from a value, up to another one. */
export interface FieldStretch {
  readonly kind: Bracket;
  readonly from?: Bound;
  readonly upTo: Bound;
}

/** An array is found by each of its values: it has no place in the order. */
export const NO_ARRAY = { $not: { $type: 'array' } };

/**
 * Documents in the order of an indexed field, each page a query of its own: no cursor is open while a page is handed over. A page
 * ends between two values, as the index has no order beyond that; where the documents of one value are more than a page, they
 * come in the order of `_id`, in the same way.
 */
export class FieldPages {
  private readonly reader: PageReader;

  constructor(
    private readonly reading: LoadOptions,
    private readonly opened: Opened,
    private readonly field: string,
    private readonly signal: AbortSignal,
  ) {
    this.reader = new PageReader(reading.clients, reading.settings, reading.collection);
  }

  async *read({ kind, from, upTo }: FieldStretch): AsyncIterable<readonly Uint8Array[]> {
    let bounds: { from?: Bound; after?: Bound } = from ? { from } : {};
    while (!this.signal.aborted) {
      const condition = within(kind, this.opened.types, { ...bounds, upTo })!;
      const { documents, more } = await this.page({ [this.field]: { ...condition, ...NO_ARRAY } }, { [this.field]: 1 });
      if (!more) {
        yield documents;
        return;
      }
      const values = documents.map((document) => fieldValue(this.opened, document, this.field));
      // The last value may have more documents: they are the next page's.
      const kept = values.findIndex((value) => isNear(value, values.at(-1)));
      if (kept > 0) yield documents.slice(0, kept);
      else yield* this.equal(values[0]);
      bounds = { after: { value: values[Math.max(0, kept - 1)] } };
    }
  }

  /** All documents of one value. */
  private async *equal(value: unknown): AsyncIterable<readonly Uint8Array[]> {
    for (const bracket of BRACKETS) {
      let after: Bound | undefined;
      while (!this.signal.aborted) {
        const ids = within(bracket, this.opened.types, after ? { after } : {});
        if (!ids) break;
        const { documents, more } = await this.page(
          { [this.field]: { $eq: value, ...NO_ARRAY }, _id: ids },
          { _id: 1 },
        );
        if (documents.length > 0) yield documents;
        if (!more) break;
        after = { value: fieldValue(this.opened, documents.at(-1)!, '_id') };
      }
    }
  }

  private page(filter: Record<string, unknown>, sort: Record<string, 1>) {
    const { projection } = this.reading;
    const wanted = projection && { ...projection, [this.field]: 1 as const };
    return this.reader.next({ filter, sort, ...(wanted ? { projection: wanted } : {}) }, this.signal);
  }
}

/** A field's value; undefined where the document does not have it. */
export function fieldValue({ bson }: Opened, document: Uint8Array, field: string): unknown {
  const fields = bson.deserialize(document, DECODING);
  return Object.hasOwn(fields, field) ? fields[field] : undefined;
}

/** True for values that may be one to the server: of numbers all that are the same double. */
function isNear(a: unknown, b: unknown): boolean {
  if (bracketOf(a) !== bracketOf(b)) return false;
  if (bracketOf(a) === 'number') return Number(String(a)) === Number(String(b));
  if (typeof a !== 'object' || a === null) return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}
