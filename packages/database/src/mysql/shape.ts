import type { KeyedRelation } from '../keyed/keyed-server.js';
import type { TableShape } from '../log/table-shape.js';
import type { MysqlColumn } from './types.js';

/** Whole numbers and texts by what they hold: a value is the same in each of the larger ones. */
const WIDENING = [
  ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'],
  ['tinytext', 'text', 'mediumtext', 'longtext'],
  ['tinyblob', 'blob', 'mediumblob', 'longblob'],
];

/** What is compared of a table: an ALTER TABLE is in the log, but not what it did to the rows. */
export function shapeOf({ columns }: Pick<KeyedRelation<MysqlColumn>, 'columns'>): TableShape {
  return {
    columns: columns.map(({ name, declared: type, isFilled }) => ({ name, type, isFilled })),
    keepsValues: isWidened,
  };
}

/** Whether each value of a column of one declared type is the same in another. What is not known to be is not. */
export function isWidened(before: string, now: string): boolean {
  const [was, is] = [takenApart(before), takenApart(now)];
  // Servers from 8.0.19 on do not say how wide a number is shown; `tinyint(1)` is a boolean.
  if (was.name === 'tinyint' && (was.inside === '1') !== (is.inside === '1' && is.name === 'tinyint')) return false;
  if (was.rest !== is.rest) return false;
  const steps = WIDENING.find((names) => names.includes(was.name));
  if (steps) return steps.indexOf(is.name) >= steps.indexOf(was.name);
  if (was.name !== is.name) return false;
  if (was.inside === is.inside || was.name === 'year') return true;
  if (was.name === 'varchar' || was.name === 'varbinary') return Number(is.inside) >= Number(was.inside);
  return (was.name === 'enum' || was.name === 'set') && is.inside.startsWith(`${was.inside},`);
}

/** `int(10) unsigned` → `int`, `10`, `unsigned`. The values of an ENUM keep their case. */
function takenApart(declared: string): { name: string; inside: string; rest: string } {
  const [, name = '', inside = '', rest = ''] = /^(\w+)\s*(?:\((.*)\))?\s*([^)]*)$/s.exec(declared) ?? [];
  return { name: name.toLowerCase(), inside, rest: rest.toLowerCase().trim() };
}
