import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Context, compile, TemplateError } from '../src/index.js';

/** One recorded template: what the reference made of it, or the name of its failure. */
export interface GoldenRow {
  expression: string;
  context: Context;
  value?: unknown;
  error?: string;
}

/** The moment at which the rows were recorded. */
export const RECORDED_AT = Date.parse('2024-03-02T10:20:30Z');

/** A value as comparable text: numbers by size, so that 1 and 1.0 and a bigint are one. */
export function canonical(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)}}`;
}

/** Undefined when the row holds, else what was got instead. */
export function mismatch(row: GoldenRow): string | undefined {
  let got: string;
  try {
    got = canonical(compile(row.expression, { clock: () => RECORDED_AT }).evaluate(row.context));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return row.error === undefined ? `${row.expression}\n  threw ${error.kind}: ${error.message}` : undefined;
  }
  if (row.error !== undefined) return `${row.expression}\n  gave ${got}, but should throw ${row.error}`;
  const want = canonical(row.value);
  return got === want ? undefined : `${row.expression}\n  gave  ${got}\n  wants ${want}`;
}

/** Reads rows of a JSON-lines file. */
export async function* readRows(file: string): AsyncGenerator<GoldenRow> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line !== '') yield JSON.parse(exactNumbers(line), revive) as GoldenRow;
  }
}

/** Ints that no double holds stay exact: they are quoted, marked, and made bigint. */
const exactNumbers = (line: string) =>
  line.replace(/"(?:[^"\\]|\\.)*"|(?<![\d.])-?\d{16,}(?![\d.eE])/g, (part) =>
    part.startsWith('"') ? part : `"bigint:${part}"`,
  );

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('bigint:')) return value;
  const number = BigInt(value.slice(7));
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
}
