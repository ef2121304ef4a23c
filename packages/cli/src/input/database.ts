import { existsSync } from 'node:fs';
import type { Diagnostic } from '@tidemark/declarative';
import type { JsonObject, LogLevel } from '@tidemark/protocol';
import { ConnectorError, type Source } from '@tidemark/source';

/** The database that is named in a manifest's place: a dialect (`postgres`) or a URL; undefined when it is a file. */
export async function namedDatabase(name: string): Promise<Source | undefined> {
  const isUrl = /^[a-z][a-z0-9+]*:\/\//i.test(name);
  if (!isUrl && (!/^[a-z]+$/.test(name) || existsSync(name))) return undefined;
  const { createDatabaseSource, dialectNames, dialectOfUrl } = await import('@tidemark/database');
  const known = dialectNames();
  if (!isUrl) return known.some((each) => each === name) ? createDatabaseSource({ dialect: name }) : undefined;
  const dialect = dialectOfUrl(name);
  if (dialect) return createDatabaseSource({ dialect, connection: { url: name } });
  const scheme = name.slice(0, name.indexOf(':'));
  throw new ConnectorError('config', `No database is reached by '${scheme}://' (there are: ${known.join(', ')}).`);
}

/** Whether this is the name of a kind of database. */
export async function isDialect(name: string): Promise<boolean> {
  const { dialectNames } = await import('@tidemark/database');
  return dialectNames().some((each) => each === name);
}

/** Whether a manifest describes a database. */
export function isDatabaseManifest(manifest: string | JsonObject): boolean {
  if (typeof manifest !== 'string') return manifest.type === 'DatabaseSource';
  return /^\s*\{?\s*["']?type["']?\s*:\s*["']?DatabaseSource\b/m.test(manifest);
}

/** A manifest of `type: DatabaseSource` as a tree, and everything that is wrong with it, each with its line and column. */
export async function readDatabaseManifest(
  manifest: string | JsonObject,
  file: string,
): Promise<{ tree: JsonObject; diagnostics: readonly Diagnostic[] }> {
  const { manifestProblems } = await import('@tidemark/database');
  const { formatPath, nearest, readManifest, sortDiagnostics } = await import('@tidemark/declarative');
  const { tree, positions, diagnostics } = readManifest(manifest, { file });
  // A text that is no YAML has an empty tree: of that nothing more is to be said.
  if (diagnostics.some(({ severity }) => severity === 'error')) return { tree, diagnostics };
  const problems = await manifestProblems(tree);
  const told = problems.map(({ kind, path, message, met, allowed }): Diagnostic => {
    const suggestion = met === undefined ? undefined : nearest(met, allowed ?? []);
    return {
      severity: 'error',
      code: kind,
      message,
      ...positions.locate(tree, path, kind === 'unknown-field' ? 'key' : 'value'),
      path: formatPath(path),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  });
  return { tree, diagnostics: sortDiagnostics([...diagnostics, ...told]) };
}

/** The source of a manifest of `type: DatabaseSource`. Throws ConnectorError (config) with everything that is wrong. */
export async function databaseManifest(
  manifest: string | JsonObject,
  file: string,
  log: (level: LogLevel, message: string) => void,
): Promise<Source> {
  const { tree, diagnostics } = await readDatabaseManifest(manifest, file);
  const { formatDiagnostic } = await import('@tidemark/declarative');
  const errors = diagnostics.filter((each) => each.severity === 'error');
  if (errors.length > 0) {
    throw new ConnectorError('config', `The manifest cannot run.\n${errors.map(formatDiagnostic).join('\n')}`);
  }
  for (const diagnostic of diagnostics) log('WARN', formatDiagnostic(diagnostic));
  const { databaseSourceFromManifest } = await import('@tidemark/database');
  return databaseSourceFromManifest(tree, { environment: process.env });
}
