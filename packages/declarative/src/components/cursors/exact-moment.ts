import type { Json } from '@tidemark/protocol';
import type { Moment } from './moment.js';
import { MomentFormat } from './moment-format.js';

const FORMAT = new MomentFormat('%Y-%m-%dT%H:%M:%S.%f%z', ['%Y-%m-%dT%H:%M:%S%z']);

/** A moment as text without any loss. */
export function exactMoment(moment: Moment): string {
  return moment.isoText('T');
}

/** Reads what `exactMoment` wrote. Throws when it is something else. */
export function readExactMoment(value: Json): Moment {
  return FORMAT.parse(value);
}
