import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createTransport } from '../../src/http/undici-transport.js';
import { zip } from '../decoders/zip.js';
import { type LocalServer, serve } from '../http/local-server.js';
import { connect, manifestOf, readAll, streamOf } from '../run-source.js';

const BYTES_MAX = 4 * 1024 * 1024;
const HUGE = 72 * 1024 * 1024;
const MEMORY_MAX = 64 * 1024 * 1024;
let server: LocalServer | undefined;
afterEach(() => server?.close());

/** Reads a stream whose API answers with these bytes, over a real connection; its error and the memory it took. */
async function read(body: Buffer, headers: Record<string, string>, decoder: Record<string, unknown>) {
  server = await serve((_request, response) => response.writeHead(200, headers).end(body));
  const transport = createTransport({ responseBytesMax: BYTES_MAX, env: {}, holdsSecret: () => false });
  const stream = streamOf('a', '/a', {
    requester: { url_base: server.url, error_handler: { type: 'DefaultErrorHandler', max_retries: 0 } },
    retriever: {
      decoder: decoder as never,
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
    },
  });
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }, 5);
  try {
    const connection = await connect(manifestOf({ streams: [stream] }), {
      api: transport as never,
      settings: { responseBytesMax: BYTES_MAX },
    });
    const { records, errors } = await readAll(connection);
    await connection.close?.();
    return { error: errors.map(String).join(), count: records.a?.length ?? 0, peak };
  } finally {
    clearInterval(watch);
  }
}

const JSON_LINES = { type: 'JsonlDecoder' };
const JSON_BODY = { type: 'JsonDecoder' };
const lines = Buffer.alloc(HUGE, `{"x":"${'x'.repeat(10_000)}"}\n`);
const oneText = Buffer.concat([Buffer.from('["'), Buffer.alloc(HUGE, 'x'), Buffer.from('"]')]);

describe('little that becomes far too much is refused, in bounded memory', () => {
  it.each([
    ['gzip, by its header', gzipSync(oneText), { 'content-encoding': 'gzip' }, JSON_BODY],
    ['deflate, by its header', deflateSync(oneText), { 'content-encoding': 'deflate' }, JSON_BODY],
    ['brotli, by its header', brotliCompressSync(oneText), { 'content-encoding': 'br' }, JSON_BODY],
    ['gzip in gzip, by its header', gzipSync(gzipSync(oneText)), { 'content-encoding': 'gzip, gzip' }, JSON_BODY],
    ['a gzip file with one JSON text', gzipSync(oneText), {}, { type: 'GzipDecoder', decoder: JSON_BODY }],
    ['a gzip file of lines', gzipSync(lines), {}, { type: 'GzipDecoder', decoder: JSON_LINES }],
    [
      'gzip in gzip',
      gzipSync(gzipSync(lines)),
      {},
      { type: 'GzipDecoder', decoder: { type: 'GzipDecoder', decoder: JSON_LINES } },
    ],
    [
      'a ZIP file',
      zip({ 'a.jsonl': lines }, { deflated: deflateRawSync(lines) }),
      {},
      { type: 'ZipfileDecoder', decoder: JSON_LINES },
    ],
  ])('%s', async (_name, body, headers, decoder) => {
    const { error, peak } = await read(body, headers as Record<string, string>, decoder);
    expect(error).toMatch(/larger than|expands to more than|too large|larger/);
    expect(peak).toBeLessThan(MEMORY_MAX);
  });

  it('one line without end', async () => {
    const line = gzipSync(Buffer.alloc(HUGE, 'x'));
    const { error } = await read(line, {}, { type: 'GzipDecoder', decoder: { type: 'CsvDecoder' } });
    expect(error).toMatch(/CSV_MAX_RECORD_SIZE|larger|not CSV/);
  });
});

it('much that was honestly packed is read, in bounded memory', async () => {
  // Text that packs as real data does: its size is no reason to refuse it.
  const rows = Array.from(
    { length: 150_000 },
    (_, id) => `{"id":${id},"h":"${createHash('md5').update(String(id)).digest('base64')}"}\n`,
  );
  const { error, count, peak } = await read(gzipSync(rows.join('')), {}, { type: 'GzipDecoder', decoder: JSON_LINES });
  expect(error).toBe('');
  expect(count).toBe(150_000);
  expect(peak).toBeLessThan(MEMORY_MAX);
});
