import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Overtaken, type Place, type PlacedFile, type PlacedText } from '../files/place.js';
import { workFolderIn } from '../files/work-folder.js';
import { connectS3, type S3Access, type S3Client } from './client.js';
import { failureOf, s3Error } from './s3-errors.js';

/** S3 takes at most 10,000 parts of a file; each is held in memory while it is sent. */
const UPLOAD_BYTES = 8 * 1024 * 1024;
const UPLOAD_PARTS = 9_000;
const DELETE_MAX = 1_000;
const TRIES = 4;

/** A bucket of S3, or of a server that speaks its language; all keys begin with the prefix. */
export class S3Place implements Place {
  readonly name: string;
  private readonly prefix: string;
  private connected: Promise<S3Client> | undefined;
  /** Whether the server honours If-Match and If-None-Match: what keeps two runners apart in one step. */
  private isConditional: boolean | undefined;

  constructor(
    private readonly bucket: string,
    prefix: string,
    private readonly access: S3Access,
    private readonly warn: (message: string) => void = () => undefined,
  ) {
    const path = prefix.replace(/^\/+|\/+$/g, '');
    this.prefix = path === '' ? '' : `${path}/`;
    this.name = `s3://${bucket}${path === '' ? '' : `/${path}`}`;
  }

  async open(): Promise<boolean> {
    await this.ask(({ sdk, client }) =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: this.bucket, Prefix: this.prefix, MaxKeys: 1 })),
    );
    return true;
  }

  async workFolder(connection: string, token: number): Promise<string> {
    const digest = createHash('sha256').update(`${this.access.endpoint} ${this.name} ${connection}`).digest('hex');
    return this.ask(() => workFolderIn(tmpdir(), `tidemark-s3-${digest.slice(0, 16)}`, token));
  }

  async read(path: string): Promise<PlacedText | undefined> {
    return this.ask(async ({ sdk, client }) => {
      try {
        const found = await client.send(new sdk.GetObjectCommand({ Bucket: this.bucket, Key: this.key(path) }));
        return { text: (await found.Body?.transformToString('utf8')) ?? '', version: found.ETag ?? '' };
      } catch (error) {
        if (failureOf(error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  async replace(path: string, text: string, expected: string | undefined): Promise<string> {
    if (this.isConditional === false) return this.replaceUnguarded(path, text, expected);
    const condition = expected === undefined ? { IfNoneMatch: '*' } : { IfMatch: expected };
    for (let tried = 1; ; tried++) {
      try {
        const version = await this.write(path, text, condition);
        if (this.isConditional === undefined) await this.probe(path, text);
        return version;
      } catch (error) {
        const { name, code, status } = failureOf(error);
        if (status === 412 || (expected !== undefined && name === 'NoSuchKey')) throw new Overtaken(path);
        if (this.isConditional === undefined && (status === 501 || code === 'NotImplemented')) {
          this.isUnguarded();
          return this.replaceUnguarded(path, text, expected);
        }
        // Another conditional request was on its way at the same moment: whose was first is known afterwards.
        if (status !== 409 || tried === TRIES) throw s3Error(error, this.name);
        await sleep(50 * 2 ** tried);
      }
    }
  }

  async put(file: string, path: string): Promise<void> {
    const { Upload } = await import('@aws-sdk/lib-storage');
    await this.ask(async ({ client }) => {
      const { size } = await stat(file);
      const upload = new Upload({
        client,
        params: { Bucket: this.bucket, Key: this.key(path), Body: createReadStream(file) },
        partSize: Math.max(UPLOAD_BYTES, Math.ceil(size / UPLOAD_PARTS)),
        queueSize: 2,
      });
      await upload.done();
      await rm(file, { force: true });
    });
  }

  async fetch(path: string, folder: string): Promise<string> {
    const file = join(folder, `from-${path.slice(path.lastIndexOf('/') + 1)}`);
    return this.ask(async ({ sdk, client }) => {
      for (let tried = 1; ; tried++) {
        try {
          const found = await client.send(new sdk.GetObjectCommand({ Bucket: this.bucket, Key: this.key(path) }));
          await pipeline(found.Body as Readable, createWriteStream(file));
          return file;
        } catch (error) {
          // The SDK tries requests again, not bodies that break off.
          if (tried === TRIES || failureOf(error).status !== undefined) throw error;
          await sleep(100 * 2 ** tried);
        }
      }
    });
  }

  async copy(from: string, to: string): Promise<void> {
    const source = `${this.bucket}/${this.key(from)}`.split('/').map(encodeURIComponent).join('/');
    await this.ask(({ sdk, client }) =>
      client.send(new sdk.CopyObjectCommand({ Bucket: this.bucket, Key: this.key(to), CopySource: source })),
    );
  }

  async list(folder: string): Promise<PlacedFile[]> {
    const files: PlacedFile[] = [];
    for await (const { Contents } of this.listed(folder))
      for (const { Key = '', Size = 0 } of Contents ?? [])
        files.push({ path: Key.slice(this.prefix.length), bytes: Size });
    return files;
  }

  async folders(folder: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { CommonPrefixes } of this.listed(folder))
      for (const { Prefix = '' } of CommonPrefixes ?? []) names.push(Prefix.slice(this.key(folder).length + 1, -1));
    return names;
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += DELETE_MAX) {
      const Objects = paths.slice(at, at + DELETE_MAX).map((path) => ({ Key: this.key(path) }));
      await this.ask(async ({ sdk, client }) => {
        const Delete = { Objects, Quiet: true };
        const { Errors = [] } = await client.send(new sdk.DeleteObjectsCommand({ Bucket: this.bucket, Delete }));
        const [first] = Errors;
        if (first) throw Object.assign(new Error(first.Message), { name: first.Code });
      });
    }
  }

  /** Uploads in pieces that were never completed cost money and are in no list of files. */
  async tidy(folder: string): Promise<void> {
    const { sdk, client } = await this.connect();
    try {
      const Prefix = `${this.key(folder)}/`;
      const { Uploads = [] } = await client.send(
        new sdk.ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix, Delimiter: '/' }),
      );
      for (const { Key, UploadId } of Uploads)
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId }));
    } catch {
      // Not everybody may list them, and not every server has them: a lifecycle rule of the bucket does the same.
    }
  }

  async close(workFolder: string | undefined): Promise<void> {
    if (workFolder) await rm(workFolder, { recursive: true, force: true }).catch(() => undefined);
    const connected = await this.connected?.catch(() => undefined);
    connected?.client.destroy();
    this.connected = undefined;
  }

  private async write(path: string, text: string, condition: { IfMatch?: string; IfNoneMatch?: string }) {
    const { sdk, client } = await this.connect();
    const object = { Bucket: this.bucket, Key: this.key(path), Body: text, ContentType: 'application/json' };
    const { ETag } = await client.send(new sdk.PutObjectCommand({ ...object, ...condition }));
    return ETag ?? '';
  }

  /** The same text once more, under a condition that does not hold: a server that takes it knows no conditions. */
  private async probe(path: string, text: string): Promise<void> {
    try {
      await this.write(path, text, { IfNoneMatch: '*' });
      this.isUnguarded();
    } catch (error) {
      if (failureOf(error).status !== 412) throw error;
      this.isConditional = true;
    }
  }

  private isUnguarded(): void {
    this.isConditional = false;
    this.warn(
      `${this.name}: this server ignores If-Match and If-None-Match. Two runners of one connection are kept apart by the lease alone: let only one run at a time.`,
    );
  }

  private async replaceUnguarded(path: string, text: string, expected: string | undefined): Promise<string> {
    const found = await this.read(path);
    if (found?.version !== expected) throw new Overtaken(path);
    return this.ask(() => this.write(path, text, {}));
  }

  private async *listed(folder: string) {
    const { sdk, client } = await this.connect();
    const Prefix = folder === '' ? this.prefix : `${this.key(folder)}/`;
    let ContinuationToken: string | undefined;
    do {
      const request = { Bucket: this.bucket, Prefix, Delimiter: '/', ContinuationToken };
      const page = await this.ask(() => client.send(new sdk.ListObjectsV2Command(request)));
      yield page;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  private key(path: string): string {
    return `${this.prefix}${path}`;
  }

  private connect(): Promise<S3Client> {
    this.connected ??= connectS3(this.access);
    return this.connected;
  }

  private async ask<T>(work: (connected: S3Client) => Promise<T>): Promise<T> {
    try {
      return await work(await this.connect());
    } catch (error) {
      throw error instanceof Overtaken ? error : s3Error(error, this.name);
    }
  }
}
