import type { FileReference } from '@tidemark/protocol';
import type { RecordData } from './stream.js';

const FILE = Symbol('file');

/** Says that a file belongs to a record. It travels with the record, not in it: no field of the record changes. */
export function attachFile(record: RecordData, file: FileReference): void {
  Object.defineProperty(record, FILE, { value: file, configurable: true });
}

/** The file that belongs to a record. */
export function attachedFile(record: RecordData): FileReference | undefined {
  return (record as { [FILE]?: FileReference })[FILE];
}
