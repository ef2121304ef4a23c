import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { ConnectorError } from '@tidemark/source';
import type { Connection, ConnectionOptions, ResultSetHeader } from 'mysql2/promise';
import type { SqlDatabase, SqlRow, SqlValue } from '../sql/sql-database.js';
import { mysqlError } from './errors.js';

/** Where the server is and who asks; `ssl` as MySQL's own clients have it in `--ssl-mode`. */
export interface MysqlAddress {
  host: string;
  port?: number;
  user: string;
  password?: string;
  database: string;
  ssl?: 'disabled' | 'preferred' | 'required' | 'verify_ca' | 'verify_identity';
  /** File with the certificates (PEM) that are trusted; absent: those of Node. */
  sslCa?: string;
}

/** What differs between servers. */
export interface ServerFacts {
  isMariaDb: boolean;
  version: string;
  /** Whether LOAD DATA LOCAL is allowed. */
  localInfile: boolean;
  /** The longest statement, in bytes. */
  packetMax: number;
  /** Names of tables and databases are kept in lower case (`lower_case_table_names`). */
  foldsNames: boolean;
  /** Its log has statements, not rows: transactions have to lock more then. */
  logsStatements: boolean;
  /** Names this very server process among the nodes of a cluster. */
  serverId: string;
}

const SESSION = [
  "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  "time_zone = '+00:00'",
  'autocommit = 1',
  // A table that somebody reads for hours is not waited for as long: MySQL's own limit is a year.
  'lock_wait_timeout = 300',
  'innodb_lock_wait_timeout = 300',
  'wait_timeout = 86400',
  'net_read_timeout = 600',
  'net_write_timeout = 600',
].join(', ');

const CHUNK = 256 * 1024;
/** ER_BINLOG_UNSAFE_STATEMENT. */
const UNSAFE_STATEMENT = 1592;

/** One connection, with errors that say what to do. Statements are written with `$1`, `$2` …, each used once, in order. */
export class Database implements SqlDatabase {
  /** The server's side of it has gone, or was ended. */
  isLost = false;

  private constructor(
    private readonly connection: Connection,
    private readonly address: MysqlAddress,
    readonly facts: ServerFacts,
  ) {
    connection.on('error', () => {
      this.isLost = true;
    });
  }

  /** Connects. `facts` of an earlier connection save asking for them. Throws ConnectorError. */
  static async connect(address: MysqlAddress, facts?: ServerFacts): Promise<Database> {
    const connection = await connect(address);
    try {
      await connection.query(`SET SESSION ${SESSION}`);
      // Wide tables are judged by the rows that they get, not by the widest that could be; some accounts may not say so.
      await connection.query('SET SESSION innodb_strict_mode = OFF').catch(() => undefined);
      const known = facts ?? (await ask(connection));
      if (!known.logsStatements) await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      return new Database(connection, address, known);
    } catch (error) {
      connection.destroy();
      throw mysqlError(error, address);
    }
  }

  async all(sql: string, values?: SqlValue[]): Promise<SqlRow[]> {
    return (await this.query(sql, values)) as SqlRow[];
  }

  async run(sql: string, values?: SqlValue[]): Promise<void> {
    await this.query(sql, values);
  }

  async one(sql: string, values?: SqlValue[]): Promise<SqlRow> {
    return (await this.all(sql, values))[0] ?? {};
  }

  /** Runs a statement that changes rows; says how many. */
  async change(sql: string, values?: SqlValue[]): Promise<number> {
    return ((await this.query(sql, values)) as ResultSetHeader).affectedRows;
  }

  /** All or nothing; not for statements that define tables, which commit by themselves. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('START TRANSACTION');
    let result: T;
    try {
      result = await work();
      await this.run('COMMIT');
    } catch (error) {
      await this.connection.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
    return result;
  }

  /** LOAD DATA LOCAL with these bytes for the file. Returns rows taken; throws when the server had anything to remark. */
  async load(sql: string, data: readonly Buffer[]): Promise<number> {
    try {
      const [result] = await this.connection.query({ sql, infileStreamFactory: () => Readable.from(pieces(data)) });
      const { affectedRows, warningStatus } = result as ResultSetHeader;
      if (warningStatus > 0) await this.refuseWarnings();
      return affectedRows;
    } catch (error) {
      throw this.error(error);
    }
  }

  error(error: unknown): ConnectorError {
    return mysqlError(error, this.address);
  }

