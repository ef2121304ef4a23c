import type { TableWish } from '../dialect.js';
import type { TableShape } from '../log/table-shape.js';
import type { Clients } from './clients.js';
import type { Relation } from './relation.js';
import { digestOf, filledColumns, shapeOf } from './shape.js';
import { texts } from './statements.js';
import { type PostgresColumn, postgresColumn } from './types.js';

/** A relation as the catalog has it. */
export interface CatalogTable {
  readonly relation: Relation;
  readonly columns: readonly PostgresColumn[];
  readonly primaryKey: readonly string[];
  /** Types and collations of the key's columns, as the identity of positions. */
  readonly keyCollation: string | null;
  /** Columns that lead an index that is ready for use. */
  readonly indexed: ReadonlySet<string>;
  /** Where the rows are: leaves of a partitioned table, children of an inherited one, or the relation itself. */
  readonly leaves: readonly Relation[];
  readonly shape: TableShape;
  /** Of all columns, also those that may not be read. */
  readonly digest: string;
}

interface RelationRow {
  oid: string;
  schema: string;
  name: string;
  kind: string;
  filenode: string | null;
  tuples: string;
  /** As the server has counted what was written, where it counts. */
  live_tuples: string | null;
  blocks: string;
  /** Of values that are kept out of line. */
  outside_blocks: string | null;
  block_bytes: string;
  may_read: string;
  is_logged: string;
  /** JSON: `"all"`, or the columns; null: none. */
  identity: string | null;
  has_key: string;
  root: string;
}

/** How many columns an index (x) is ordered by: INCLUDE, from version 11 on, adds others to it. */
const KEY_COLUMNS = `coalesce((pg_catalog.to_jsonb(x)->>'indnkeyatts')::int, x.indnatts::int)`;

// Sizes as the statistics have them: asking a table itself would wait for whoever has locked it.
const FIELDS = `c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
  pg_catalog.pg_relation_filenode(c.oid)::text AS filenode, c.reltuples::text AS tuples, c.relpages::text AS blocks,
  pg_catalog.pg_stat_get_live_tuples(c.oid)::text AS live_tuples,
  (SELECT o.relpages FROM pg_catalog.pg_class o WHERE o.oid = c.reltoastrelid)::text AS outside_blocks,
  pg_catalog.current_setting('block_size') AS block_bytes,
  pg_catalog.has_table_privilege(c.oid, 'SELECT')::text AS may_read, (c.relpersistence = 'p')::text AS is_logged,
  CASE c.relreplident WHEN 'f' THEN '"all"' ELSE (SELECT pg_catalog.jsonb_agg(a.attname)::text FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY ((x.indkey::int2[])[0:${KEY_COLUMNS} - 1])
    WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate AND CASE c.relreplident WHEN 'd' THEN x.indisprimary
      WHEN 'i' THEN x.indisreplident ELSE false END) END AS identity,
  EXISTS (SELECT 1 FROM pg_catalog.pg_index x
    WHERE x.indrelid = c.oid AND x.indisprimary AND x.indimmediate)::text AS has_key`;

/** Everything about the tables that were asked for, in some catalog queries. No table is touched. */
export async function readCatalog(
  clients: Clients,
  schemas: readonly string[],
  wishes: readonly TableWish[] | undefined,
): Promise<CatalogTable[]> {
  const roots = await clients.query<RelationRow>(rootsStatement(schemas, wishes));
  if (roots.length === 0) return [];
  const oids = roots.map((row) => row.oid).join(', ');
  const [columns, keys, indexes, children] = [
    await clients.query<ColumnRow>(columnsStatement(oids)),
    await clients.query<KeyRow>(keysStatement(oids)),
    await clients.query<{ table: string; column: string }>(indexesStatement(oids)),
    await clients.query<RelationRow>(childrenStatement(oids)),
  ];
  const filled = await filledColumns(
    clients,
    [...roots, ...children].map((row) => row.oid),
  );
  const columnsOf = groupBy(columns, (row) => row.table);
  const keysOf = groupBy(keys, (row) => row.table);
  const indexesOf = groupBy(indexes, (row) => row.table);
  const childrenOf = groupBy(children, (row) => row.root);
  const filledOf = groupBy(filled, (row) => row.table);
  return roots.map((row): CatalogTable => {
    const own = relationOf(row, false);
    const all = columnsOf.get(row.oid) ?? [];
    const readable = own.mayRead ? all : all.filter((each) => isTrue(each.may_read));
    const names = new Set(readable.map((each) => each.name));
    const key = keysOf.get(row.oid) ?? [];
    const below = (childrenOf.get(row.oid) ?? []).filter((child) => child.kind !== 'p');
    const leaves = (row.kind === 'p' ? below : [row, ...below]).map((leaf) => relationOf(leaf, true));
    const defaults = leaves.flatMap((leaf) => filledOf.get(leaf.oid) ?? []).map(({ column }) => column);
    const shown = readable.length > 0 ? readable : all;
    return {
      // Rights on some columns are enough to read those, though not by row addresses.
      relation: { ...own, mayRead: readable.length > 0 || own.mayRead },
      columns: shown.map(columnOf),
      primaryKey: key.every((each) => own.mayRead || names.has(each.column)) ? key.map((each) => each.column) : [],
      keyCollation: collationOf(key),
      indexed: new Set((indexesOf.get(row.oid) ?? []).map((each) => each.column)),
      leaves,
      shape: shapeOf(own, shown, leaves, new Set(defaults)),
      digest: digestOf(all),
    };
  });
}

function collationOf(key: readonly KeyRow[]): string | null {
  return key.some((each) => each.collation !== null) ? key.map((each) => each.collation ?? '').join(',') : null;
}

