// The database servers that are tortured: `start()` gives one with `prepare`, `query`, and what a manifest needs.
import { createRequire } from 'node:module';
import { startMariadb } from '../servers/mariadb.mjs';
import { startMysql } from '../servers/mysql.mjs';
import { startPostgres } from '../servers/postgres.mjs';

// The drivers belong to the package that reads with them.
const require = createRequire(new URL('../../packages/database/package.json', import.meta.url));

const TABLES = ['by_number', 'by_text', 'by_pair'];

async function postgres() {
  const { Pool } = require('pg');
  const server = await startPostgres();
  const pool = new Pool({ connectionString: server.url, max: 2 });
  pool.on('error', () => undefined);
  const query = async (sql) => (await pool.query(sql)).rows;
  return {
    dialect: 'postgres',
    schema: 'public',
    tables: TABLES,
    config: {
      host: server.host,
      port: server.port,
      database: server.database,
      username: server.user,
      password: server.password,
    },
    query,
    async prepare(rows) {
      const numbers = `FROM generate_series(1, ${rows}) AS i`;
      for (const sql of [
        'CREATE TABLE by_number (id bigint PRIMARY KEY, number int, filler text)',
        `INSERT INTO by_number SELECT i * 7 - 9000, i, repeat('x', 80) ${numbers}`,
        'CREATE TABLE by_text (id text PRIMARY KEY, number int)',
        `INSERT INTO by_text SELECT md5(i::text), i ${numbers}`,
        'CREATE TABLE by_pair (a int, b text, number int, PRIMARY KEY (a, b))',
        `INSERT INTO by_pair SELECT i % 5, 'k' || i, i ${numbers}`,
        'CREATE TABLE live (id int PRIMARY KEY, n bigint)',
        `INSERT INTO live SELECT i, 0 ${numbers}`,
        'CREATE PUBLICATION tidemark FOR ALL TABLES',
        "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')",
      ])
        await query(sql);
    },
    async stop() {
      await pool.end().catch(() => undefined);
      await server.stop();
    },
  };
}

function mysqlFamily(dialect, startServer) {
  return async () => {
    const { createPool } = require('mysql2/promise');
    const server = await startServer();
    const { host, port, user, password, database } = server;
    const pool = createPool({ host, port, user, password, database, connectionLimit: 2 });
    const query = async (sql) => (await pool.query(sql))[0];
    const insert = async (table, make, rows) => {
      for (let from = 1; from <= rows; from += 500) {
        const values = Array.from({ length: Math.min(500, rows - from + 1) }, (_, i) => make(from + i));
        await query(`INSERT INTO ${table} VALUES ${values.join(',')}`);
      }
    };
    return {
      dialect,
      schema: database,
      tables: TABLES,
      config: { host, port, database, username: user, password },
      query,
      async prepare(rows) {
        await query('CREATE TABLE by_number (id bigint PRIMARY KEY, number int, filler char(80))');
        await insert('by_number', (i) => `(${i * 7 - 9000}, ${i}, 'x')`, rows);
        await query('ANALYZE TABLE by_number');
        await query('CREATE TABLE by_text (id varchar(40) PRIMARY KEY, number int)');
        await insert('by_text', (i) => `(MD5(${i}), ${i})`, rows);
        await query('CREATE TABLE by_pair (a int, b varchar(20), number int, PRIMARY KEY (a, b))');
        await insert('by_pair', (i) => `(${i % 5}, 'k${i}', ${i})`, rows);
        await query('CREATE TABLE live (id int PRIMARY KEY, n bigint)');
        await insert('live', (i) => `(${i}, 0)`, rows);
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
  mysql: { start: mysqlFamily('mysql', startMysql) },
  mariadb: { start: mysqlFamily('mariadb', startMariadb) },
};
