import { typeError } from '../error.js';
import { decodeBytes } from '../formatting/encoding.js';
import { Bytes } from '../values/bytes.js';
import { isIntLike } from '../values/float.js';
import { isText } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { textArgument } from './arguments.js';
import { type Members, members } from './member.js';
import { textCase } from './text-case.js';
import { textKind } from './text-kind.js';
import { textPad } from './text-pad.js';
import { textSearch } from './text-search.js';
import { textSplit } from './text-split.js';

const own = members<Bytes>({
  decode: ['encoding="utf-8", errors="strict"', (self, [encoding, errors]) => decodeBytes(self.data, encoding, errors)],
  hex: [
    'sep=',
    (self, [separator]) => {
      const pairs = [...self.data].map((byte) => byte.toString(16).padStart(2, '0'));
      return pairs.join(separator === undefined ? '' : textArgument(separator));
    },
  ],
});

/** Methods of text that bytes have too. */
const SHARED = [
  'capitalize',
  'center',
  'count',
  'endswith',
  'expandtabs',
  'find',
  'index',
  'isalnum',
  'isalpha',
  'isascii',
  'isdigit',
  'islower',
  'isspace',
  'istitle',
  'isupper',
  'join',
  'ljust',
  'lower',
  'lstrip',
  'partition',
  'removeprefix',
  'removesuffix',
  'replace',
  'rfind',
  'rindex',
  'rjust',
  'rpartition',
  'rsplit',
  'rstrip',
  'split',
  'splitlines',
  'startswith',
  'strip',
  'swapcase',
  'title',
  'upper',
  'zfill',
];

const textOf = (bytes: Bytes) => Buffer.from(bytes.data).toString('latin1');

/** Bytes go in as text of one character a byte, and come out as bytes again. */
function toText(value: unknown): unknown {
  if (value instanceof Bytes) return textOf(value);
  if (isText(value)) throw typeError("a bytes-like object is required, not 'str'");
  if (value instanceof Tuple) return new Tuple(value.items.map(toText));
  if (Array.isArray(value)) return value.map(toText);
  return value;
}

function toBytes(value: unknown): unknown {
  if (typeof value === 'string') return new Bytes(Buffer.from(value, 'latin1'));
  if (Array.isArray(value)) return value.map(toBytes);
  return value instanceof Tuple ? new Tuple(value.items.map(toBytes)) : value;
}

const text: Members = new Map([...textCase, ...textKind, ...textPad, ...textSearch, ...textSplit]);

const shared = members<Bytes>(
  Object.fromEntries(
    SHARED.map((name) => {
      const member = text.get(name);
      if (!member?.signature) throw typeError(`text has no method ${name}`);
      const apply = member.apply as (self: unknown, args: unknown[], runtime: unknown) => unknown;
      const counts = ['count', 'find', 'index', 'rfind', 'rindex'].includes(name);
      return [
        name,
        [
          member.signature.text,
          (self: Bytes, args: unknown[], runtime: unknown) => {
            const [first] = args;
            const part = counts && isIntLike(first) ? new Bytes(Uint8Array.of(Number(first))) : first;
            return toBytes(apply(textOf(self), [part, ...args.slice(1)].slice(0, args.length).map(toText), runtime));
          },
        ],
      ];
    }),
  ),
);

export const bytesMembers: Members = new Map([...shared, ...own]);
