import type { Json } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import { rangesUpTo } from '../cursors/range-list.js';
import { type Chunk, PartChanged, type PlannedPart, type TableLoad } from '../dialect.js';
import { keyOrder, keyPredicate } from '../key-paging.js';
import type { Identity, Part } from '../state.js';
import { keyedCuts } from './keyed-cuts.js';
import { type KeyedColumn, type KeyedReading, keySqlOf, relationId, tableSql } from './keyed-server.js';
import { PageReader } from './page-reader.js';

/** A table that nothing can be paged by: one statement, from its beginning each time. */
export function wholeLoad<C extends KeyedColumn>({ server, relation, columns }: KeyedReading<C>): TableLoad {
  const part: PlannedPart = { id: relation.name, identity: { kind: 'whole' }, ranges: [{ lo: null, hi: null }] };
  const sql = `SELECT ${columns.map((column) => server.selected(column)).join(', ') || '1'} FROM ${tableSql(server, relation)}`;
  return {
    begin: async () => [part],
    changed: async () => undefined,
    replan: async () => part,
    cut: () => undefined,
    read: (_chunk, { signal }) => server.stream(sql, columns, signal, `Reading ${relationId(relation)}`),
  };
}

/** A table in the order of its key: each page is `WHERE key > … AND key <= … ORDER BY key LIMIT n`, served by the key's index. */
export class KeyedLoad<C extends KeyedColumn> implements TableLoad {
  private readonly key: readonly C[];
  private readonly identity: Identity & { kind: 'key' };

  constructor(private readonly reading: KeyedReading<C>) {
    this.key = reading.relation.order;
    this.identity = {
      kind: 'key',
      columns: this.key.map((column) => column.name),
      types: this.key.map((column) => column.type),
      collation: collationOf(this.key),
    };
  }

  async begin(known?: ReadonlySet<string>): Promise<PlannedPart[]> {
    const { name, isSorted } = this.reading.relation;
    if (known?.has(name)) return [];
    // Before the bounds: those of the table that was there before are found out.
    const incarnations = await this.incarnations();
    const identity: Identity = incarnations.length > 0 ? { ...this.identity, incarnations } : this.identity;
    if (isSorted) return [{ id: name, identity, ranges: [{ lo: null, hi: null }] }];
    const hi = await this.end('DESC');
    if (hi === undefined) return [{ id: name, identity, ranges: [] }];
    const cuts = await keyedCuts(this.reading, hi, () => this.end('ASC'));
    return [{ id: name, identity, ranges: rangesUpTo(hi, cuts) }];
  }

  async changed(part: Part): Promise<string | undefined> {
    const { identity } = part;
    if (identity.kind !== 'key') return `it was read by ${identity.kind} before, and is read by its key now`;
    const was = identity.columns.map((column, i) => `${column} ${identity.types[i]}`).join(', ');
    const is = this.key.map((column) => `${column.name} ${column.type}`).join(', ');
    // A state of Airbyte names no type.
    const isSame =
      was === is || (identity.types.length === 0 && identity.columns.join() === this.key.map((c) => c.name).join());
    if (!isSame) return `its key was (${was}) and is (${is}) now`;
    // Nor does it, or a state of an earlier Tidemark, name a collation.
    const collation = collationOf(this.key);
    return identity.collation === null || identity.collation === collation
      ? this.replaced(identity)
      : `its key was ordered by ${identity.collation} and is by ${collation ?? 'no collation'} now`;
  }

  async replan(): Promise<PlannedPart> {
    return (await this.begin())[0]!;
  }

  cut(): undefined {
    return undefined;
  }

  async *read({ identity, range }: Chunk, { signal }: { signal: AbortSignal }): AsyncIterable<Page> {
    const { server, relation, columns } = this.reading;
    const doing = `Reading ${relationId(relation)}`;
    const reader = new PageReader(server, columns, this.key.length, doing);
    const hi = this.bound(range.hi);
    let after = this.bound(range.pos, this.key.length) ?? this.bound(range.lo);
    try {
      for (;;) {
        const { page, last, more } = await reader.next((limit) => this.statement(after, hi, limit), signal);
        if (!more || last === undefined) {
          const reason = await this.replaced(identity);
          if (reason !== undefined) throw new PartChanged(reason);
          yield page;
          return;
        }
        after = last;
        yield { ...page, next: last };
      }
    } finally {
      reader.close();
    }
  }

  private async incarnations(): Promise<string[]> {
    const { server, relation } = this.reading;
    try {
      return relation.isView ? [] : ((await server.incarnations?.(relation)) ?? []);
    } catch (error) {
      throw server.error(error, `Looking at ${relationId(relation)}`);
    }
  }

  /** Why the table is not the one that a part was planned for. Partitions come and go; once none is left, all rows have gone. */
  private async replaced(identity: Identity): Promise<string | undefined> {
    if (identity.kind !== 'key' || !identity.incarnations) return undefined;
    const now = await this.incarnations();
    if (now.length === 0 || now.some((each) => identity.incarnations!.includes(each))) return undefined;
    return 'the table is another one now: it was emptied, made again or written anew';
  }

  private statement(after: readonly string[] | undefined, hi: readonly string[] | undefined, limit: number): string {
    const { server, relation, columns } = this.reading;
    const sql = keySqlOf(server, this.key);
    const names = this.key.map((column) => column.name);
    const where = [
      // A bound between two chunks may be of the first columns alone.
      ...(after ? [keyPredicate(names.slice(0, after.length), after, 'after', sql)] : []),
      ...(hi ? [keyPredicate(names.slice(0, hi.length), hi, 'upTo', sql)] : []),
    ];
    const list = [
      ...columns.map((column) => server.selected(column)),
      ...this.key.map((column) => server.selectedKey(column)),
    ].join(', ');
    const filter = where.length > 0 ? where.map((each) => `(${each})`).join(' AND ') : undefined;
    return server.select(list, tableSql(server, relation), filter, keyOrder(names, sql), limit);
  }

  /** The key of the first or last row; undefined in an empty table. */
  private async end(direction: 'ASC' | 'DESC'): Promise<string[] | undefined> {
    const { server, relation } = this.reading;
    const names = this.key.map((column) => column.name);
    const order = keyOrder(names, keySqlOf(server, this.key), direction === 'DESC');
    const list = this.key.map((column) => server.selectedKey(column)).join(', ');
    try {
      const [row] = await server.query(server.select(list, tableSql(server, relation), undefined, order, 1));
      return row?.map((value) => value ?? '');
    } catch (error) {
      throw server.error(error, `Looking for the end of ${relationId(relation)}`);
    }
  }

  /** A position has all columns of the key, a bound between chunks the first ones. */
  private bound(value: Json, least = 1): string[] | undefined {
    if (value === null) return undefined;
    const fits = Array.isArray(value) && value.length >= least && value.length <= this.key.length;
    if (fits && value.every((each) => typeof each === 'string')) return value as string[];
    throw new ConnectorError(
      'config',
      `The state of ${relationId(this.reading.relation)} holds a position that is none of its key (${this.key.map((column) => column.name).join(', ')}). Read the table without a state to begin anew.`,
    );
  }
}

/** By what the texts of a key are ordered: a position means another place under another collation. Null: it has no texts. */
function collationOf(key: readonly KeyedColumn[]): string | null {
  const collations = key.flatMap(({ keyForm, collation }) => (keyForm === 'text' && collation ? [collation] : []));
  return collations.length > 0 ? collations.join(', ') : null;
}
