// An S3-compatible server: moto[server] from PyPI, in a virtual environment of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveWhenRun } from './command-line.mjs';
import { serversFolder, supervised } from './supervised.mjs';

export const MOTO_VERSION = '5.2.5';
export const motoFolder = join(serversFolder, `moto-${MOTO_VERSION}`);
const REGION = 'us-east-1';

export function s3Available() {
  if (existsSync(join(motoFolder, '.installed'))) return { ok: true };
  return { ok: false, why: 'the S3-compatible server moto is not installed: node scripts/servers/install.mjs s3' };
}

export async function startS3(options = {}) {
  const { ok, why } = s3Available();
  if (!ok) throw new Error(why);
  const { port, bucket = 'tidemark', accessKeyId = 'tidemark', secretAccessKey = 'tidemark-secret' } = options;
  const serve = 'import sys; from moto.server import main; main(sys.argv[1:])';
  const running = await supervised({
    name: 's3',
    port,
    command: (place) => [join(motoFolder, 'bin/python'), '-c', serve, '-H', '127.0.0.1', '-p', String(place.port)],
    isReady: ({ port: at }) => answers(at),
  });
  const url = `http://127.0.0.1:${running.port}`;
  const restart = running.restart;
  const known = { user: accessKeyId, password: secretAccessKey, database: bucket, url, bucket, region: REGION };
  const server = Object.defineProperties(running, Object.getOwnPropertyDescriptors(known));
  server.restart = async () => {
    await restart();
    await makeBucket(url, bucket);
  };
  await makeBucket(url, bucket);
  return server;
}

async function answers(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/moto-api/`)).ok;
  } catch {
    return false;
  }
}

/** Moto asks for no signature. */
async function makeBucket(url, bucket) {
  const response = await fetch(`${url}/${bucket}`, { method: 'PUT' });
  if (!response.ok) throw new Error(`the bucket ${bucket} could not be made: ${response.status}`);
}

await serveWhenRun(import.meta.url, startS3);
