import type { Json } from '@tidemark/protocol';
import { type Scope, slot } from '../../component/index.js';

/** One field that is added to records. */
export interface AddedField {
  readonly path: readonly string[];
  value(scope: Scope): Json;
}
export const addedFieldSlot = slot<AddedField>('added field definition');
