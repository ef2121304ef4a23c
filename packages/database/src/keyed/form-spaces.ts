import { BYTES } from '../cutting/digit-spaces.js';
import type { KeySpace } from '../cutting/key-space.js';
import { NUMBERS } from '../cutting/number-space.js';
import { MOMENTS, TIMES } from '../cutting/time-space.js';
import type { KeyForm } from './keyed-server.js';

/** Where a value of a key may lie between two others, of the forms that all servers write alike. Texts and UUIDs are each one's own. */
export const FORM_SPACES: Partial<Record<KeyForm, KeySpace>> = {
  number: NUMBERS,
  ordinal: NUMBERS,
  binary: BYTES,
  date: MOMENTS,
  datetime: MOMENTS,
  time: TIMES,
};
