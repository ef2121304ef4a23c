import type { Readable } from 'node:stream';
import { ConnectorError } from '@tidemark/source';
import type { Entry, ZipFile } from 'yauzl';
import { component, field } from '../../component/index.js';
import { byteDecoder } from './byte-decoder.js';
import { collect, ExpansionGuard } from './bytes.js';
import { type BytesHint, decoderSlot } from './slot.js';

const FILES_MAX = 10_000;

export const zipfileDecoder = component('ZipfileDecoder', {
  slot: decoderSlot,
  doc: 'The response is a ZIP file; another decoder reads each file in it, one after the other.',
  fields: { decoder: field.slot(decoderSlot).doc('Reads the content of each file.') },
  examples: [{ type: 'ZipfileDecoder', decoder: { type: 'CsvDecoder' } }],
  build: ({ fields, context }) =>
    byteDecoder(async function* (bytes, hint) {
      const archive = await open(await collect(bytes, context.settings.responseBytesMax), hint);
      let count = 0;
      for await (const entry of entries(archive, hint)) {
        if (entry.fileNameRaw.at(-1) === 0x2f) continue; // a folder
        if (++count > FILES_MAX)
          throw new ConnectorError('system', `A ZIP file of the API has more than ${FILES_MAX} files.`);
        yield* fields.decoder.decodeBytes(content(archive, entry, hint), hint);
      }
    }),
});

async function open(bytes: Uint8Array, hint: BytesHint): Promise<ZipFile> {
  const { fromBuffer } = (await import('yauzl')).default;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Promise((resolve, reject) => {
    // Names are used for nothing, so they are neither decoded nor checked.
    fromBuffer(buffer, { lazyEntries: true, decodeStrings: false }, (error, archive) => {
      if (error || !archive) reject(broken(hint, error));
      else resolve(archive);
    });
  });
}

async function* entries(archive: ZipFile, hint: BytesHint): AsyncIterable<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      archive.removeAllListeners();
      archive.once('entry', resolve);
      archive.once('end', () => resolve(undefined));
      archive.once('error', (error) => reject(broken(hint, error)));
      archive.readEntry();
    });
    if (!entry) return;
    yield entry;
  }
}

async function* content(archive: ZipFile, entry: Entry, hint: BytesHint): AsyncIterable<Uint8Array> {
  const guard = new ExpansionGuard();
  guard.expect(entry.compressedSize);
  try {
    const stream = await new Promise<Readable>((resolve, reject) => {
      archive.openReadStream(entry, (error, opened) => (error || !opened ? reject(error) : resolve(opened)));
    });
    yield* guard.after(stream);
  } catch (cause) {
    throw cause instanceof ConnectorError ? cause : broken(hint, cause);
  }
}

function broken(hint: BytesHint, cause: unknown): ConnectorError {
  return new ConnectorError('system', "The API's answer is not a ZIP file that can be read.", {
    detail: hint.url.split(/[?#]/, 1)[0],
    cause,
  });
}
