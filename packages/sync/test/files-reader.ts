import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import type { ReadRow } from '@tidemark/sync/testing';

/** What a manifest says to somebody who only wants rows. */
interface Listed {
  streams: {
    name: string;
    published: boolean;
    parts: { path: string }[];
    columns: { name: string; type: string; kind: string }[];
  }[];
}

/** Reads a stream by the manifest of the connection, as the documentation says it; undefined when there is none. */
export async function readStream(root: string, stream: string, connection = 'suite'): Promise<ReadRow[] | undefined> {
  const manifest = `${root}/_tidemark/${connection}/manifest.json`;
  if (!existsSync(manifest)) return undefined;
  const { streams } = JSON.parse(readFileSync(manifest, 'utf8')) as Listed;
  const entry = streams.find(({ name, published }) => name === stream && published);
  if (!entry) return undefined;
  const paths = entry.parts.map(({ path }) => `${root}/${path}`);
  if (paths.length === 0) return [];
  const rows = paths[0]!.endsWith('.parquet') ? await parquetRows(paths) : await jsonRows(paths, entry.columns);
  return rows.sort((a, b) => (a._airbyte_raw_id! < b._airbyte_raw_id! ? -1 : 1));
}

export async function parquetRows(paths: string[]): Promise<ReadRow[]> {
  const list = paths.map((path) => `'${path}'`).join(', ');
  return (await ask(
    `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet([${list}], union_by_name = true)`,
  )) as ReadRow[];
}

export async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Lines as JavaScript reads them. Moments without a zone are shown as a database shows them. */
async function jsonRows(paths: string[], columns: Listed['streams'][number]['columns']): Promise<ReadRow[]> {
  const kinds = new Map(columns.map(({ name, kind }) => [name, kind]));
  const lines = (await Promise.all(paths.map(linesOf))).flat();
  return lines.map((line) => {
    const row = parseJson(line) as JsonObject;
    const shown = Object.entries(row).map(([name, value]) => {
      if (value === null || value === undefined) return [name, null];
      const text = typeof value === 'string' && kinds.get(name) !== 'json' ? value : stringify(value);
      const local = kinds.get(name) === 'timestamp' ? text.replace('T', ' ').replace(/\.?0+$/, '') : text;
      return [name, local];
    });
    return { ...Object.fromEntries(columns.map(({ name }) => [name, null])), ...Object.fromEntries(shown) } as ReadRow;
  });
}

/** Node 20 has no zstd: DuckDB reads it. */
async function linesOf(path: string): Promise<string[]> {
  if (path.endsWith('.zst')) {
    const options = `columns = {'line': 'VARCHAR'}, header = false, quote = '', escape = '', delim = e'\\x01', auto_detect = false`;
    const rows = await ask(
      `SELECT line FROM read_csv('${path}', ${options}, max_line_size = 10000000, buffer_size = 64000000)`,
    );
    return rows.map((row) => String(row.line));
  }
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.split('\n').filter((line) => line !== '');
}
