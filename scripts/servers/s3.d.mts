import type { Availability, Server } from './supervised.mjs';

export interface S3Options {
  /** A fixed port; without it a free one. */
  port?: number;
  /** A bucket that is there from the start; `tidemark` by default. */
  bucket?: string;
  /** Any will do: moto checks neither keys nor signatures. */
  accessKeyId?: string;
  secretAccessKey?: string;
}

export interface S3Server extends Server {
  /** The endpoint, without the bucket; to be used with path-style addresses. `user` and `password` are the keys. */
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
}

export declare const MOTO_VERSION: string;
/** Where install.mjs puts it. */
export declare const motoFolder: string;
export declare function s3Available(): Availability;
/** Objects are in memory: `restart` and `kill` lose them (the empty bucket is made anew). */
export declare function startS3(options?: S3Options): Promise<S3Server>;
