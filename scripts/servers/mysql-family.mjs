// What MySQL and MariaDB have in common: a data folder made once and copied, a server on it, its readiness.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serversFolder, supervised } from './supervised.mjs';

/** Kill-proof all the same: what is committed is with the operating system, which outlives a killed server. */
const QUICK = {
  innodb_flush_log_at_trx_commit: 2,
  sync_binlog: 0,
  innodb_buffer_pool_size: '64M',
  innodb_use_native_aio: 'OFF',
};

/** Starts a server; `kind` has what differs: program, basedir, initialise, and the settings of a log that CDC can read. */
export async function startMysqlFrom(kind, options) {
  const { port, cdc = true, settings = {}, user = 'tidemark', password = 'tidemark', database = 'tidemark' } = options;
  const all = {
    ...QUICK,
    ...kind.settings,
    ...(cdc ? { 'server-id': 1, 'log-bin': 'binlog', ...kind.log } : { 'skip-log-bin': '' }),
    ...settings,
  };
  const running = await supervised({
    name: kind.name,
    port,
    prepare: (folder) => {
      copyTree(template(kind), join(folder, 'data'));
      writeFileSync(join(folder, 'first.sql'), firstStatements({ user, password, database }));
    },
    command: (place) => [
      kind.program,
      '--no-defaults',
      ...asRoot(),
      ...kind.place,
      `--datadir=${join(place.folder, 'data')}`,
      `--init-file=${join(place.folder, 'first.sql')}`,
      ...['--bind-address=127.0.0.1', `--port=${place.port}`, '--skip-name-resolve'],
      `--tmpdir=${place.folder}`,
      ...[`--socket=${join(place.folder, 's')}`, `--pid-file=${join(place.folder, 'pid')}`],
      ...Object.entries(all).map(([key, value]) => (value === '' ? `--${key}` : `--${key}=${value}`)),
    ],
    isReady: ({ port: at }) => greets(at),
  });
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const url = `mysql://${credentials}@127.0.0.1:${running.port}/${encodeURIComponent(database)}`;
  return Object.defineProperties(running, Object.getOwnPropertyDescriptors({ user, password, database, url }));
}

function asRoot() {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** Run at each start, so each says IF NOT EXISTS. One statement a line, as the server wants it. Not in the log of CDC. */
function firstStatements({ user, password, database }) {
  const text = (value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  const account = `${text(user)}@'%'`;
  return [
    'SET SESSION sql_log_bin = 0;',
    `CREATE DATABASE IF NOT EXISTS \`${database.replaceAll('`', '``')}\` CHARACTER SET utf8mb4;`,
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ${text(password)};`,
    `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;`,
    '',
  ].join('\n');
}

/** The first data folder takes seconds to make; it is made once per version and kept. */
function template(kind) {
  const kept = join(serversFolder, 'templates', `${kind.name}-${kind.version}`);
  if (existsSync(kept)) return kept;
  mkdirSync(join(serversFolder, 'templates'), { recursive: true });
  const fresh = mkdtempSync(`${kept}-new-`);
  try {
    const [command, ...args] = kind.initialise(join(fresh, 'data'), asRoot());
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000, cwd: fresh });
    // The server's own identity is made anew at each first start.
    rmSync(join(fresh, 'data/auto.cnf'), { force: true });
    renameSync(join(fresh, 'data'), kept);
  } catch (error) {
    // Another process may have been first.
    if (!existsSync(kept)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return kept;
}

function copyTree(from, to) {
  execFileSync('cp', ['-a', '--reflink=auto', '--sparse=always', from, to], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A server that serves greets a new connection at once; before that it listens without a word, or not at all. */
function greets(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isReady) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(2000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
    socket.once('data', (data) => answer(data.length > 4 && data[4] !== 0xff));
  });
}
