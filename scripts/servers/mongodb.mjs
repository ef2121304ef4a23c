// A stand-in for MongoDB: mongo-java-server from Maven Central. A real mongod cannot be had.
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serveWhenRun } from './command-line.mjs';
import { serversFolder, supervised } from './supervised.mjs';

export const MONGODB_VERSION = '1.47.0';
export const mongodbFolder = join(serversFolder, `mongo-java-server-${MONGODB_VERSION}`);

export function mongodbAvailable() {
  if (existsSync(join(mongodbFolder, 'MongoStandIn.class'))) return { ok: true };
  return { ok: false, why: 'the stand-in for MongoDB is not installed: node scripts/servers/install.mjs mongodb' };
}

export async function startMongodb(options = {}) {
  const { ok, why } = mongodbAvailable();
  if (!ok) throw new Error(why);
  const { port, database = 'tidemark' } = options;
  const classes = `${mongodbFolder}:${join(mongodbFolder, 'lib', '*')}`;
  const running = await supervised({
    name: 'mongodb',
    port,
    command: (place) => [
      'java',
      '-Xmx512m',
      '-XX:TieredStopAtLevel=1',
      // It samples by sorting in a random order, which the newer way of sorting refuses now and then.
      '-Djava.util.Arrays.useLegacyMergeSort=true',
      '-cp',
      classes,
      'MongoStandIn',
      `${place.port}`,
    ],
    isReady: ({ port: at }) => accepts(at),
  });
  const url = `mongodb://127.0.0.1:${running.port}/${encodeURIComponent(database)}`;
  const known = { user: '', password: '', database, url };
  return Object.defineProperties(running, Object.getOwnPropertyDescriptors(known));
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

await serveWhenRun(import.meta.url, startMongodb);
