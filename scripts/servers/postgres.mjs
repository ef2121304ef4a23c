// PostgreSQL as the machine has it (apt's postgresql, or initdb and postgres on the PATH).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serveWhenRun } from './command-line.mjs';
import { startPostgresFrom } from './postgres-cluster.mjs';

function programs() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((each) => each !== '' && existsSync(join(each, 'initdb')) && existsSync(join(each, 'postgres')));
}

export function postgresAvailable() {
  if (programs()) return { ok: true };
  return { ok: false, why: 'PostgreSQL is not installed (no initdb): node scripts/servers/install.mjs postgres' };
}

export async function startPostgres(options = {}) {
  const folder = programs();
  if (!folder) throw new Error(postgresAvailable().why);
  return startPostgresFrom('postgres', folder, options);
}

await serveWhenRun(import.meta.url, startPostgres);
