import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { S3Server } from '../../../scripts/servers/s3.mjs';

/** How the destination reaches the server of the tests. */
export function accessOf({ url, bucket, region, user, password }: S3Server) {
  return { bucket, endpoint: url, region, accessKeyId: user, secretAccessKey: password };
}

export function clientOf(server: S3Server): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = accessOf(server);
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}

/** The keys below a prefix, without it. */
export async function keysOf(server: S3Server, prefix: string): Promise<string[]> {
  const client = clientOf(server);
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: server.bucket, Prefix: `${prefix}/` }))
    for (const { Key = '' } of page.Contents ?? []) keys.push(Key.slice(prefix.length + 1));
  client.destroy();
  return keys;
}

/** Everything below a prefix, copied to a folder of this machine as any tool would do it. */
export async function download(server: S3Server, prefix: string, folder: string): Promise<string> {
  const client = clientOf(server);
  for (const key of await keysOf(server, prefix)) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: server.bucket, Key: `${prefix}/${key}` }));
    mkdirSync(dirname(`${folder}/${key}`), { recursive: true });
    writeFileSync(`${folder}/${key}`, await Body!.transformToByteArray());
  }
  client.destroy();
  return folder;
}
