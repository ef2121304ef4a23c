import type { Json } from '@tidemark/protocol';
import type { Column } from '../sql/column.js';
import { decimalShape, integerOf, numberText } from '../sql/number.js';
import { joinKinds, type Kind, kindOfValue } from '../sql/value-kind.js';
import { DUCKDB_COLUMNS, quote } from './column.js';
import { scaleOf } from './encode.js';

/** Asks the database for one row. */
export type Ask = (sql: string) => Promise<Record<string, unknown>>;

/** What a column is to become: decided so that every value that is there and every misfit keeps all its digits. */
export interface Wider {
  kind: Kind;
  type: string;
}

const INT128_MAX = 2n ** 127n - 1n;

/** The narrowest wider type that takes the misfits too. */
export async function widerType(column: Column, misfits: readonly Json[], table: string, ask: Ask): Promise<Wider> {
  const kind = column.declared
    ? column.kind
    : misfits.reduce<Kind>((so, value) => joinKinds(so, kindOfValue(value)), column.kind);
  return { kind, type: await typeFor(kind, column, misfits, table, ask) };
}

/** The narrowest type of `kind` that takes what the column holds and the new values. */
export async function typeFor(
  kind: Kind,
  column: Column,
  misfits: readonly Json[],
  table: string,
  ask: Ask,
): Promise<string> {
  if (kind === 'integer') {
    const fits = misfits.every((value) => {
      const exact = integerOf(value)!;
      return exact >= -INT128_MAX && exact <= INT128_MAX;
    });
    return fits && column.type !== 'VARCHAR' ? 'HUGEINT' : 'VARCHAR';
  }
  return kind === 'number' ? numberType(column, misfits, table, ask) : DUCKDB_COLUMNS.narrowest[kind];
}

/** DOUBLE where it is exact for everything, DECIMAL where 38 digits are enough, otherwise the digits as text. */
async function numberType(column: Column, misfits: readonly Json[], table: string, ask: Ask): Promise<string> {
  if (column.type === 'VARCHAR') return 'VARCHAR';
  const texts = misfits.map((value) => numberText(value));
  if (texts.includes(undefined)) return 'VARCHAR';
  const name = quote(column.name);
  if (column.type === 'BIGINT') {
    const big = await ask(`SELECT count(*) AS n FROM ${table} WHERE abs(CAST(${name} AS HUGEINT)) > 9007199254740992`);
    const exact = texts.every((text) => numberText(Number(text)) === text);
    if (Number(big.n) === 0 && exact) return 'DOUBLE';
  }
  const shapes = texts.map((text) => decimalShape(text!));
  const stored = await storedShape(column, name, table, ask);
  const scale = Math.max(scaleOf(column.type), stored.scale, ...shapes.map((shape) => shape.scale));
  const whole = Math.max(stored.whole, ...shapes.map((shape) => shape.whole));
  return whole + scale <= 38 ? `DECIMAL(38,${scale})` : 'VARCHAR';
}

/** How many digits the column's values have before and after the point. */
async function storedShape(
  column: Column,
  name: string,
  table: string,
  ask: Ask,
): Promise<{ whole: number; scale: number }> {
  const text = `split_part(CAST(abs(${name}) AS VARCHAR), 'e-', 1)`;
  const small = `coalesce(TRY_CAST(split_part(CAST(${name} AS VARCHAR), 'e-', 2) AS INTEGER), 0)`;
  const scale =
    column.type === 'DOUBLE'
      ? `max(CASE WHEN ${name} = trunc(${name}) THEN 0 ELSE length(split_part(${text}, '.', 2)) + ${small} END)`
      : '0';
  const row = await ask(`SELECT ${scale} AS scale, CAST(max(abs(${name})) AS VARCHAR) AS largest FROM ${table}`);
  const largest = row.largest === null || row.largest === undefined ? '0' : (numberText(row.largest) ?? '9'.repeat(40));
  return { scale: Number(row.scale ?? 0), whole: decimalShape(largest).whole };
}

/** SQL that turns a column's value into the wider type, digit for digit. */
export function widenExpression(column: Pick<Column, 'name' | 'type'>, to: string): string {
  const name = quote(column.name);
  if (to !== 'VARCHAR' && to !== 'JSON')
    return column.type === 'DOUBLE' ? `CAST(CAST(${name} AS VARCHAR) AS ${to})` : `CAST(${name} AS ${to})`;
  const text = textExpression(name, column.type);
  if (to === 'VARCHAR') return text;
  const bare = ['BIGINT', 'HUGEINT', 'DOUBLE', 'BOOLEAN'].includes(column.type) || column.type.startsWith('DECIMAL');
  return bare ? `CAST(${text} AS JSON)` : `to_json(${text})`;
}

/** A value as the text that a JSON document would have had for it. */
function textExpression(name: string, type: string): string {
  if (type === 'TIMESTAMP') return `strftime(${name}, '%Y-%m-%dT%H:%M:%S.%f')`;
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return `strftime(make_timestamp(epoch_us(${name})), '%Y-%m-%dT%H:%M:%S.%fZ')`;
  if (type === 'DOUBLE') {
    return `CASE WHEN ${name} = trunc(${name}) AND abs(${name}) < 1e15 THEN CAST(CAST(${name} AS BIGINT) AS VARCHAR) ELSE CAST(${name} AS VARCHAR) END`;
  }
  if (type.startsWith('DECIMAL'))
    return `regexp_replace(regexp_replace(CAST(${name} AS VARCHAR), '(\\.\\d*?)0+$', '\\1'), '\\.$', '')`;
  return `CAST(${name} AS VARCHAR)`;
}
