import { Failure } from '../error.js';
import { textArgument } from '../methods/arguments.js';
import { Bytes } from '../values/bytes.js';

const NAMES: Record<string, 'utf8' | 'ascii' | 'latin1' | 'utf-16le'> = {
  utf8: 'utf8',
  u8: 'utf8',
  ascii: 'ascii',
  usascii: 'ascii',
  latin1: 'latin1',
  iso88591: 'latin1',
  l1: 'latin1',
  utf16le: 'utf-16le',
};

function encodingOf(name: unknown) {
  const found = NAMES[(name === undefined ? 'utf8' : textArgument(name)).toLowerCase().replace(/[-_ ]/g, '')];
  if (!found) throw new Failure('LookupError', `unknown encoding: ${String(name)}`);
  return found;
}

/** The way of dealing with what cannot be coded. Both arguments must be text before either is looked at. */
function modeOf(encoding: unknown, errors: unknown): string {
  if (encoding !== undefined) textArgument(encoding);
  return errors === undefined ? 'strict' : textArgument(errors);
}

/** `text.encode(encoding, errors)` */
export function encodeText(self: string, encoding: unknown, errors: unknown): Bytes {
  const mode = modeOf(encoding, errors);
  const name = encodingOf(encoding);
  if (name === 'utf-16le') return new Bytes(Buffer.from(self, 'utf16le'));
  const max = name === 'ascii' ? 0x7f : name === 'latin1' ? 0xff : 0x10ffff;
  let kept = '';
  for (const char of self) {
    const code = char.codePointAt(0) ?? 0;
    const fits = code <= max && !(name === 'utf8' && code >= 0xd800 && code <= 0xdfff);
    if (fits) kept += char;
    else if (mode === 'strict') throw new Failure('UnicodeError', `'${name}' codec can't encode character`);
    else kept += substitute(code, mode);
  }
  return new Bytes(Buffer.from(kept, name === 'utf8' ? 'utf8' : 'latin1'));
}

function substitute(code: number, mode: string): string {
  if (mode === 'ignore') return '';
  if (mode === 'replace') return '?';
  if (mode === 'xmlcharrefreplace') return `&#${code};`;
  if (mode === 'backslashreplace') {
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }
  throw new Failure('LookupError', `unknown error handler name '${mode}'`);
}

/** `bytes.decode(encoding, errors)` */
export function decodeBytes(data: Uint8Array, encoding?: unknown, errors?: unknown): string {
  const mode = modeOf(encoding, errors);
  const name = encodingOf(encoding);
  if (name === 'latin1') return Buffer.from(data).toString('latin1');
  if (name === 'ascii' && data.some((byte) => byte > 0x7f)) {
    if (mode === 'strict') throw new Failure('UnicodeError', "'ascii' codec can't decode byte");
    return [...data]
      .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : mode === 'ignore' ? '' : '\ufffd'))
      .join('');
  }
  try {
    const decoder = new TextDecoder(name === 'ascii' ? 'utf-8' : name, { fatal: mode === 'strict', ignoreBOM: true });
    const out = decoder.decode(data);
    return mode === 'ignore' ? out.replaceAll('\ufffd', '') : out;
  } catch {
    throw new Failure('UnicodeError', `'${name}' codec can't decode bytes`);
  }
}
