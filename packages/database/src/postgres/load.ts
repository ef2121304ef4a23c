import type { Json } from '@tidemark/protocol';
import { canonical } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import { rangesUpTo } from '../cursors/range-list.js';
import type { Chunk, PlannedPart, ReadingSettings, TableLoad, TableWish } from '../dialect.js';
import { keyOrder, keyPredicate } from '../key-paging.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import type { Identity, Part } from '../state.js';
import type { CatalogTable } from './catalog.js';
import type { Clients } from './clients.js';
import { PageMaker } from './copied-page.js';
import { ctidPages } from './ctid-pages.js';
import { postgresError } from './errors.js';
import { postgresCuts } from './key-cuts.js';
import { spaceOf } from './key-spaces.js';
import { POSTGRES_KEYS } from './keys.js';
import { orderedPages } from './ordered-pages.js';
import type { Relation } from './relation.js';
import { ReaderSession } from './session.js';
import type { Snapshot } from './snapshot.js';
import { name } from './sql.js';
import { fileOf, grantSelect, keyAtEnd, sizeOf } from './statements.js';
import type { PostgresColumn } from './types.js';
import { wholePages } from './whole-pages.js';

interface Size {
  blocks: number;
  /** With those of values that are kept out of line. */
  bytes: number;
}

/** What every table of a server shares. */
export interface Server {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly spool: SpoolSpace;
  readonly snapshot: Snapshot | undefined;
  readonly user: string;
  /** Ranges of row addresses are read directly: 14 and later. Asked when the first table is read. */
  readonly tidRanges: boolean;
  readonly warn: (message: string) => void;
}

/**
 * The whole of one table: its leaves by row address where they lie in files, by key where the file changes while it is read
 * or where the user declares an order, else in one go.
 */
export class PostgresLoad implements TableLoad {
  private readonly maker: PageMaker;
  private readonly names: readonly string[];
  private readonly sizes = new Map<string, Size>();

  constructor(
    private readonly server: Server,
    private readonly table: CatalogTable,
    columns: readonly PostgresColumn[],
    private readonly wish: TableWish | undefined,
  ) {
    this.maker = new PageMaker(columns);
    this.names = columns.map((column) => column.name);
  }

  async begin(known?: ReadonlySet<string>): Promise<PlannedPart[]> {
    const { relation, leaves, primaryKey } = this.table;
    if (!relation.mayRead) {
      // Asked of the catalog: an empty table would not be touched, and would seem to be readable.
      throw new ConnectorError(
        'config',
        `The user lacks the right to select from ${relation.id}. Mend it with: ${grantSelect(relation, this.server.user)}`,
      );
    }
    if (this.wish?.order) return [await this.byKey(relation, this.wish.order, false)];
    if (this.isHidden || leaves.length === 0) {
      if (known?.has(relation.id)) return [];
      return [primaryKey.length > 0 ? await this.byKey(relation, primaryKey, true) : whole(relation)];
    }
    const parts: PlannedPart[] = [];
    for (const leaf of leaves) parts.push(await this.byAddress(leaf));
    return parts;
  }

  async changed(part: Part): Promise<string | 'gone' | undefined> {
    const relation = this.find(part.id);
    if (!relation) return 'gone';
    const { identity } = part;
    if (identity.kind === 'ctid') {
      const now = await this.filenode(relation);
      if (now === null) return 'gone';
      return now === String(identity.filenode) ? undefined : 'the table was rewritten since the last run';
    }
    if (identity.kind !== 'key') return undefined;
    const key = this.wish?.order ?? this.table.primaryKey;
    const now = this.keyIdentity(key);
    const { incarnations: files, ...before } = identity;
    // A state of another program knows the columns alone.
    const isSame = before.types.length === 0 || canonical(now) === canonical(before) || sameColumns(now, before);
    if (!isSame) return 'its key is another one than in the last run';
    // Positions of a key outlast a rewrite, but nobody can tell one from a TRUNCATE.
    const file = files && (await this.filenode(relation));
    return file && !files.includes(file) ? 'the table was rewritten since the last run' : undefined;
  }

