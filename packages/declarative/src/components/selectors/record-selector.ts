import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { type BuildContext, component, field, type Scope } from '../../component/index.js';
import type { Decoder } from '../decoders/slot.js';
import { type Extraction, type Extractor, extractorSlot } from '../extractors/slot.js';
import {
  type RecordFilter,
  type RecordSelector,
  recordFilterSlot,
  recordSelectorSlot,
  type SchemaNormalization,
  type Selection,
  type SelectOptions,
  schemaNormalizationSlot,
} from './slot.js';
import { defaultNormalization } from './type-normalizer.js';

interface Parts {
  extractor: Extractor;
  filter: RecordFilter | undefined;
  normalization: SchemaNormalization | undefined;
  transformsBeforeFiltering: boolean | undefined;
}

/** The way of a page's records through the steps that the manifest asks for; the steps that it does not ask for cost nothing. */
class StepSelector implements RecordSelector {
  private normalizer: Promise<((record: RecordData) => void) | undefined> | undefined;
  constructor(
    private readonly parts: Parts,
    private readonly context: BuildContext,
  ) {}

  get decoder(): Decoder | undefined {
    return this.parts.extractor.decoder;
  }
  get countIsSum(): boolean {
    return this.parts.extractor.countIsSum === true;
  }

  async select(bodies: readonly unknown[], scope: Scope, { signal, keep }: SelectOptions): Promise<Selection> {
    const found = this.parts.extractor.extract(bodies, signal);
    const { records, count } = found instanceof Promise ? await found : found;
    const selection = await this.refine(records, scope, { signal, keep });
    return count === selection.rawCount ? selection : { ...selection, rawCount: count };
  }

  extract(bodies: readonly unknown[], signal: AbortSignal): Extraction | Promise<Extraction> {
    return this.parts.extractor.extract(bodies, signal);
  }

  async refine(raw: readonly RecordData[], scope: Scope, { keep }: SelectOptions): Promise<Selection> {
    const change = await this.change(scope);
    const last = raw.at(-1);
    if (!change && !this.parts.filter && !keep) {
      return { records: raw as RecordData[], rawCount: raw.length, lastRecord: last };
    }
    const records = this.run(raw, scope, change, keep);
    return { records: records.kept, rawCount: raw.length, lastRecord: records.last ?? (last && attempt(last, change)) };
  }

  private run(
    raw: readonly RecordData[],
    scope: Scope,
    change: Change | undefined,
    keep: SelectOptions['keep'],
  ): { kept: RecordData[]; last: RecordData | undefined } {
    const { filter } = this.parts;
    const filtersFirst = !(
      this.parts.transformsBeforeFiltering ??
      this.context.stream?.transformsBeforeFiltering ??
      false
    );
    const kept: RecordData[] = [];
    let last: RecordData | undefined;
    for (const item of raw) {
      last = undefined;
      if (filter && filtersFirst && !filter.keeps(item, scope)) continue;
      let record = item;
      if (change) {
        record = { ...item };
        change.transform(record);
        last = record;
        if (filter && !filtersFirst && !filter.keeps(record, scope)) continue;
        change.normalize?.(record);
      } else if (filter && !filtersFirst && !filter.keeps(record, scope)) continue;
      last = record;
      if (!keep || keep(record)) kept.push(record);
    }
    return { kept, last };
  }

  /** What is done to each record of this page; undefined when nothing is. */
  private async change(scope: Scope): Promise<Change | undefined> {
    const transformations = this.context.stream?.transformations ?? [];
    const normalize = this.parts.normalization ? await this.compiledNormalizer(this.parts.normalization) : undefined;
    if (transformations.length === 0 && !normalize) return undefined;
    const transform = (record: RecordData): void => {
      for (const transformation of transformations) transformation.transform(record, scope);
    };
    return { transform, normalize };
  }

  private compiledNormalizer(normalization: SchemaNormalization): Promise<((record: RecordData) => void) | undefined> {
    this.normalizer ??= (async () => {
      const schema: JsonObject | undefined = await this.context.stream?.schema?.();
      return schema && Object.keys(schema).length > 0 ? normalization.normalizer(schema) : undefined;
    })();
    return this.normalizer;
  }
}

interface Change {
  transform(record: RecordData): void;
  normalize?(record: RecordData): void;
}

/** A record that a filter dropped, as pagination should see it: where it cannot be transformed, as it came. */
function attempt(item: RecordData, change: Change | undefined): RecordData {
  if (!change) return item;
  const record = { ...item };
  try {
    change.transform(record);
    change.normalize?.(record);
    return record;
  } catch {
    return item;
  }
}

export const recordSelector = component('RecordSelector', {
  slot: recordSelectorSlot,
  doc: 'Makes records of a response: extracts them, filters, transforms, and brings them into the types of the schema.',
  fields: {
    extractor: field
      .slot(extractorSlot)
      .defaultType('DpathExtractor')
      .doc('Finds the records in the decoded response.'),
    record_filter: field.slot(recordFilterSlot).defaultType('RecordFilter').optional().doc('Drops records.'),
    schema_normalization: field
      .either(field.enum('None', 'Default'), field.slot(schemaNormalizationSlot))
      .default('None')
      .doc("`Default` brings values into the types that the stream's schema names; `None` leaves them as they came."),
    transform_before_filtering: field
      .boolean()
      .optional()
      .doc('The filter sees records after the transformations. On for client-side incremental streams unless set.'),
  },
  examples: [{ type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } }],
  build: ({ fields, context }): RecordSelector => {
    const kind = fields.schema_normalization;
    return new StepSelector(
      {
        extractor: fields.extractor,
        filter: fields.record_filter,
        normalization: kind === 'None' ? undefined : kind === 'Default' ? defaultNormalization : kind,
        transformsBeforeFiltering: fields.transform_before_filtering,
      },
      context,
    );
  },
});
