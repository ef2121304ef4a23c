import { typeName } from '../operations/type-name.js';
import { bytesMembers } from './bytes.js';
import { dateMembers, sharedDate } from './date.js';
import { dateTimeMembers, timeMembers, zoneMembers } from './date-time.js';
import { dictMembers, viewMembers } from './dict.js';
import { listMembers, tupleMembers } from './list.js';
import type { Member, Members } from './member.js';
import { floatMembers, intMembers } from './number.js';
import { setMembers } from './set.js';
import { textCase } from './text-case.js';
import { textKind } from './text-kind.js';
import { textPad } from './text-pad.js';
import { textSearch } from './text-search.js';
import { textSplit } from './text-split.js';
import { durationMembers, timeDeltaMembers } from './time-delta.js';

const text: Members = new Map([...textCase, ...textKind, ...textPad, ...textSearch, ...textSplit]);

/** Methods and properties by the name of the Python type. */
export const MEMBERS: ReadonlyMap<string, Members> = new Map<string, Members>([
  ['str', text],
  ['Markup', text],
  ['int', intMembers],
  ['bool', intMembers],
  ['float', floatMembers],
  ['list', listMembers],
  ['tuple', tupleMembers],
  ['dict', dictMembers],
  ['dict_keys', viewMembers],
  ['dict_items', viewMembers],
  ['set', setMembers],
  ['bytes', bytesMembers],
  ['date', new Map([...sharedDate, ...dateMembers])],
  ['datetime', new Map([...sharedDate, ...dateTimeMembers])],
  ['time', timeMembers],
  ['timedelta', timeDeltaMembers],
  ['Duration', durationMembers],
  ['timezone', zoneMembers],
  ['UTC', zoneMembers],
]);

export function findMember(value: unknown, name: string): Member | undefined {
  return MEMBERS.get(typeName(value))?.get(name);
}
