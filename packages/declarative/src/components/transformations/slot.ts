import type { RecordData } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';

/**
 * Changes a record. The record's own fields are changed in place; what lies below them is shared with the response (which
 * the paginator still reads) and is replaced by a changed copy, never changed.
 */
export interface Transformation {
  /** `scope` has `stream_slice` and its kin; the record itself is put in by the transformation. */
  transform(record: RecordData, scope: Scope): void;
}
export const transformationSlot = slot<Transformation>('transformation');
