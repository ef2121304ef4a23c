import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** Fetches the file that belongs to a record. */
export interface FileUploader {
  /** Stores the file and attaches it to the record. Throws ConnectorError when the record names none. */
  upload(record: RecordData, signal: AbortSignal): Promise<void>;
}
export const fileUploaderSlot = slot<FileUploader>('file uploader');
