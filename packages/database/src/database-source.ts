import type { ConnectorSpecification, JsonObject, StreamDescriptor } from '@tidemark/protocol';
import { type CheckResult, type Connection, ConnectorError, type RunContext, type Source } from '@tidemark/source';
import { AbsentStream } from './absent-stream.js';
import type { Database, Finding, ReadingSettings, Table, TableWish } from './dialect.js';
import { dialectByName } from './dialects.js';
import { sentence } from './finding.js';
import { logConnection } from './log/log-connection.js';
import { readingSettings } from './reading-settings.js';
import { tableId } from './table-id.js';
import { TableStream } from './table-stream.js';

/** What makes a database a source. Everything but the dialect can be left to the configuration and to discovery. */
export interface DatabaseSettings {
  /** `postgres`, `mysql`, … */
  dialect: string;
  /** Connection fields that a configuration need not give; what the configuration gives wins. */
  connection?: JsonObject;
  /** Absent: every table that can be seen. */
  streams?: readonly TableWish[];
  reading?: Partial<ReadingSettings>;
}

/**
 * A database as a source: each table a stream, read in chunks that resume. `connect` looks at the catalog of the database
 * only. Throws ConnectorError (config) for an unknown dialect.
 */
export async function createDatabaseSource(settings: DatabaseSettings): Promise<Source> {
  const dialect = await dialectByName(settings.dialect);
  const reading = readingSettings(settings.reading);
  return {
    async spec(): Promise<ConnectorSpecification> {
      const given = new Set(Object.keys(settings.connection ?? {}));
      const { required, ...schema } = dialect.connectionSchema;
      const asked =
        Array.isArray(required) && !given.has('url') ? required.filter((name) => !given.has(String(name))) : [];
      return {
        connectionSpecification: asked.length > 0 ? { ...schema, required: asked } : schema,
        supportsIncremental: true,
      };
    },
    async connect(config: JsonObject, context: RunContext, options = {}): Promise<Connection> {
      const database = await dialect.open({ ...settings.connection, ...config }, reading, context);
      try {
        // `check` has to say more about a server that cannot be read than that it cannot.
        const tables = options.forCheck ? [] : await database.tables(settings.streams);
        return connection(database, tables, options.forCheck ? [] : absentOf(database, tables, settings.streams));
      } catch (error) {
        await database.close();
        throw error;
      }

      function streamsOf(found: readonly Table[]): TableStream[] {
        const wishes = new Map((settings.streams ?? []).map((wish) => [wishKey(wish), wish]));
        return found.map((table) => {
          const wish = wishes.get(tableId(table)) ?? wishes.get(table.name);
          const problem = wish && misfit(table, wish);
          return new TableStream({ dialect: dialect.name, table, wish, settings: reading, context, problem });
        });
      }

      function connection(open: Database, tables: readonly Table[], absent: readonly AbsentStream[]): Connection {
        const streams = streamsOf(tables);
        const plain: Connection = {
          streams: [...streams, ...absent],
          absent: (stream) => new AbsentStream(stream, open.grant?.(wishOf(stream))),
          concurrency: reading.concurrency,
          check: () => check(open, settings.streams, streamsOf),
          close: () => open.close(),
        };
        const followed = tables.filter((_, index) => {
          const { problem } = streams[index]!;
          return problem === undefined && streams[index]!.followKind() === 'log';
        });
        const log = followed.length > 0 ? open.log?.() : undefined;
        if (!log) return plain;
        const { log_load_seconds: loadSeconds, on_lost_position: onLostPosition } = reading;
        return logConnection({
          dialect: dialect.name,
          inner: plain,
          log,
          tables: followed,
          context,
          loadSeconds,
          onLostPosition,
        });
      }
    },
  };
}

function wishKey(wish: TableWish): string {
  return tableId(wish);
}

async function check(
  database: Database,
  wishes: readonly TableWish[] | undefined,
  streamsOf: (tables: readonly Table[]) => TableStream[],
): Promise<CheckResult> {
  let findings: Finding[];
  let hasReadable: boolean;
  try {
    const tables = await database.tables(wishes);
    findings = await database.check(tables);
    for (const { problem } of absentOf(database, tables, wishes)) findings.push({ severity: 'table', problem });
    const streams = streamsOf(tables);
    const byLog = tables.filter((_, index) => streams[index]!.wantedKind() === 'log');
    if (byLog.length > 0) findings.push(...((await database.log?.().check(byLog)) ?? []));
    const unreadable = new Set(
      findings.flatMap(({ severity, table }) => (severity === 'table' && table ? [table] : [])),
    );
    for (const stream of streams) {
      const problem = stream.problem ?? stream.cursorProblem()?.message;
      if (problem === undefined) continue;
      findings.push({ severity: 'table', problem });
      unreadable.add(tableId(stream));
    }
    hasReadable = tables.length === 0 || tables.some((table) => !unreadable.has(tableId(table)));
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return { succeeded: false, message: error.message };
  }
  if (findings.length === 0) return { succeeded: true };
  // A table that cannot be read fails the check only where it was asked for by name, or where it leaves nothing to read.
  const fails = findings.some((each) => each.severity === 'blocking' || (each.severity === 'table' && wishes));
  return { succeeded: !fails && hasReadable, message: findings.map(sentence).join('\n') };
}

/** The tables that were asked for and are not there, or not to be seen. */
function absentOf(
  database: Database,
  tables: readonly Table[],
  wishes: readonly TableWish[] | undefined,
): AbsentStream[] {
  const known = new Set(tables.flatMap((table) => [tableId(table), table.name]));
  const missing = (wishes ?? []).filter((wish) => !known.has(wishKey(wish)));
  return missing.map((wish) => new AbsentStream(wish, database.grant?.(wish)));
}

function wishOf({ name, namespace }: StreamDescriptor): TableWish {
  return namespace ? { name, namespace } : { name };
}

/** Why a table cannot be read as it is asked for: the columns that are named and not there. */
function misfit(table: Table, { columns = [], order = [], cursor }: TableWish): string | undefined {
  const names = table.columns.map((column) => column.name);
  const fields: [string, readonly string[]][] = [
    ['columns', columns],
    ['order', order],
    ['cursor', cursor ? [cursor] : []],
  ];
  const wrong = fields.flatMap(([field, wanted]) =>
    wanted.filter((column) => !names.includes(column)).map((column) => `'${column}' (${field} of its stream)`),
  );
  if (wrong.length === 0) return undefined;
  return `${tableId(table)} has no column ${wrong.join(', ')}; it has: ${names.join(', ')}. If it was dropped or renamed: take it out of the stream, or name it as it is called now.`;
}
