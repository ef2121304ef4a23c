import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll } from 'vitest';

/** A folder that goes away with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-sync-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asks a DuckDB file that nobody holds; 64-bit and wider numbers come as text. */
export async function query(file: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** One number. */
export async function count(file: string, sql: string): Promise<number> {
  return Number(Object.values((await query(file, sql))[0] ?? {})[0]);
}
