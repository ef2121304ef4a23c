import type { Json } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { component, type Expression, field, type Scope } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { setAtPath } from '../../component/set-at-path.js';
import { type AddedField, addedFieldSlot } from './added-field-slot.js';
import { type Transformation, transformationSlot } from './slot.js';

/** Adds fields, one after the other: each sees those that were added before it. */
class FieldAdder implements Transformation {
  private outer: Scope | undefined;
  private inner: Scope = {};
  constructor(
    private readonly added: readonly AddedField[],
    private readonly condition: Expression | undefined,
  ) {}

  transform(record: RecordData, scope: Scope): void {
    // One scope for all records of a page: only the record in it changes.
    if (scope !== this.outer) {
      this.outer = scope;
      this.inner = { ...scope };
    }
    const { inner } = this;
    inner.record = record;
    for (const { path, value: evaluate } of this.added) {
      const value: Json = evaluate(inner);
      if (this.condition && !this.condition.isTrue({ ...inner, value, path })) continue;
      if (path.length === 1) setKey(record, path[0]!, value);
      else setAtPath(record, path, value);
    }
  }
}

export const addFields = component('AddFields', {
  slot: transformationSlot,
  doc: 'Adds fields to records, or gives them new values.',
  fields: {
    fields: field
      .list(field.slot(addedFieldSlot).defaultType('AddedFieldDefinition'))
      .doc('The fields, in the order in which they are added.'),
    condition: field
      .template({
        scope: ['record', 'value', 'path', 'stream_slice', 'stream_partition', 'stream_interval'],
        allow: ['boolean'],
      })
      .default('')
      .doc('Adds a field only where this holds; `value` is what would be added, `path` where.')
      .example('{{ value is not none }}', "{{ record['kind'] == 'order' }}"),
  },
  examples: [
    {
      type: 'AddFields',
      fields: [{ type: 'AddedFieldDefinition', path: ['shop_id'], value: '{{ config.shop_id }}' }],
    },
  ],
  build: ({ fields }): Transformation =>
    new FieldAdder(fields.fields, fields.condition.source.trim() === '' ? undefined : fields.condition),
});
