import { ConnectorError } from '@tidemark/source';
import type { Dialect } from './dialect.js';
import { DIALECTS, type DialectName } from './state.js';

/** The dialects by name, each loaded when it is asked for: a driver is heavy. */
const LOADERS: Partial<Record<DialectName, () => Promise<Dialect>>> = {
  postgres: async () => (await import('./postgres/dialect.js')).postgres,
  mysql: async () => (await import('./mysql/dialect.js')).mysql,
  mariadb: async () => (await import('./mysql/dialect.js')).mariadb,
  sqlserver: async () => (await import('./sqlserver/dialect.js')).sqlserver,
  mongodb: async () => (await import('./mongodb/dialect.js')).mongodb,
};

const SCHEMES: Readonly<Record<string, DialectName>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mariadb',
  sqlserver: 'sqlserver',
  mssql: 'sqlserver',
  mongodb: 'mongodb',
  'mongodb+srv': 'mongodb',
};

/** The dialect of this name. Throws ConnectorError (config) with the names that there are. */
export async function dialectByName(name: string): Promise<Dialect> {
  const load = DIALECTS.includes(name as DialectName) ? LOADERS[name as DialectName] : undefined;
  if (!load) {
    throw new ConnectorError(
      'config',
      `There is no dialect '${name.slice(0, 40)}' (there are: ${Object.keys(LOADERS).join(', ')}).`,
    );
  }
  return load();
}

/** The dialect that a connection URL is for, or undefined when its scheme is none of a database. */
export function dialectOfUrl(url: string): DialectName | undefined {
  const scheme = /^([a-z][a-z0-9+]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  return scheme === undefined ? undefined : SCHEMES[scheme];
}

/** The names of the dialects that can be read. */
export function dialectNames(): DialectName[] {
  return Object.keys(LOADERS) as DialectName[];
}
