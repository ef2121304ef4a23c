/** One relation that rows are read from: a table, a view, or a leaf of a partitioned table. */
export interface Relation {
  /** `schema.name`, for people, states and parts. */
  readonly id: string;
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind`: r table, p partitioned, v view, m materialized view, f foreign table. */
  readonly kind: string;
  /** The file that it is in; absent where it has none. */
  readonly filenode: number | undefined;
  /** It is read without the tables that inherit from it: they are parts of their own. */
  readonly isAlone: boolean;
  /** Its changes are in the log: it is not UNLOGGED. */
  readonly isLogged: boolean;
  /** The user may select from it. */
  readonly mayRead: boolean;
  /** What the log has of a row that is deleted (REPLICA IDENTITY): these columns of it, or all. */
  readonly identity: 'all' | readonly string[];
  /** It has a primary key that a replica identity can be. */
  readonly hasKey: boolean;
  readonly blockBytes: number;
  /** By the statistics, which may be old; undefined for a table that has rows and was never analysed. */
  readonly rows: number | undefined;
  /** By the statistics, values kept out of line counted; 0 where they say nothing. */
  readonly bytes: number;
  /** By the statistics; old or absent ones give a guess. */
  readonly rowsPerBlock: number;
  /** Values kept out of line counted. */
  readonly bytesPerBlock: number;
}

/** Those of these relations of which the log does not have the whole key of a row that is deleted. */
export function withoutKeyInLog(relations: readonly Relation[], primaryKey: readonly string[]): Relation[] {
  return relations.filter(
    ({ identity }) => identity !== 'all' && !primaryKey.every((column) => identity.includes(column)),
  );
}
