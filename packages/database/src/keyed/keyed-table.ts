import { ConnectorError, type StreamEstimate } from '@tidemark/source';
import type { Column } from '../column.js';
import type { Follow, FollowKind, Table, TableLoad, TableWish } from '../dialect.js';
import type { TableShape } from '../log/table-shape.js';
import { KeyedFollow } from './keyed-follow.js';
import { KeyedLoad, wholeLoad } from './keyed-load.js';
import {
  type KeyedColumn,
  type KeyedReading,
  type KeyedRelation,
  type KeyedServer,
  type KeyForm,
  relationId,
  tableSql,
} from './keyed-server.js';

/** What a server's tables have in common. */
export interface KeyedTables<C extends KeyedColumn> {
  readonly server: KeyedServer<C>;
  /** Columns of these kinds can be followed: their values are compared exactly. */
  readonly cursorForms: ReadonlySet<KeyForm>;
  /** Kinds that a look-back can be taken from. */
  readonly lookbackForms: ReadonlySet<KeyForm>;
  readonly warn: (message: string) => void;
  /**
   * Columns that the server's log adds, and the one of them that orders changes; `has` says of which tables there is one, where
   * not of all. Absent: it has no log that is read.
   */
  readonly log?: {
    readonly columns: readonly Column[];
    readonly cursor: string;
    readonly has?: (relation: KeyedRelation<C>) => boolean;
    /** What tells whether rows changed without a word in the log; absent where it tells everything. */
    readonly shape?: (relation: KeyedRelation<C>) => TableShape;
  };
}

/** A table or view of a server whose tables are read in the order of a key. */
export class KeyedTable<C extends KeyedColumn> implements Table {
  readonly name: string;
  readonly namespace: string;
  readonly columns: readonly C[];
  readonly primaryKey: readonly string[];
  readonly isResumable: boolean;
  readonly notResumable?: string;
  readonly follows: readonly FollowKind[];
  readonly cursorColumns: readonly string[];
  readonly extraColumns?: readonly Column[];
  readonly logCursor?: string;
  readonly shape?: TableShape;

  constructor(
    private readonly tables: KeyedTables<C>,
    private readonly relation: KeyedRelation<C>,
    private readonly wish: TableWish | undefined,
  ) {
    const { schema, name, columns, primaryKey, order, notResumable } = relation;
    this.name = name;
    this.namespace = schema;
    this.columns = columns;
    this.primaryKey = primaryKey;
    this.isResumable = order.length > 0;
    if (notResumable !== undefined) this.notResumable = notResumable;
    this.cursorColumns = columns.filter((column) => this.canFollow(column)).map((column) => column.name);
    // Without a key a page that ends inside a group of equal values could not be gone on from.
    const follows: FollowKind[] = this.isResumable && this.cursorColumns.length > 0 ? ['cursor'] : [];
    if (tables.log) {
      this.extraColumns = tables.log.columns;
      this.logCursor = tables.log.cursor;
      const shape = tables.log.shape?.(relation);
      if (shape) this.shape = shape;
      // Without a key nobody could say which row a change is about.
      if (primaryKey.length > 0 && this.isResumable && tables.log.has?.(relation) !== false) follows.push('log');
    }
    this.follows = follows;
  }

  estimate(): StreamEstimate | undefined {
    const { estimatedRows: rows, dataBytes: bytes } = this.relation;
    // An empty table has a page, too.
    if (rows === 0 || (rows === undefined && bytes === 0)) return undefined;
    return { ...(rows === undefined ? {} : { rows }), ...(bytes > 0 ? { bytes } : {}) };
  }

  load(columns: readonly Column[]): TableLoad {
    const reading = this.reading(columns);
    return this.isResumable ? new KeyedLoad(reading) : wholeLoad(reading);
  }

  follow(kind: FollowKind, columns: readonly Column[], cursor?: string): Follow {
    const id = relationId(this.relation);
    if (kind !== 'cursor')
      throw new ConnectorError('config', `${id} cannot be followed by '${kind}' (it can: ${this.follows.join(', ')}).`);
    if (!this.isResumable)
      throw new ConnectorError(
        'config',
        `${id} cannot be followed by a cursor column, because ${this.notResumable ?? 'it has no key'}: rows of an equal value could not be told from each other. Name columns that are together unique and never null as the stream's 'order', or read it with the sync mode full_refresh.`,
      );
    const column = this.columns.find((each) => each.name === cursor);
    if (column && this.isComparable(column) && !this.isServed(column)) {
      const { server } = this.tables;
      const index = `CREATE INDEX tidemark_cursor ON ${tableSql(server, this.relation)} (${server.quote(column.name)});`;
      throw new ConnectorError(
        'config',
        `${id} cannot be followed: its cursor column '${cursor}' leads no index, so every sync would scan and sort the table. Mend it with: ${index} Or set 'scan: true' for the stream.`,
      );
    }
    if (!column || !this.canFollow(column)) {
      const possible = this.cursorColumns.join(', ') || 'none';
      throw new ConnectorError('config', `${id}: '${cursor}' cannot be its cursor column (possible: ${possible}).`);
    }
    const lookback = this.wish?.lookback ?? 0;
    if (lookback > 0 && !this.tables.lookbackForms.has(column.keyForm!))
      throw new ConnectorError('config', `${id}: the cursor column '${cursor}' (${column.type}) takes no 'lookback'.`);
    return new KeyedFollow(this.reading(columns), column, lookback, this.tables.warn);
  }

  private canFollow(column: C): boolean {
    return this.isComparable(column) && this.isServed(column);
  }

  private isComparable({ keyForm }: C): boolean {
    return keyForm !== undefined && this.tables.cursorForms.has(keyForm);
  }

  /** What an index of a view's tables does for the view is the server's to know. */
  private isServed({ name }: C): boolean {
    return this.relation.isView || this.relation.indexed.has(name) || this.wish?.scan === true;
  }

  private reading(columns: readonly Column[]): KeyedReading<C> {
    return { server: this.tables.server, relation: this.relation, columns: columns as readonly C[] };
  }
}

/** The tables of a catalog, each with what the user asks of it. */
export function keyedTables<C extends KeyedColumn>(
  tables: KeyedTables<C>,
  relations: readonly KeyedRelation<C>[],
  wishes: readonly TableWish[] | undefined,
): KeyedTable<C>[] {
  return relations.map((relation) => {
    const isWished = ({ name, namespace }: TableWish): boolean =>
      name === relation.name && (namespace ?? relation.schema) === relation.schema;
    return new KeyedTable(tables, relation, wishes?.find(isWished));
  });
}
