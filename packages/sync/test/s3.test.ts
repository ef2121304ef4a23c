import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describeDestination } from '@tidemark/sync/testing';
import { describeWith, s3 as s3Server } from '../../../scripts/servers/vitest.mjs';
import { s3 } from '../src/destinations/s3.ts';
import { temporaryFolder } from './duckdb-file.ts';
import { readStream } from './files-reader.ts';
import { accessOf, clientOf, download, keysOf } from './s3-reader.ts';

const folder = temporaryFolder();
let places = 0;
let copies = 0;

describeWith(s3Server, 'S3', (server) => {
  describeDestination('s3', {
    place: async () => `data/place-${++places}`,
    destination: (prefix) => s3({ ...accessOf(server()), prefix }),
    read: async (prefix, stream) => readStream(await download(server(), prefix, `${folder}/${++copies}`), stream),
    async drop(prefix, stream) {
      const client = clientOf(server());
      for (const key of await keysOf(server(), `${prefix}/${stream}`))
        await client.send(new DeleteObjectCommand({ Bucket: server().bucket, Key: `${prefix}/${stream}/${key}` }));
      client.destroy();
    },
    /** As if the holder had said nothing for longer than its lease. */
    async expireLease(prefix, connection) {
      const client = clientOf(server());
      const object = { Bucket: server().bucket, Key: `${prefix}/_tidemark/${connection}/lease.json` };
      const { Body } = await client.send(new GetObjectCommand(object));
      const lease = JSON.parse(await Body!.transformToString()) as object;
      await client.send(new PutObjectCommand({ ...object, Body: JSON.stringify({ ...lease, expires: 1 }) }));
      client.destroy();
    },
  });
});
