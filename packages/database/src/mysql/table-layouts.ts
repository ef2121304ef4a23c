import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import { isNamed } from './binlog-statements.js';
import type { MysqlColumn } from './types.js';

/** A table's columns in the order in which the rows of the log have them: name, declared type, character set. */
export type Layout = readonly (readonly [name: string, type: string, charset: string | null])[];

/** By `schema.name`. */
export type Layouts = Readonly<Record<string, Layout>>;

/** What the log says of a table in front of its rows, where it does not name the columns. */
export interface UnnamedColumns {
  readonly columnCount: number;
  /** The protocol's number of each column's type. */
  readonly columnTypes: readonly number[];
}

const ADDS_OR_CHANGES =
  /\b(?:CHANGE|MODIFY|CONVERT|ORDER)\b|\b(?:ADD|DROP|RENAME)\b(?!\s+(?:INDEX|KEY|UNIQUE|FULLTEXT|SPATIAL|PRIMARY|CONSTRAINT|FOREIGN|CHECK|PARTITION)\b)/i;

/** The protocol's numbers of the types; of a type that is not here any number is taken. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  tinyint: [1],
  smallint: [2],
  mediumint: [9],
  int: [3],
  bigint: [8],
  float: [4],
  double: [5],
  decimal: [0, 246],
  year: [13],
  date: [10, 14],
  time: [11, 19],
  datetime: [12, 18],
  timestamp: [7, 17],
  char: [254],
  binary: [254],
  enum: [247, 254],
  set: [248, 254],
  varchar: [15, 141, 253],
  varbinary: [15, 141, 253],
  json: [245, 252],
  bit: [16],
  ...Object.fromEntries(
    ['tinytext', 'text', 'mediumtext', 'longtext', 'tinyblob', 'blob', 'mediumblob', 'longblob'].map((type) => [
      type,
      [140, 249, 250, 251, 252],
    ]),
  ),
};

export function layoutOf({ columns }: KeyedRelation<MysqlColumn>): Layout {
  return columns.map(({ name, declared, charset }) => [name, declared, charset]);
}

export function isSameLayout(a: Layout, b: Layout): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interface Followed {
  /** As the rows are that come next. Undefined: nobody knows, but the catalog's may be it. */
  layout: Layout | undefined;
  /** As the catalog has them now. */
  readonly now: Layout;
  isAltered: boolean;
  /** Rows were read by the catalog's columns, without knowing that they were these at that time. */
  isGuessed: boolean;
}

/**
 * By which columns the rows of the log are read, where it does not name them (binlog_row_metadata other than FULL): by those
 * that the table had at the position that is gone on from, until an ALTER TABLE comes, then by those that it has now, where that
 * statement is all that lies between the two. Where it cannot be known, nothing is read.
 */
export class TableLayouts {
  private readonly tables = new Map<string, Followed>();

  constructor(relations: readonly KeyedRelation<MysqlColumn>[], stored: Layouts) {
    for (const relation of relations) {
      const id = relationId(relation);
      const layout = Object.hasOwn(stored, id) ? stored[id] : undefined;
      this.tables.set(id, { layout, now: layoutOf(relation), isAltered: false, isGuessed: false });
    }
  }

  /** The columns of rows that come next; a sentence's end when they cannot be known. */
  read(id: string, met: UnnamedColumns): Layout | string {
    const table = this.tables.get(id)!;
    if (!table.layout && table.isAltered)
      return 'it was altered, and the log does not say which columns the rows behind that have (binlog_row_metadata)';
    const layout = table.layout ?? table.now;
    if (layout.length !== met.columnCount)
      return `its rows have ${met.columnCount} columns where ${layout.length} are known (binlog_row_metadata)`;
    const wrong = layout.find(([, type], i) => !mayBe(type, met.columnTypes[i]!));
    if (wrong) return `the column '${wrong[0]}' of its rows is no ${wrong[1]} (binlog_row_metadata)`;
    if (!table.layout) table.isGuessed = true;
    return layout;
  }

  /** An ALTER TABLE has come. Gives a sentence's end when rows in front of it may have been read by the wrong columns. */
  altered(id: string, statement: string): string | undefined {
    const table = this.tables.get(id)!;
    const { layout, now, isGuessed } = table;
    table.isAltered = true;
    if (isGuessed) return 'it was altered behind rows whose columns the log does not name (binlog_row_metadata)';
    if (layout && isSameLayout(layout, now)) {
      if (ADDS_OR_CHANGES.test(statement)) table.layout = undefined;
    } else table.layout = layout && isAllOf(statement, layout, now) ? now : undefined;
    return undefined;
  }

  /** What is known at a position; `isEnd`: everything up to the end has been seen, so what was not altered is as it is now. */
  known(isEnd: boolean): Layouts {
    const known: Record<string, Layout> = {};
    for (const [id, { layout, now, isAltered }] of this.tables) {
      const is = layout ?? (isEnd && !isAltered ? now : undefined);
      if (is) known[id] = is;
    }
    return known;
  }
}

/** Whether a statement names every column by which the two differ. */
function isAllOf(statement: string, before: Layout, now: Layout): boolean {
  const differing = [...outside(before, now), ...outside(now, before)];
  return differing.length > 0 && differing.every(([name]) => isNamed(statement, name));
}

function outside(some: Layout, others: Layout): Layout {
  return some.filter((column) => !others.some((other) => JSON.stringify(other) === JSON.stringify(column)));
}

function mayBe(declared: string, number: number): boolean {
  const type = /^\w+/.exec(declared.toLowerCase())?.[0] ?? '';
  return !Object.hasOwn(NUMBERS, type) || NUMBERS[type]!.includes(number);
}
