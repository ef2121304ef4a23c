import type { Page } from '@tidemark/source';
import type { FileUploader } from './file-slot.js';

/** The same records, each with its file: one at a time, so that whoever wants one record fetches one file. */
export async function* withFiles(
  pages: AsyncIterable<Page>,
  uploader: FileUploader,
  signal: AbortSignal,
): AsyncIterable<Page> {
  for await (const page of pages) {
    if (page.records.length === 0) yield page;
    for (const [index, record] of page.records.entries()) {
      signal.throwIfAborted();
      const own = { ...record };
      await uploader.upload(own, signal);
      yield index === page.records.length - 1 ? { ...page, records: [own] } : { records: [own], more: true };
    }
  }
}
