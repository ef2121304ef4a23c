import { isAscii } from 'node:buffer';
import type { Clients } from './clients.js';
import { mysqlError } from './errors.js';
import { quoteName } from './sql.js';

/** Texts of one character set from their bytes. */
export type ReadText = (bytes: Buffer) => string;

/** By name. */
export type CharacterTables = ReadonlyMap<string, ReadText>;

const known = new WeakMap<Clients, Promise<CharacterTables>>();
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/**
 * The character sets that have one byte for each letter, as the server itself reads them: what other programs call by the same names
 * has other letters in places, and some sets no other program has. Asked for once. Throws ConnectorError.
 */
export function characterTables(clients: Clients): Promise<CharacterTables> {
  const tables = known.get(clients) ?? askedFor(clients);
  known.set(clients, tables);
  tables.catch(() => known.delete(clients));
  return tables;
}

async function askedFor(clients: Clients): Promise<CharacterTables> {
  try {
    const names = (
      await clients.query(
        "SELECT character_set_name FROM information_schema.character_sets WHERE maxlen = 1 AND character_set_name <> 'binary'",
      )
    ).map(([name]) => name!);
    const bytes = `x'${BYTES.toString('hex')}'`;
    const list = names.map((name) => `CONVERT(CONVERT(${bytes} USING ${quoteName(name)}) USING utf8mb4)`).join(', ');
    const [texts] = names.length > 0 ? await clients.query(`SELECT ${list}`) : [];
    return new Map(names.flatMap((name, i) => tableOf(name, [...(texts?.[i] ?? '')])));
  } catch (error) {
    throw mysqlError(error, 'Looking at the character sets');
  }
}

function tableOf(name: string, letters: readonly string[]): [string, ReadText][] {
  if (letters.length !== BYTES.length) return [];
  const hasAscii = letters.slice(0, 128).join('') === BYTES.toString('latin1', 0, 128);
  const read: ReadText = (bytes) => {
    if (hasAscii && isAscii(bytes)) return bytes.toString('latin1');
    let text = '';
    for (const byte of bytes) text += letters[byte]!;
    return text;
  };
  return [[name, read]];
}
