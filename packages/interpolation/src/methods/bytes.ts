import { decodeBytes } from '../formatting/encoding.js';
import { Bytes } from '../values/bytes.js';
import { textArgument } from './arguments.js';
import { members } from './member.js';

export const bytesMembers = members<Bytes>({
  decode: ['encoding="utf-8", errors="strict"', (self, [encoding, errors]) => decodeBytes(self.data, encoding, errors)],
  hex: [
    'sep=',
    (self, [separator]) => {
      const pairs = [...self.data].map((byte) => byte.toString(16).padStart(2, '0'));
      return pairs.join(separator === undefined ? '' : textArgument(separator));
    },
  ],
  upper: ['', (self) => new Bytes(self.data.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte)))],
  lower: ['', (self) => new Bytes(self.data.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte)))],
});
