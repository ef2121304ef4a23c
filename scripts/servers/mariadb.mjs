// MariaDB as the machine has it (apt's mariadb-server).
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveWhenRun } from './command-line.mjs';
import { startMysqlFrom } from './mysql-family.mjs';

function find(program) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

export function mariadbAvailable() {
  if (find('mariadbd') && find('mariadb-install-db')) return { ok: true };
  return { ok: false, why: 'MariaDB is not installed: node scripts/servers/install.mjs mariadb' };
}

export async function startMariadb(options = {}) {
  const { ok, why } = mariadbAvailable();
  if (!ok) throw new Error(why);
  const program = find('mariadbd');
  const version = /Ver ([\d.]+)/.exec(execFileSync(program, ['--no-defaults', '--version'], { encoding: 'utf8' }))?.[1];
  const kind = {
    name: 'mariadb',
    version: version ?? 'unknown',
    program,
    place: [],
    initialise: (data, asRoot) => [
      find('mariadb-install-db'),
      ...['--no-defaults', ...asRoot, `--datadir=${data}`],
      ...['--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-log-file-size=8M'],
    ],
    settings: { 'innodb-log-file-size': '32M' },
    log: { 'binlog-format': 'ROW', 'binlog-row-image': 'FULL', 'binlog-row-metadata': 'FULL' },
  };
  return startMysqlFrom(kind, options);
}

await serveWhenRun(import.meta.url, startMariadb);
