import { resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import type { BookStore } from '../books.js';

/** Where books are kept that are not in the destination. */
export type BooksSpec = { readonly file: string } | { readonly postgres: string };

/**
 * Reads `state` of connection.yaml: `destination` (undefined: there are no books elsewhere), `file:PATH` (relative to
 * `folder`) or `postgres://…`. Throws ConnectorError (config); what stands behind the scheme is not shown, it may hold a
 * password.
 */
export function parseBooks(text: string, folder: string): BooksSpec | undefined {
  const state = text.trim();
  if (state === 'destination') return undefined;
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(state) ?? [];
  if (scheme.toLowerCase() === 'file') {
    const path = rest.replace(/^\/\/(?=\/)/, '');
    if (path === '') throw new ConnectorError('config', "'file:' names no file. Write file:PATH.");
    return { file: resolve(folder, path) };
  }
  if (/^postgres(ql)?$/i.test(scheme) && rest.startsWith('//')) return { postgres: state };
  const met = scheme === '' ? (/[@\s]/.test(state) ? '…' : state.slice(0, 40)) : `${scheme}:…`;
  throw new ConnectorError(
    'config',
    `The state cannot be kept in '${met}'. Possible: destination, file:PATH, postgres://USER@HOST/DATABASE`,
  );
}

/** The book store of a specification. Nothing is opened yet. */
export async function openBooks(spec: BooksSpec): Promise<BookStore> {
  if ('file' in spec) return (await import('./file-books.js')).fileBooks(spec.file);
  return (await import('./postgres-books.js')).postgresBooks(spec.postgres);
}

/** What no message may show: the password of a database's address. */
export function booksSecrets(spec: BooksSpec | undefined): string[] {
  if (spec === undefined || 'file' in spec || !URL.canParse(spec.postgres)) return [];
  const { password, searchParams } = new URL(spec.postgres);
  return [password, decodeURIComponent(password), searchParams.get('password') ?? ''].filter((text) => text !== '');
}
