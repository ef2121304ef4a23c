import { resolve } from 'node:path';
import type { BookStore } from '../books.js';
import type { Destination } from '../destination.js';
import { FileSession } from './jsonl/file-session.js';
import { stdoutSession } from './jsonl/stdout-session.js';

/** JSON lines in a file, or with `-` to standard output; jobs and states are kept in the given store. */
export function jsonl(path: string, store: BookStore, out: NodeJS.WritableStream = process.stdout): Destination {
  return {
    name: `jsonl:${path}`,
    async open(options) {
      // To look is to look into the books.
      if (path === '-' || options.readOnly) return stdoutSession(out, await store.open(options), options);
      return FileSession.open(resolve(path), store, options);
    },
  };
}
