// The real MySQL 8.0, whose programs install.mjs takes from Maven Central.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveWhenRun } from './command-line.mjs';
import { startMysqlFrom } from './mysql-family.mjs';
import { serversFolder } from './supervised.mjs';

export const MYSQL_VERSION = '8.0.33';
const home = join(serversFolder, `mysql-${MYSQL_VERSION}`);

export function mysqlAvailable() {
  if (existsSync(join(home, 'bin/mysqld'))) return { ok: true };
  return { ok: false, why: 'MySQL 8.0 is not installed: node scripts/servers/install.mjs mysql' };
}

export async function startMysql(options = {}) {
  const { ok, why } = mysqlAvailable();
  if (!ok) throw new Error(why);
  const kind = {
    name: 'mysql',
    version: MYSQL_VERSION,
    program: join(home, 'bin/mysqld'),
    place: [`--basedir=${home}`],
    initialise: (data, asRoot) => [
      join(home, 'bin/mysqld'),
      ...['--no-defaults', '--initialize-insecure', ...asRoot, `--basedir=${home}`, `--datadir=${data}`],
      '--innodb-redo-log-capacity=8M',
    ],
    settings: { mysqlx: 'OFF', 'innodb-redo-log-capacity': '32M', 'performance-schema': 'OFF' },
    log: {
      'binlog-format': 'ROW',
      'binlog-row-image': 'FULL',
      'binlog-row-metadata': 'FULL',
      'gtid-mode': 'ON',
      'enforce-gtid-consistency': 'ON',
    },
  };
  return startMysqlFrom(kind, options);
}

await serveWhenRun(import.meta.url, startMysql);
