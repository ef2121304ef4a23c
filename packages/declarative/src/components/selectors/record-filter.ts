import type { RecordData } from '@tidemark/source';
import { component, type Expression, field, type Scope } from '../../component/index.js';
import { type RecordFilter, recordFilterSlot } from './slot.js';

/** Keeps the records for which a condition holds. */
class ConditionFilter implements RecordFilter {
  private outer: Scope | undefined;
  private inner: Scope = {};
  constructor(private readonly condition: Expression) {}

  keeps(record: RecordData, scope: Scope): boolean {
    // One scope for all records of a page: only the record in it changes.
    if (scope !== this.outer) {
      this.outer = scope;
      this.inner = { ...scope };
    }
    this.inner.record = record;
    return this.condition.isTrue(this.inner);
  }
}

export const recordFilter = component('RecordFilter', {
  slot: recordFilterSlot,
  doc: 'Keeps the records for which a condition holds, and drops the others.',
  fields: {
    condition: field
      .template({
        scope: ['record', 'stream_slice', 'stream_partition', 'stream_interval', 'next_page_token'],
        allow: ['boolean'],
      })
      .default('')
      .doc('True for a record that stays. Without a condition all records stay.')
      .example(
        "{{ record.status in ['active', 'expired'] }}",
        "{{ record['created_at'] >= stream_interval['start_time'] }}",
      ),
  },
  examples: [{ type: 'RecordFilter', condition: "{{ record['deleted'] is false }}" }],
  build: ({ fields }): RecordFilter =>
    fields.condition.source.trim() === '' ? { keeps: () => true } : new ConditionFilter(fields.condition),
});
