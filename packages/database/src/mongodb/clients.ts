import type { BSON, ClientSession, MongoClient, ReadConcernLike, Timestamp } from 'mongodb';
import type { ReadingSettings } from '../dialect.js';
import { LongStatements } from '../long-statements.js';
import type { MongoConfig } from './config.js';
import { mongoError, serverCode } from './errors.js';
import type { BoundTypes } from './id-order.js';

/** What the server says of itself. */
export interface ServerFacts {
  /** The replica set's name; empty where there is none. */
  readonly set: string;
  readonly isSharded: boolean;
  readonly hasSessions: boolean;
  readonly wireVersion: number;
  /** The server's clock, in milliseconds. */
  readonly localTime: number;
}

/** The connected driver, with what of it is used beside the client. */
export interface Opened {
  readonly client: MongoClient;
  readonly bson: typeof BSON;
  readonly types: BoundTypes;
  readonly facts: ServerFacts;
}

/** The options that every query has. */
export interface QueryOptions {
  readonly session?: ClientSession;
  readonly readConcern?: ReadConcernLike;
  readonly maxTimeMS?: number;
}

const COMMAND_NOT_FOUND = 59;

/** The driver, connected when it is first used. Nothing that is sent through it writes. */
export class Clients {
  private opening: Promise<Opened> | undefined;
  /** The cluster's time of the latest thing that was seen: a member that is behind it is waited for. */
  private seen: Timestamp | undefined;
  private closed = false;

  constructor(
    readonly config: MongoConfig,
    private readonly settings: ReadingSettings,
    readonly long = new LongStatements(),
  ) {}

  /** Throws ConnectorError. */
  open(): Promise<Opened> {
    this.opening ??= this.connect().catch((error) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /**
   * Runs queries that see at least what earlier ones have seen, whichever members answer: a load that begins at a position
   * of the log must not read a secondary that has not come so far.
   */
  async query<T>(body: (opened: Opened, options: QueryOptions) => Promise<T>): Promise<T> {
    const opened = await this.open();
    const { set, isSharded, hasSessions } = opened.facts;
    const seconds = this.settings.statement_timeout_seconds;
    const limits = seconds > 0 ? { maxTimeMS: Math.ceil(seconds * 1000) } : {};
    if (!hasSessions || !(set !== '' || isSharded)) return this.long.during(body(opened, limits));
    const session = opened.client.startSession({ causalConsistency: true });
    try {
      if (this.seen) session.advanceOperationTime(this.seen);
      return await this.long.during(body(opened, { ...limits, session, readConcern: { level: 'majority' } }));
    } finally {
      if (session.operationTime) this.saw(session.operationTime);
      await session.endSession();
    }
  }

  /** From now on every query sees what had happened up to this time. */
  saw(time: Timestamp): void {
    if (!this.seen || time.greaterThan(this.seen)) this.seen = time;
  }

  async close(): Promise<void> {
    this.closed = true;
    const opened = await this.opening?.catch(() => undefined);
    await opened?.client.close();
  }

  /** The server's description of itself as it is now. */
  async facts(client: MongoClient): Promise<ServerFacts> {
    const admin = client.db('admin');
    const readPreference = this.config.options.readPreference ?? client.readPreference;
    const told = await admin.command({ hello: 1 }, { readPreference }).catch((error) => {
      if (serverCode(error) === COMMAND_NOT_FOUND) return admin.command({ isMaster: 1 }, { readPreference });
      throw error;
    });
    return {
      set: typeof told.setName === 'string' ? told.setName : '',
      isSharded: told.msg === 'isdbgrid',
      hasSessions: told.logicalSessionTimeoutMinutes !== undefined && told.logicalSessionTimeoutMinutes !== null,
      wireVersion: Number(told.maxWireVersion ?? 0),
      localTime: told.localTime instanceof Date ? told.localTime.getTime() : Date.now(),
    };
  }

  private async connect(): Promise<Opened> {
    const { MongoClient, BSON, MinKey, MaxKey, ObjectId, Timestamp, Code } = await import('mongodb');
    let client: MongoClient | undefined;
    try {
      client = new MongoClient(this.config.uri, this.config.options);
      await client.connect();
      const facts = await this.facts(client);
      if (this.closed) throw new Error('the source was closed');
      return { client, bson: BSON, types: { MinKey, MaxKey, ObjectId, Timestamp, Code }, facts };
    } catch (error) {
      await client?.close().catch(() => undefined);
      throw mongoError(error, `Connecting to ${addresses(this.config.uri)}`);
    }
  }
}

/** The hosts of a connection string, without the account. */
function addresses(uri: string): string {
  return /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]+)/.exec(uri)?.[1] ?? 'the server';
}
