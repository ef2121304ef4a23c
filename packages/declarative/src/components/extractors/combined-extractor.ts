import type { RecordData } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type Extraction, type Extractor, extractorSlot } from './slot.js';

export const combinedExtractor = component('CombinedExtractor', {
  slot: extractorSlot,
  doc: 'Takes records from several places of a response: from all of them, or from the first that has any.',
  fields: {
    extractors: field
      .list(field.slot(extractorSlot).defaultType('DpathExtractor'))
      .doc('The places, in their order. At least one.'),
    mode: field
      .enum('union', 'first_match')
      .default('union')
      .doc(
        '`union`: the records of all places (not with OffsetIncrement: the sum is no offset). `first_match`: those of the first that has any.',
      ),
    skip_empty_records: field
      .boolean()
      .default(false)
      .doc('Leaves out records that are null or empty; they still count for the page.'),
  },
  examples: [
    {
      type: 'CombinedExtractor',
      mode: 'first_match',
      extractors: [
        { type: 'DpathExtractor', field_path: ['data', 'items'] },
        { type: 'DpathExtractor', field_path: ['items'] },
      ],
    },
  ],
  build: ({ fields }): Extractor => {
    const { extractors, mode, skip_empty_records: skipsEmpty } = fields;
    const some = async (extractor: Extractor, bodies: readonly unknown[], signal: AbortSignal): Promise<Extraction> => {
      const found = await extractor.extract(bodies, signal);
      return skipsEmpty ? { ...found, records: found.records.filter(isFilled) } : found;
    };
    return {
      decoder: extractors.find((extractor) => extractor.decoder)?.decoder,
      countIsSum:
        mode === 'union'
          ? extractors.length > 1 || extractors[0]?.countIsSum
          : extractors.some((extractor) => extractor.countIsSum),
      async extract(bodies, signal) {
        const union: { records: RecordData[]; count: number } = { records: [], count: 0 };
        for (const extractor of extractors) {
          const found = await some(extractor, bodies, signal);
          if (mode === 'first_match') {
            if (found.records.length > 0) return found;
            continue;
          }
          for (const record of found.records) union.records.push(record);
          union.count += found.count;
        }
        return union;
      },
      async values(bodies, signal) {
        const union: unknown[] = [];
        for (const extractor of extractors) {
          const found = extractor.values
            ? await extractor.values(bodies, signal)
            : (await some(extractor, bodies, signal)).records;
          if (mode === 'first_match' && found.length > 0) return found;
          union.push(...found);
        }
        return mode === 'union' ? union : [];
      },
    };
  },
});

function isFilled(record: RecordData): boolean {
  return Object.keys(record).length > 0;
}
