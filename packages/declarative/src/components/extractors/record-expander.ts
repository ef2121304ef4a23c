import { type Json, stringify } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { type BuildContext, component, type Expression, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { type Retriever, retrieverSlot } from '../retrievers/slot.js';
import { type RecordExpander, recordExpanderSlot } from './expander-slot.js';
import { type ParentField, parentFieldSlot } from './parent-field-slot.js';
import { plainPath } from './plain-path.js';
import { isRecord } from './records.js';

interface Settings {
  list: Path;
  listText: string;
  keepsOriginal: boolean;
  mergesParent: boolean;
  parentFields: readonly ParentField[];
  emitsParent: boolean;
  truncation: { indicator: Path; total: Path } | undefined;
  retriever: Retriever | undefined;
  warn: (message: string) => void;
}

/** Makes a record of each item of a list inside a record. */
class ListExpander implements RecordExpander {
  private hasWarned = false;
  constructor(private readonly settings: Settings) {}

  expand(records: readonly unknown[], signal: AbortSignal): unknown[] | Promise<unknown[]> {
    const { truncation, retriever } = this.settings;
    if (truncation && retriever) return this.expandWhole(records, truncation, retriever, signal);
    const items: unknown[] = [];
    for (const record of records) this.addItems(record, items);
    return items;
  }

  /** As `expand`, but lists that the API has cut short are asked for whole. */
  private async expandWhole(
    records: readonly unknown[],
    truncation: { indicator: Path; total: Path },
    retriever: Retriever,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const items: unknown[] = [];
    for (const record of records) {
      if (!isRecord(record) || !truncation.indicator.get(record)) {
        this.addItems(record, items);
        continue;
      }
      const before = items.length;
      const retrieval = { partition: { parent_record: record as Record<string, Json> }, slice: {}, signal };
      for await (const page of retriever.pages(retrieval)) {
        for (const item of page.records) items.push(this.withParent(record, item));
      }
      const count = items.length - before;
      const total = truncation.total.get(record);
      if (typeof total === 'number' && count < total)
        this.warn(`only ${count} of ${total} items of a list were fetched`);
      if (count === 0) this.addItems(record, items);
    }
    return items;
  }

  private addItems(record: unknown, items: unknown[]): void {
    const { list, emitsParent, truncation, retriever } = this.settings;
    if (!isRecord(record)) {
      items.push(record);
      return;
    }
    const before = items.length;
    for (const found of list.values(record)) {
      if (Array.isArray(found)) for (const item of found) items.push(this.withParent(record, item as Json));
    }
    if (items.length === before && emitsParent) items.push(record);
    if (!retriever && truncation?.indicator.get(record)) {
      this.warn('the API has cut lists short, and no truncated_list_retriever fetches the rest');
    }
  }

  /** The item with what it takes from the record around it: merged, then copied fields, then the record as a whole. */
  private withParent(parent: RecordData, item: Json | RecordData): unknown {
    const { mergesParent, parentFields, keepsOriginal, list } = this.settings;
    if (!mergesParent && parentFields.length === 0 && !keepsOriginal) return item;
    const own: RecordData = isRecord(item) ? item : { value: item as Json };
    const made: RecordData = mergesParent ? { ...list.without(parent, Array.isArray), ...own } : { ...own };
    for (const copyOnto of parentFields) copyOnto(parent, made);
    if (keepsOriginal) made.original_record = parent as Record<string, Json>;
    return made;
  }

  private warn(what: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.settings.warn(
      `Expanding ${this.settings.listText}: ${what}. This is said once; other records may be concerned.`,
    );
  }
}

export const recordExpander = component('RecordExpander', {
  slot: recordExpanderSlot,
  doc: 'Makes a record of each item of a list inside each record.',
  fields: {
    expand_records_from_field: field
      .list(field.template())
      .doc('Where the list stands in a record; with wildcards, every list that is found.')
      .example(['lines', 'data'], ['sections', '*', 'items']),
    remain_original_record: field.boolean().default(false).doc('The record goes along in the field `original_record`.'),
    parent_fields: field
      .list(field.slot(parentFieldSlot).defaultType('ParentFieldPath'))
      .default([])
      .doc('Values of the record that are copied onto each item.'),
    merge_parent: field
      .boolean()
      .default(false)
      .doc('Each item gets the fields of the record, without the list; its own fields win.'),
    on_no_records: field
      .enum('skip', 'emit_parent')
      .default('skip')
      .doc('What becomes of a record without items: nothing, or the record itself.'),
    truncation_indicator_path: field
      .list(field.template())
      .optional()
      .doc('Leads to a field of the record that is true when the API has cut the list short.')
      .example(['data', 'object', 'lines', 'has_more']),
    truncated_list_retriever: field
      .lazy(retrieverSlot)
      .optional()
      .doc("Fetches the whole list then; `stream_slice['parent_record']` is the record."),
  },
  examples: [{ type: 'RecordExpander', expand_records_from_field: ['lines', 'data'], remain_original_record: true }],
  build: ({ fields, context }): RecordExpander => {
    if (fields.expand_records_from_field.length === 0) return { expand: (records) => [...records] };
    const build = fields.truncated_list_retriever;
    const segments = fields.expand_records_from_field.map((segment) => segment.text());
    const truncation = fields.truncation_indicator_path && truncationOf(fields.truncation_indicator_path);
    if (build && truncation) plainPath(fields.expand_records_from_field, 'expand_records_from_field');
    return new ListExpander({
      list: new Path(segments),
      listText: stringify(segments),
      keepsOriginal: fields.remain_original_record,
      mergesParent: fields.merge_parent,
      parentFields: fields.parent_fields,
      emitsParent: fields.on_no_records === 'emit_parent',
      truncation,
      retriever: build?.(listContext(context)),
      warn: (message) => context.log('WARN', message),
    });
  },
});

function truncationOf(templates: readonly Expression[]): Settings['truncation'] {
  const { path, segments } = plainPath(templates, 'truncation_indicator_path');
  return { indicator: path, total: new Path([...segments.slice(0, -1), 'total_count']) };
}

/** The retriever of a list is no part of the stream: its records are not transformed on the way. */
function listContext(context: BuildContext): BuildContext {
  return { ...context, stream: { name: context.stream?.name ?? '', primaryKey: [] } };
}
