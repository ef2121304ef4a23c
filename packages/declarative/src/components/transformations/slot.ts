import type { RecordData } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';

/** Changes a record in place. */
export interface Transformation {
  /** `scope` has `stream_slice` and its kin; the record itself is put in by the transformation. */
  transform(record: RecordData, scope: Scope): void;
}
export const transformationSlot = slot<Transformation>('transformation');
