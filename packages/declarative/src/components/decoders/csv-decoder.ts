import { Readable } from 'node:stream';
import type { Json } from '@tidemark/protocol';
import { type BuildContext, component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { charsetOf } from '../../http/response.js';
import { bodyError, looksLikeHtml } from './body-error.js';
import { byteDecoder } from './byte-decoder.js';
import { type BytesHint, decoderSlot } from './slot.js';
import { BATCH_SIZE, decodeText } from './text.js';

interface CsvOptions {
  delimiter: string;
  nulls: ReadonlySet<string>;
}

export const csvDecoder = component('CsvDecoder', {
  slot: decoderSlot,
  doc: 'Each row of the response is a record, its fields named by the first row. Read as it comes, whatever its length.',
  fields: {
    encoding: field
      .string()
      .optional()
      .doc('The encoding of the text; otherwise what the response says, or UTF-8.')
      .example('latin-1'),
    delimiter: field.string().default(',').doc('What stands between two values; `\\t` is a tab.').example(';', '\\t'),
    set_values_to_none: field.list(field.string()).default([]).doc('Values that become null.').example(['', 'NULL']),
  },
  examples: [{ type: 'CsvDecoder', delimiter: ';' }],
  build: ({ fields, context }) => {
    const options: CsvOptions = { delimiter: unescaped(fields.delimiter), nulls: new Set(fields.set_values_to_none) };
    return byteDecoder((bytes, hint) => {
      const encoding = fields.encoding ?? charsetOf(hint.contentType) ?? 'utf-8';
      return csvRows(decodeText(bytes, encoding, hint), options, hint, context);
    });
  },
});

/**
 * The rows of a CSV text as records, in batches. A row that is too short gets nulls, what a row has more than the first one
 * stands under `_extra` as a list.
 */
async function* csvRows(
  text: AsyncIterable<string>,
  options: CsvOptions,
  hint: BytesHint,
  context: BuildContext,
): AsyncIterable<Record<string, Json>[]> {
  const { parse } = await import('csv-parse');
  const parser = parse({
    delimiter: options.delimiter,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: context.settings.responseBytesMax,
  });
  const source = Readable.from(withoutPage(text, hint, context));
  source.on('error', (error) => parser.destroy(error));
  parser.on('close', () => source.destroy());
  let names: string[] | undefined;
  let batch: Record<string, Json>[] = [];
  try {
    for await (const row of source.pipe(parser) as AsyncIterable<string[]>) {
      if (!names) names = row;
      else batch.push(record(names, row, options.nulls));
      if (batch.length < BATCH_SIZE) continue;
      yield batch;
      batch = [];
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('CSV_')) {
      throw bodyError('CSV', { ...hint, text: '' }, context.redact, cause);
    }
    throw cause;
  }
  if (batch.length > 0) yield batch;
}

function record(names: readonly string[], row: readonly string[], nulls: ReadonlySet<string>): Record<string, Json> {
  const made: Record<string, Json> = {};
  for (let i = 0; i < names.length; i++) {
    const value = row[i];
    setKey(made, names[i]!, value === undefined || nulls.has(value) ? null : value);
  }
  if (row.length > names.length) made._extra = row.slice(names.length);
  return made;
}

/** A web page would be read as rows of nonsense. */
async function* withoutPage(
  text: AsyncIterable<string>,
  hint: BytesHint,
  context: BuildContext,
): AsyncIterable<string> {
  let isFirst = true;
  for await (const piece of text) {
    if (isFirst && looksLikeHtml(piece)) throw bodyError('CSV', { ...hint, text: piece }, context.redact);
    isFirst = false;
    yield piece;
  }
}

function unescaped(delimiter: string): string {
  const names: Record<string, string> = { '\\t': '\t', '\\n': '\n', '\\r': '\r', '\\\\': '\\' };
  return (
    names[delimiter] ??
    delimiter.replace(/^\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))$/i, (_, x, u) =>
      String.fromCharCode(Number.parseInt(x ?? u, 16)),
    )
  );
}