  async replan(part: Part, _reason: string, times: number): Promise<PlannedPart> {
    const relation = this.find(part.id) ?? this.table.relation;
    const { primaryKey } = this.table;
    if (part.identity.kind === 'key') return this.byKey(relation, this.wish?.order ?? primaryKey, !this.wish?.order);
    if (part.identity.kind === 'whole') return { ...whole(relation), id: part.id };
    // Rewritten under our eyes: it may well happen again, and a key does not mind. Between runs it may not.
    if (times > 0 && primaryKey.length > 0) return this.byKey(relation, primaryKey, true);
    return this.byAddress(relation);
  }

  async cut({ part, identity, range }: Chunk): Promise<Json | undefined> {
    const relation = this.find(part);
    if (identity.kind !== 'ctid' || !relation) return undefined;
    const first = range.lo === null ? 0 : (range.lo as number[])[0]!;
    const size = this.sizes.get(part) ?? (await this.sizeNow(relation));
    const end = range.hi === null ? size.blocks : (range.hi as number[])[0]!;
    const blocks = Math.max(1, Math.floor(this.server.settings.chunk_bytes / bytesPerBlock(relation, size)));
    return first + blocks < end ? [first + blocks, 0] : undefined;
  }

  async *read(chunk: Chunk, { signal }: { signal: AbortSignal }): AsyncGenerator<Page> {
    const { clients, settings, spool, snapshot, tidRanges } = this.server;
    const found = this.find(chunk.part) ?? this.table.relation;
    const relation = { ...found, bytesPerBlock: bytesPerBlock(found, this.sizes.get(found.id)) };
    const shared = { relation, columns: this.names, makePage: this.maker, settings };
    if (chunk.identity.kind === 'whole') {
      yield* wholePages({ ...shared, clients, spool }, signal);
      return;
    }
    const session = new ReaderSession(clients, `Reading ${relation.id}`, snapshot);
    try {
      if (chunk.identity.kind === 'key') yield* this.byKeyPages(chunk, { ...shared, session }, signal);
      else {
        const blocksNow = async () => (await this.sizeNow(relation)).blocks;
        const filenodeNow = () => this.filenode(relation);
        yield* ctidPages(chunk, { ...shared, session, tidRanges, blocksNow, filenodeNow }, signal);
      }
    } finally {
      session.close();
    }
  }

  private byKeyPages(
    chunk: Chunk,
    shared: {
      relation: Relation;
      columns: readonly string[];
      makePage: PageMaker;
      settings: ReadingSettings;
      session: ReaderSession;
    },
    signal: AbortSignal,
  ): AsyncGenerator<Page> {
    const { identity, range } = chunk;
    const key = identity.kind === 'key' ? identity.columns : [];
    // A bound between two chunks may be of the first columns alone.
    const predicate = (bound: readonly string[], side: 'after' | 'upTo'): string =>
      keyPredicate(key.slice(0, bound.length), bound, side, POSTGRES_KEYS);
    const upTo = range.hi === null ? [] : [predicate(range.hi as string[], 'upTo')];
    const where = (after: readonly string[] | undefined): string[] =>
      after ? [predicate(after, 'after'), ...upTo] : upTo;
    const after = (range.pos ?? range.lo ?? undefined) as string[] | undefined;
    return orderedPages({ ...shared, order: key.map(name), where, after }, signal);
  }

  private async byAddress(leaf: Relation): Promise<PlannedPart> {
    if (leaf.filenode === undefined) return whole(leaf);
    const filenode = await this.filenode(leaf);
    if (filenode === null) return { id: leaf.id, identity: { kind: 'ctid', filenode: 0 }, ranges: [] };
    const { blocks } = await this.sizeNow(leaf);
    const identity: Identity = { kind: 'ctid', filenode: Number(filenode) };
    return { id: leaf.id, identity, ranges: blocks === 0 ? [] : [{ lo: null, hi: null }] };
  }