  /** Does not throw. */
  async close(): Promise<void> {
    const ended = this.connection.end().catch(() => undefined);
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, 2_000, 'late').unref());
    if (this.isLost || (await Promise.race([ended, late])) === 'late') this.connection.destroy();
  }

  /** Does not ask the server any more: what is under way fails. */
  cut(): void {
    this.isLost = true;
    const { connection } = this.connection as unknown as {
      connection: { stream: { destroy(error: Error): void } };
    };
    connection.stream.destroy(new Error('the connection was cut: the server did not answer'));
  }

  private async query(sql: string, values?: SqlValue[]): Promise<unknown> {
    try {
      const [result] = values
        ? await this.connection.query(sql.replace(/\$\d+/g, '?'), values)
        : await this.connection.query(sql);
      return result;
    } catch (error) {
      throw this.error(error);
    }
  }

  /**
   * With LOCAL, a value that does not fit is changed and remarked upon, whatever the mode: none may. What a statement-based
   * log thinks of the statement is not about values.
   */
  private async refuseWarnings(): Promise<void> {
    const [rows] = await this.connection.query('SHOW WARNINGS');
    const serious = (rows as SqlRow[]).filter((row) => row.Level !== 'Note' && Number(row.Code) !== UNSAFE_STATEMENT);
    if (serious.length === 0) return;
    const said = serious.slice(0, 3).map((row) => String(row.Message));
    throw new ConnectorError('system', `MySQL did not take all values as they were sent: ${said.join('; ')}`);
  }
}

/** Pages may be of many megabytes; the driver sends each piece as one packet. */
function* pieces(data: readonly Buffer[]): Generator<Buffer> {
  for (const buffer of data)
    for (let at = 0; at < buffer.length; at += CHUNK) yield buffer.subarray(at, Math.min(at + CHUNK, buffer.length));
}

async function connect(address: MysqlAddress): Promise<Connection> {
  const { createConnection } = await import('mysql2/promise');
  const isNear = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(address.host);
  const mode = address.ssl ?? (isNear ? 'disabled' : 'preferred');
  const { host, port = 3306, user, password, database } = address;
  const options: ConnectionOptions = {
    ...{ host, port, user, password, database },
    charset: 'utf8mb4_bin',
    ...{ supportBigNumbers: true, bigNumberStrings: true, dateStrings: true },
    flags: ['+LOCAL_FILES'],
    connectTimeout: 30_000,
    enableKeepAlive: true,
    // Affected rows, not matched ones, are what is compared.
    multipleStatements: false,
  };
  try {
    if (mode === 'disabled') return await createConnection(options);
    return await createConnection({ ...options, ssl: tls(address, mode) });
  } catch (error) {
    if (mode === 'preferred' && (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT') {
      return createConnection(options).catch((second) => Promise.reject(mysqlError(second, address)));
    }
    throw mysqlError(error, address);
  }
}

function tls({ sslCa }: MysqlAddress, mode: string): NonNullable<Exclude<ConnectionOptions['ssl'], string>> {
  const checks = mode.startsWith('verify');
  let ca: string | undefined;
  if (sslCa !== undefined) {
    try {
      ca = readFileSync(sslCa, 'utf8');
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code;
      throw new ConnectorError('config', `The certificates in ${sslCa} (ssl_ca) cannot be read: ${why}.`);
    }
  }
  return { ca, rejectUnauthorized: checks, verifyIdentity: mode === 'verify_identity' };
}

async function ask(connection: Connection): Promise<ServerFacts> {
  const [rows] = await connection.query(
    'SELECT version() AS version, @@local_infile AS load_allowed, @@max_allowed_packet AS packet_max, @@hostname AS host_name, @@port AS port_number, @@server_id AS server_number, @@lower_case_table_names AS folds',
  );
  const [row] = rows as SqlRow[];
  // A variable that MySQL is going to drop, with the possibility.
  const [log] = await connection.query('SELECT @@log_bin AS log_bin, @@binlog_format AS format').catch(() => [[]]);
  const [format] = log as SqlRow[];
  const version = String(row!.version);
  return {
    version,
    isMariaDb: /mariadb/i.test(version),
    localInfile: Number(row!.load_allowed) === 1,
    logsStatements: Number(format?.log_bin) === 1 && format?.format === 'STATEMENT',
    foldsNames: Number(row!.folds) > 0,
    packetMax: Number(row!.packet_max),
    serverId: `${row!.host_name}:${row!.port_number}/${row!.server_number}`,
  };
}
