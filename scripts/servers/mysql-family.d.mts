import type { MysqlOptions } from './mysql.mjs';
import type { Server } from './supervised.mjs';

export interface MysqlKind {
  readonly name: string;
  readonly version: string;
  readonly program: string;
  readonly place: readonly string[];
  /** The command that makes a data folder. */
  initialise(data: string, asRoot: readonly string[]): readonly string[];
  readonly settings: Readonly<Record<string, string | number>>;
  readonly log: Readonly<Record<string, string | number>>;
}

export declare function startMysqlFrom(kind: MysqlKind, options: MysqlOptions): Promise<Server>;
