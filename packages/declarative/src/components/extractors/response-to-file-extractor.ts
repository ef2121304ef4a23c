import { component, field } from '../../component/index.js';
import { decoderSlot } from '../decoders/slot.js';
import { extraction } from './records.js';
import { type Extractor, extractorSlot } from './slot.js';

/** Texts that stand for a missing value in tables of numbers. */
const MISSING = [
  '#N/A',
  '#N/A N/A',
  '#NA',
  '-1.#IND',
  '-1.#QNAN',
  '-NaN',
  '-nan',
  '1.#IND',
  '1.#QNAN',
  '<NA>',
  'N/A',
  'NA',
  'NULL',
  'NaN',
  'None',
  'n/a',
  'nan',
  'null',
];

export const responseToFileExtractor = component('ResponseToFileExtractor', {
  slot: extractorSlot,
  doc: 'Reads a long CSV response, compressed or not, row by row. No file is written: the rows are taken from the stream.',
  fields: {
    preserve_na_values: field
      .boolean()
      .default(false)
      .doc('Texts such as `NA`, `null` and `NaN` stay as they are; only empty values become null.'),
  },
  examples: [{ type: 'ResponseToFileExtractor' }],
  build: ({ fields, context }): Extractor => {
    const nulls = fields.preserve_na_values ? [''] : ['', ...MISSING];
    const rows = { type: 'CsvDecoder', set_values_to_none: nulls };
    return {
      decoder: context.builder.build({ type: 'GzipDecoder', decoder: rows }, decoderSlot, context),
      extract: extraction,
    };
  },
});