function rootsStatement(schemas: readonly string[], wishes: readonly TableWish[] | undefined): string {
  const wanted = wishes?.map(({ namespace, name }) =>
    namespace === undefined ? `c.relname = ${texts([name])}` : `(n.nspname, c.relname) = (${texts([namespace, name])})`,
  );
  const inSchemas =
    schemas.length > 0
      ? `n.nspname IN (${texts(schemas)})`
      : `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_(catalog|toast|temp|toast_temp)'`;
  return `SELECT ${FIELDS}, c.oid::text AS root
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${inSchemas}
      AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      ${wanted ? `AND (${wanted.join(' OR ') || 'false'})` : 'AND NOT c.relispartition'}
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname`;
}

function childrenStatement(oids: string): string {
  return `WITH RECURSIVE below AS (
      SELECT i.inhparent AS root, i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent IN (${oids})
      UNION SELECT b.root, i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
    SELECT ${FIELDS}, b.root::text AS root
    FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY c.oid`;
}

interface ColumnRow {
  table: string;
  name: string;
  number: string;
  version: string;
  not_null: string;
  may_read: string;
  modifier: string;
  declared_type: string;
  declared_modifier: string;
  shown: string;
  base: string;
  is_array: string;
  delimiter: string;
}

function columnsStatement(oids: string): string {
  // Domains are taken apart down to their base, then arrays to their items; a domain's modifier counts where it has one.
  return `WITH RECURSIVE col AS (
      SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.atttypid AS type, a.atttypmod AS modifier,
        a.atttypid AS declared_type, a.atttypmod AS declared_modifier,
        pg_catalog.format_type(a.atttypid, a.atttypmod) AS shown, a.xmin::text AS version
      FROM pg_catalog.pg_attribute a WHERE a.attrelid IN (${oids}) AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT c.attrelid, c.attnum, c.attname, c.attnotnull, t.typbasetype,
        CASE WHEN t.typtypmod = -1 THEN c.modifier ELSE t.typtypmod END,
        c.declared_type, c.declared_modifier, c.shown, c.version
      FROM col c JOIN pg_catalog.pg_type t ON t.oid = c.type AND t.typtype = 'd')
    SELECT c.attrelid::text AS table, c.attname AS name, c.attnum::text AS number, c.version, c.attnotnull::text AS not_null,
      pg_catalog.has_column_privilege(c.attrelid, c.attnum, 'SELECT')::text AS may_read, c.modifier::text AS modifier,
      c.declared_type::text AS declared_type, c.declared_modifier::text AS declared_modifier, c.shown,
      (i.oid IS NOT NULL)::text AS is_array, coalesce(b.typname, i.typname, t.typname) AS base,
      coalesce(i.typdelim, t.typdelim)::text AS delimiter
    FROM col c JOIN pg_catalog.pg_type t ON t.oid = c.type
    -- Not int2vector and oidvector: those have items, but are written in another way.
    LEFT JOIN pg_catalog.pg_type i ON i.oid = t.typelem AND i.typarray = t.oid
    LEFT JOIN pg_catalog.pg_type b ON b.oid = i.typbasetype AND i.typtype = 'd'
    WHERE t.typtype <> 'd' ORDER BY c.attrelid, c.attnum`;
}

function columnOf(row: ColumnRow): PostgresColumn {
  const { base, delimiter, shown } = row;
  const type = { base, isArray: isTrue(row.is_array), delimiter, shown, modifier: Number(row.modifier) };
  const declared = { oid: Number(row.declared_type), modifier: Number(row.declared_modifier) };
  return { ...postgresColumn(row.name, type, !isTrue(row.not_null)), declared };
}

interface KeyRow {
  table: string;
  column: string;
  collation: string | null;
}

function keysStatement(oids: string): string {
  return `SELECT x.indrelid::text AS table, a.attname AS column,
      (SELECT l.collname FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation) AS collation
    FROM pg_catalog.pg_index x
    CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
    WHERE x.indisprimary AND k.place <= ${KEY_COLUMNS} AND x.indrelid IN (${oids}) ORDER BY x.indrelid, k.place`;
}

function indexesStatement(oids: string): string {
  return `SELECT x.indrelid::text AS table, a.attname AS column
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
    WHERE x.indisvalid AND x.indpred IS NULL AND x.indrelid IN (${oids})`;
}

function relationOf(row: RelationRow, isAlone: boolean): Relation {
  const blockBytes = Number(row.block_bytes);
  const blocks = Math.max(Number(row.blocks), 1);
  const tuples = Number(row.tuples);
  const outside = Number(row.outside_blocks ?? 0);
  // Never analysed, which before 14 looks as if it were empty. Nobody analyses a partition that nothing was written to.
  const isUnknown = tuples <= 0 && Number(row.blocks) <= 0 && Number(row.live_tuples ?? 0) > 0;
  return {
    id: `${row.schema}.${row.name}`,
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    filenode: row.filenode === null || !'rm'.includes(row.kind) ? undefined : Number(row.filenode),
    isAlone,
    isLogged: isTrue(row.is_logged),
    mayRead: isTrue(row.may_read),
    identity: row.identity === null ? [] : (JSON.parse(row.identity) as 'all' | string[]),
    hasKey: isTrue(row.has_key),
    blockBytes,
    rows: isUnknown ? undefined : Math.max(0, Math.round(tuples)),
    bytes: (Math.max(0, Number(row.blocks)) + Math.max(0, outside)) * blockBytes,
    // A table that was never analysed says -1 (0 before 14): fifty rows in a block are as good a guess as any.
    rowsPerBlock: tuples > 0 ? tuples / blocks : 50,
    bytesPerBlock: blockBytes * (1 + outside / blocks),
  };
}

function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

function isTrue(text: string): boolean {
  return text === 't' || text === 'true';
}