  private async byKey(relation: Relation, key: readonly string[], isIndexed: boolean): Promise<PlannedPart> {
    const file = relation.filenode === undefined ? null : await this.filenode(relation);
    const identity: Identity = { ...this.keyIdentity(key), ...(file === null ? {} : { incarnations: [file] }) };
    // An order that is only declared has no index: its greatest value would cost a sort of everything.
    if (!isIndexed) return { id: relation.id, identity, ranges: [{ lo: null, hi: null }] };
    const [row] = await this.query<Record<string, string>>(
      keyAtEnd(relation, key, keyOrder(key, POSTGRES_KEYS, true)),
      relation,
    );
    if (!row) return { id: relation.id, identity, ranges: [] };
    const last = key.map((_, i) => row[`k${i}`]!);
    const cuts = await this.cuts(relation, key, last);
    return { id: relation.id, identity, ranges: rangesUpTo(last, cuts) };
  }

  private async cuts(relation: Relation, key: readonly string[], last: readonly string[]): Promise<string[][]> {
    const { columns, leaves, keyCollation } = this.table;
    const collations = keyCollation?.split(',') ?? [];
    const spaces = key.map((name, i) => {
      const column = columns.find((each) => each.name === name);
      return column && spaceOf(column, collations[i] ?? '');
    });
    const { bytes: own } = await this.sizeNow(relation);
    // A partitioned table has no size.
    const bytes = own > 0 ? own : leaves.reduce((sum, leaf) => sum + leaf.bytes, 0);
    const { clients, settings } = this.server;
    return postgresCuts(clients, { relation, key, last, spaces, bytes }, settings.chunk_bytes);
  }

  private keyIdentity(key: readonly string[]): Identity & { kind: 'key' } {
    const { columns, keyCollation } = this.table;
    const types = key.map((column) => columns.find((each) => each.name === column)?.type ?? '');
    return { kind: 'key', columns: [...key], types, collation: this.wish?.order ? null : keyCollation };
  }

  /** The user may read the table, but not its leaves by themselves, or not all of its columns. */
  private get isHidden(): boolean {
    return this.table.relation.mayRead && this.table.leaves.some((leaf) => !leaf.mayRead);
  }

  private find(id: string): Relation | undefined {
    const { relation, leaves } = this.table;
    if (this.wish?.order || this.isHidden) return relation.id === id ? relation : undefined;
    return leaves.find((leaf) => leaf.id === id) ?? (relation.id === id ? relation : undefined);
  }

  private async sizeNow(relation: Relation): Promise<Size> {
    const [row] = await this.query<Record<'blocks' | 'bytes', string | null>>(sizeOf(relation), relation);
    const size = { blocks: Number(row?.blocks ?? 0), bytes: Number(row?.bytes ?? 0) };
    this.sizes.set(relation.id, size);
    return size;
  }

  private async filenode(relation: Relation): Promise<string | null> {
    const [row] = await this.query<{ pg_relation_filenode: string | null }>(fileOf(relation), relation);
    return row?.pg_relation_filenode ?? null;
  }

  private async query<Row extends object>(text: string, relation: Relation): Promise<Row[]> {
    try {
      return await this.server.clients.query<Row>(text);
    } catch (error) {
      throw postgresError(error, `Reading ${relation.id}`);
    }
  }
}

/** Values that are kept out of line counted. */
function bytesPerBlock(relation: Relation, size: Size | undefined): number {
  return size && size.blocks > 0 ? Math.max(relation.blockBytes, size.bytes / size.blocks) : relation.bytesPerBlock;
}

function whole(relation: Relation): PlannedPart {
  return { id: relation.id, identity: { kind: 'whole' }, ranges: [{ lo: null, hi: null }] };
}

/** States of Airbyte have neither the server's type names nor collations. */
function sameColumns(now: Identity & { kind: 'key' }, before: Identity & { kind: 'key' }): boolean {
  return (
    before.collation === null &&
    canonical(now.columns) === canonical(before.columns) &&
    canonical(now.types) === canonical(before.types)
  );
}
