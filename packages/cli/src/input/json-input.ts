import { readFileSync } from 'node:fs';
import { type Json, parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/**
 * Reads a JSON file; `-` is standard input. `what` names the file's role in messages ("configuration"). The message of a
 * syntax error has its line and column, never the text around it, which may be a secret.
 * Throws ConnectorError (config).
 */
export function readJsonInput(file: string, what: string): Json {
  const text = readText(file, what);
  try {
    return parseJson(text);
  } catch (error) {
    const place = placeOf(error, text);
    throw new ConnectorError('config', `The ${what} ${named(file)} is not valid JSON${place}.`);
  }
}

/** The text of a file; `-` is standard input. Throws ConnectorError (config) that names the file. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new ConnectorError('config', `The ${what} ${named(file)} ${why}.`, { cause: error });
  }
}

function named(file: string): string {
  return file === '-' ? 'on standard input' : `'${file}'`;
}

function placeOf(error: unknown, text: string): string {
  if (text.trim() === '') return ': it is empty';
  const message = error instanceof Error ? error.message : '';
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return /end of JSON/.test(message) ? ': it ends too early' : '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}
