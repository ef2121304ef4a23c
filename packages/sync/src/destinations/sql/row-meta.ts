import { stringify } from '@tidemark/protocol';
import type { RecordChange } from '@tidemark/source';
import type { Change } from './problems.js';

/** Units whose text is kept: a page's rows are of one. */
const KEPT = 1_000;

/** Makes `_airbyte_meta`. Its text begins with the job's number and ends with the unit, so that both are found without JSON. */
export class RowMeta {
  private readonly units = new Map<string, string>();

  /** `clean` makes of the text what the database can hold. */
  constructor(
    private readonly syncId: number,
    private readonly clean: (text: string) => string = (text) => text,
  ) {}

  /** What the source noted comes first, then what did not fit here. */
  text(unit: string, noted: readonly RecordChange[] | undefined, changes: readonly Change[]): string {
    if (noted || changes.length > 0) {
      const all = [...(noted ?? []).map((change) => ({ ...change })), ...changes];
      return this.clean(stringify({ sync_id: this.syncId, changes: all, unit }));
    }
    let text = this.units.get(unit);
    if (text === undefined) {
      text = this.clean(stringify({ sync_id: this.syncId, changes: [], unit }));
      if (this.units.size > KEPT) this.units.clear();
      this.units.set(unit, text);
    }
    return text;
  }
}

/** How the text of a row's meta ends that came from the unit, and of no other. */
export function metaEnd(unit: string): string {
  return `,"unit":${stringify(unit)}}`;
}

/** The characters before the job's number in a row's meta; a comma stands after it. */
export const META_BEGIN = '{"sync_id":';
