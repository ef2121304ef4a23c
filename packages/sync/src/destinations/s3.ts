import type { Destination } from '../destination.js';
import { type FileOptions, filesIn } from './files.js';
import type { S3Access } from './s3/client.js';
import { S3Place } from './s3/s3-place.js';

/** Settings of the S3 destination. */
export interface S3Options extends S3Access, FileOptions {
  bucket: string;
  prefix?: string;
}

/** A bucket of S3, or of a server that speaks its language: Parquet or JSON lines by stream, and a manifest. */
export function s3({ bucket, prefix = '', ...options }: S3Options): Destination {
  return filesIn((warn) => new S3Place(bucket, prefix, options, warn), options);
}
