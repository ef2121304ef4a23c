// Tests on real servers: `describeWith(postgres, 'COPY', (server) => { … })`.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { mariadbAvailable, startMariadb } from './mariadb.mjs';
import { mongodbAvailable, startMongodb } from './mongodb.mjs';
import { mysqlAvailable, startMysql } from './mysql.mjs';
import { postgresAvailable, startPostgres } from './postgres.mjs';
import { postgres18Available, startPostgres18 } from './postgres18.mjs';
import { s3Available, startS3 } from './s3.mjs';

const START_WITHIN_MS = 180_000;

export const postgres = { name: 'PostgreSQL', available: postgresAvailable, start: startPostgres };
export const postgres18 = { name: 'PostgreSQL 18', available: postgres18Available, start: startPostgres18 };
export const mysql = { name: 'MySQL', available: mysqlAvailable, start: startMysql };
export const mariadb = { name: 'MariaDB', available: mariadbAvailable, start: startMariadb };
export const s3 = { name: 'S3', available: s3Available, start: startS3 };
export const mongodb = { name: 'MongoDB (stand-in)', available: mongodbAvailable, start: startMongodb };

/** One server per kind and options in a test file: `name + options` → the promise of it. */
const running = new Map();
const told = new Set();

export function describeWith(kind, name, tests, options = {}) {
  const title = `${name} (${kind.name})`;
  const { ok, why } = kind.available();
  if (!ok) return withoutServer(title, why);
  const key = JSON.stringify([kind.name, options]);
  if (!running.has(key)) {
    running.set(key, undefined);
    afterAll(async () => (await running.get(key))?.stop(), START_WITHIN_MS);
  }
  describe(title, () => {
    let server;
    beforeAll(async () => {
      if (!running.get(key)) running.set(key, kind.start(options));
      server = await running.get(key);
    }, START_WITHIN_MS);
    tests(() => {
      if (!server) throw new Error(`${kind.name} runs only inside tests and hooks: call server() there`);
      return server;
    });
  });
}

function withoutServer(title, why) {
  if (process.env.TIDEMARK_SERVERS === 'required') {
    describe(title, () => {
      it('has its server', () => {
        throw new Error(`TIDEMARK_SERVERS=required, but ${why}`);
      });
    });
    return;
  }
  if (!told.has(why)) process.stderr.write(`skipped: ${title}: ${why}\n`);
  told.add(why);
  describe.skip(`${title}: skipped, ${why}`, () => {
    it('needs its server', () => {});
  });
}
