import { valueError } from '../error.js';
import { arithmetic } from '../operations/arithmetic.js';
import { addDuration } from '../operations/date-arithmetic.js';
import type { Duration } from '../values/duration.js';
import { float } from '../values/float.js';
import { TimeDelta } from '../values/time-delta.js';
import { members } from './member.js';

const LIMITS = {
  min: () => new TimeDelta(-999_999_999, 0),
  max: () => new TimeDelta(999_999_999, 86_399_999_999),
  resolution: () => new TimeDelta(0, 1),
};

export const timeDeltaMembers = members<TimeDelta>({
  days: (self) => self.days,
  seconds: (self) => self.seconds,
  microseconds: (self) => self.microseconds,
  total_seconds: ['', (self) => float(self.totalSeconds())],
  ...LIMITS,
});

/** A duration lends what it does not have from its span. */
export const durationMembers = members<Duration>({
  years: (self) => self.years,
  months: (self) => self.months,
  tdelta: (self) => self.rest,
  days: (self) => self.rest.days,
  seconds: (self) => self.rest.seconds,
  microseconds: (self) => self.rest.microseconds,
  total_seconds: ['', (self) => float(self.rest.totalSeconds())],
  ...LIMITS,
  totimedelta: [
    'start=None, end=None',
    (self, [start, end]) => {
      const [from, to] = [start ?? null, end ?? null];
      if (from === null && to === null) throw valueError('start or end required');
      if (from !== null && to !== null) throw valueError('only start or end allowed');
      if (from !== null) return arithmetic(addDuration(from, self, 1), '-', from);
      return arithmetic(to, '-', arithmetic(to, '-', self));
    },
  ],
});
