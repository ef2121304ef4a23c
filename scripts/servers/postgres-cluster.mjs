// A PostgreSQL cluster of its own from a folder of programs, whatever the version.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { supervised } from './supervised.mjs';

const CDC = { wal_level: 'logical', max_wal_senders: 10, max_replication_slots: 10 };

/** Starts a cluster; see postgres.d.mts for the options. */
export async function startPostgresFrom(name, programs, options) {
  const { port, cdc = true, settings = {}, user = 'postgres', password = 'tidemark', database = 'tidemark' } = options;
  const all = { fsync: 'off', ...(cdc ? CDC : {}), ...settings };
  const running = await supervised({
    name,
    port,
    env: { LC_ALL: 'C' },
    prepare: (folder) => initialise(programs, folder, { user, password, database }),
    command: (place) => [
      ...asAllowedUser(),
      join(programs, 'postgres'),
      ...['-D', join(place.folder, 'data'), '-p', String(place.port), '-k', place.folder, '-h', '127.0.0.1'],
      ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    isReady: ({ folder, pid }) => isReady(folder, pid),
    stopSignal: 'SIGINT',
    endSignal: 'SIGQUIT',
  });
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const url = `postgres://${credentials}@127.0.0.1:${running.port}/${encodeURIComponent(database)}`;
  return Object.defineProperties(running, Object.getOwnPropertyDescriptors({ user, password, database, url }));
}

/** PostgreSQL refuses to run as root; there it runs as its package's user, or as nobody. */
function asAllowedUser() {
  if (process.getuid?.() !== 0) return [];
  const names = readFileSync('/etc/passwd', 'utf8').split('\n');
  const user = ['postgres', 'nobody'].find((name) => names.some((line) => line.startsWith(`${name}:`)));
  return ['setpriv', `--reuid=${user}`, `--regid=${groupOf(names, user)}`, '--clear-groups'];
}

/** Why these programs cannot be run here by the user who has to run them; undefined where they can. */
export function whyNotRunnable(programs) {
  const program = join(programs, 'postgres');
  const [command, ...args] = [...asAllowedUser(), program, '--version'];
  const { status, error, stderr } = spawnSync(command, args, { cwd: '/', encoding: 'utf8', timeout: 30_000 });
  if (status === 0) return undefined;
  const hint = 'a folder that others may read can be named by TIDEMARK_SERVERS_FOLDER';
  return `${program} does not run (${(error?.message ?? stderr).trim()}); ${hint}`;
}

function groupOf(names, user) {
  return names.find((line) => line.startsWith(`${user}:`)).split(':')[3];
}

function run(program, args, input) {
  const [command, ...rest] = [...asAllowedUser(), program, ...args];
  execFileSync(command, rest, {
    input,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: 120_000,
  });
}

function initialise(programs, folder, { user, password, database }) {
  chmodSync(folder, 0o777);
  const data = join(folder, 'data');
  writeFileSync(join(folder, 'password'), `${password}\n`);
  chmodSync(join(folder, 'password'), 0o644);
  const sign = ['-A', 'scram-sha-256', `--pwfile=${join(folder, 'password')}`];
  run(join(programs, 'initdb'), ['-D', data, '-U', user, ...sign, '--no-sync', '-E', 'UTF8', '--no-locale']);
  const create = `CREATE DATABASE "${database.replaceAll('"', '""')}"\n`;
  run(join(programs, 'postgres'), ['--single', '-D', data, '-c', 'fsync=off', 'postgres'], create);
}

/** The server writes its id and its state into this file; a killed one leaves it behind. */
function isReady(folder, pid) {
  const path = join(folder, 'data/postmaster.pid');
  if (!existsSync(path)) return false;
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}
