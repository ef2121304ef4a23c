import { component, field } from '../../component/index.js';
import { keyOf } from './record-key.js';
import { type PropertyChunks, propertyChunksSlot, recordMergeSlot } from './slot.js';

/** What stands between two properties in a URL, `%2C`, counts too. */
const DELIMITER_LENGTH = 3;

export const propertyChunking = component('PropertyChunking', {
  slot: propertyChunksSlot,
  doc: 'Asks for the properties of a page in several requests, because the API takes only so many at a time.',
  fields: {
    property_limit_type: field
      .enum('characters', 'property_count')
      .doc('What is limited: the number of properties, or the length of their list.'),
    property_limit: field
      .integer()
      .optional()
      .doc('The most that a request may have, `always_include_properties` left aside. Without it, all go in one.')
      .example(50),
    record_merge_strategy: field
      .slot(recordMergeSlot)
      .optional()
      .defaultType('GroupByKeyMergeStrategy')
      .doc('How the parts of a record are found; without it by `id`.'),
  },
  examples: [
    {
      type: 'PropertyChunking',
      property_limit_type: 'property_count',
      property_limit: 50,
      record_merge_strategy: { type: 'GroupByKeyMergeStrategy', key: 'id' },
    },
  ],
  build({ fields }): PropertyChunks {
    const { property_limit_type: kind, property_limit: limit, record_merge_strategy: strategy } = fields;
    const sizeOf = (property: string): number => (kind === 'characters' ? [...property].length + DELIMITER_LENGTH : 1);
    return {
      mergeKey: strategy ? (record) => strategy.key(record) : (record) => keyOf(record, ['id']),
      cut(properties, always, wanted) {
        if (!limit) return [[...properties, ...always]];
        const chunks: string[][] = [];
        let chunk: string[] = [...always];
        let size = 0;
        for (const property of properties) {
          if (wanted && !wanted.has(property)) continue;
          const more = sizeOf(property);
          if (size > 0 && size + more > limit) {
            chunks.push(chunk);
            chunk = [...always];
            size = 0;
          }
          chunk.push(property);
          size += more;
        }
        return [...chunks, chunk];
      },
    };
  },
});
