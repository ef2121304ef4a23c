import { createHash, createHmac, getHashes } from 'node:crypto';
import { Failure, typeError } from '../error.js';
import { decodeBytes } from '../formatting/encoding.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import { isText, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import type { Filter } from '../word.js';
import { example, filter } from './define.js';

/** Python's hashlib names, and Node's for the same function. The two `shake` ones need a length and so do not work. */
const HASHES: Record<string, string> = {
  md5: 'md5',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  sha3_224: 'sha3-224',
  sha3_256: 'sha3-256',
  sha3_384: 'sha3-384',
  sha3_512: 'sha3-512',
  blake2b: 'blake2b512',
  blake2s: 'blake2s256',
};

function hash([value, kind, salt]: unknown[]): string {
  const name = kind === undefined ? 'md5' : kind;
  if (!isText(name)) throw typeError(`attribute name must be string, not '${typeName(name)}'`);
  const algorithm = Object.hasOwn(HASHES, plain(name)) ? HASHES[plain(name)] : undefined;
  if (!algorithm || !getHashes().includes(algorithm))
    throw new Failure('AttributeError', `No hashing function named ${plain(name)}`);
  const digest = createHash(algorithm).update(text(value), 'utf8');
  if (salt !== undefined && truth(salt)) digest.update(text(salt), 'utf8');
  return digest.digest('hex');
}

function hmac([value, key, kind]: unknown[]): string {
  const name = kind === undefined ? 'sha256' : text(kind);
  if (name !== 'sha256') throw new Failure('ValueError', `Hash type '${name}' is not allowed. Allowed types: sha256`);
  return createHmac('sha256', text(key)).update(text(value), 'utf8').digest('hex');
}

/** Text alone has an `encode`; the reference stumbles over anything else. */
function textOf(value: unknown): string {
  if (value instanceof Undefined) throw value.fail();
  if (!isText(value)) throw new Failure('AttributeError', `'${typeName(value)}' object has no attribute 'encode'`);
  return plain(value);
}

function encode(value: unknown): string {
  const source = textOf(value);
  if (/\p{Surrogate}/u.test(source)) throw new Failure('UnicodeError', 'surrogates not allowed');
  return Buffer.from(source, 'utf8').toString('base64');
}

/** Python's lenient decoding: characters that are no base64 are passed over, wrong padding is not. */
function decode(value: unknown): string {
  const bytes = textOf(value).replace(/[^A-Za-z0-9+/=]/g, '');
  let digits = '';
  let pads = 0;
  for (const char of bytes) {
    if (char === '=') {
      if (digits.length % 4 >= 2 && (digits.length % 4) + ++pads >= 4) break;
    } else {
      if (pads) pads = 0;
      digits += char;
    }
  }
  const rest = digits.length % 4;
  if (rest === 1)
    throw new Failure(
      'ValueError',
      'Invalid base64-encoded string: number of data characters cannot be 1 more than a multiple of 4',
    );
  if (rest > 1 && rest + pads < 4) throw new Failure('ValueError', 'Incorrect padding');
  return decodeBytes(Buffer.from(digits, 'base64'));
}

function encodeAscii(value: unknown): string {
  const source = textOf(value);
  if (/[^\0-\x7f]/.test(source)) throw new Failure('UnicodeError', "'ascii' codec can't encode characters");
  return Buffer.from(source, 'latin1').toString('base64');
}

export const hashingFilters: readonly Filter[] = [
  filter(
    'hash',
    "value, hash_type='md5', salt=None",
    'The hash of the value’s text, in hexadecimal; a salt is appended to it.',
    [example("{{ 'v:' ~ ('abc' | hash) }}", 'v:900150983cd24fb0d6963f7d28e17f72')],
    hash,
  ),
  filter(
    'hmac',
    "value, key, hash_type='sha256'",
    'The keyed hash (HMAC, SHA-256) of the value’s text, in hexadecimal.',
    [
      example(
        "{{ 'v:' ~ ('abc' | hmac('key')) }}",
        'v:9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab',
      ),
    ],
    hmac,
  ),
  filter(
    'base64encode',
    'value',
    'The text’s UTF-8 bytes in base64.',
    [example("{{ 'ab' | base64encode }}", 'YWI=')],
    ([value]) => encode(value),
  ),
  filter(
    'base64decode',
    'value',
    'The text that base64 stands for.',
    [example("{{ 'YWI=' | base64decode }}", 'ab')],
    ([value]) => decode(value),
  ),
  filter(
    'base64binascii_decode',
    'value',
    'The text’s ASCII bytes in base64 (in spite of its name).',
    [example("{{ 'ab' | base64binascii_decode }}", 'YWI=')],
    ([value]) => encodeAscii(value),
  ),
];
