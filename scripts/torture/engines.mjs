// The database servers that are tortured. `start()` gives one with `tables` (how they are made, changed and looked at), which of
// them are read in which mode, and what a manifest needs.
import { createRequire } from 'node:module';
import { startMariadb } from '../servers/mariadb.mjs';
import { startMysql } from '../servers/mysql.mjs';
import { startPostgres } from '../servers/postgres.mjs';
import { mongodb } from './mongo-engine.mjs';
import { firstTick, sqlTables } from './sql-tables.mjs';

// The drivers belong to the package that reads with them.
const require = createRequire(new URL('../../packages/database/package.json', import.meta.url));

const KEYED = ['by_number', 'by_text', 'by_pair', 'by_uuid', 'by_time', 'by_three'];
const RISING = ['steps', 'rising'];

async function postgres() {
  const { Pool } = require('pg');
  const server = await startPostgres();
  const pool = new Pool({ connectionString: server.url, max: 2 });
  pool.on('error', () => undefined);
  const query = async (sql) => (await pool.query(sql)).rows;
  const types = {
    uuid: 'uuid',
    uuidOf: (hex) => `'${hex}'`,
    time: 'timestamp',
  };
  const tables = sqlTables({ query, types });
  const create = {
    parted: (rows) => createParted(query, tables, rows),
    seen: () => query('CREATE VIEW seen AS SELECT * FROM by_number'),
  };
  return {
    dialect: 'postgres',
    schema: 'public',
    config: {
      host: server.host,
      port: server.port,
      database: server.database,
      username: server.user,
      password: server.password,
    },
    tables: { ...tables, create: (table, rows) => (create[table] ? create[table](rows) : tables.create(table, rows)) },
    load: [...KEYED, 'parted', 'bare', 'seen'],
    log: [...KEYED, 'parted'],
    cursor: RISING,
    async beforeLog() {
      await query('CREATE PUBLICATION tidemark FOR ALL TABLES WITH (publish_via_partition_root = true)');
      await query("SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')");
    },
    /** Every row gets another address: by VACUUM, by a column whose values are computed, by the order of the key. */
    async rewrite(table, times) {
      if (table === 'seen') return;
      if (times % 3 === 0) await query(`ALTER TABLE ${table} ADD COLUMN extra_${times} float8 DEFAULT random()`);
      else if (times % 3 === 1 || table === 'bare' || table === 'parted') await query(`VACUUM FULL ${table}`);
      else await query(`CLUSTER ${table} USING ${table}_pkey`);
    },
    async stop() {
      await pool.end().catch(() => undefined);
      await server.stop();
    },
  };
}

async function createParted(query, tables, rows) {
  await tables.create('parted', 0, { after: ' PARTITION BY HASH (id)' });
  for (const leaf of [0, 1, 2])
    await query(`CREATE TABLE parted_${leaf} PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER ${leaf})`);
  const numbers = Array.from({ length: rows }, (_, i) => i + 1);
  await tables.insert('parted', numbers, { n: 0, tick: firstTick });
}

function mysqlFamily(dialect, startServer, uuid) {
  return async () => {
    const { createPool } = require('mysql2/promise');
    const server = await startServer();
    const { host, port, user, password, database } = server;
    const pool = createPool({ host, port, user, password, database, connectionLimit: 2 });
    const query = async (sql) => (await pool.query(sql))[0];
    return {
      dialect,
      schema: database,
      config: { host, port, database, username: user, password },
      tables: sqlTables({ query, types: { ...uuid, time: 'datetime(6)' } }),
      load: [...KEYED, 'bare'],
      log: KEYED,
      cursor: RISING,
      async rewrite(table, times) {
        if (times % 2 === 0) await query(`ALTER TABLE ${table} ADD COLUMN extra_${times} int DEFAULT 1`);
        else await query(`ALTER TABLE ${table} FORCE`);
      },
      async stop() {
        await pool.end().catch(() => undefined);
        await server.stop();
      },
    };
  };
}

export const engines = {
  postgres: { start: postgres },
  mysql: { start: mysqlFamily('mysql', startMysql, { uuid: 'binary(16)', uuidOf: (hex) => `x'${hex}'` }) },
  mariadb: { start: mysqlFamily('mariadb', startMariadb, { uuid: 'uuid', uuidOf: dashed }) },
  mongodb: { start: mongodb },
};

/** A random UUID by its form: MariaDB refuses others. */
function dashed(hex) {
  return `'${hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')}'`;
}
