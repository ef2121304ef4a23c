import { compileDatetimeFormat } from '@tidemark/interpolation';
import { Decimal } from '@tidemark/protocol';
import type { Moment } from './moment.js';
import { type QuickMicros, quickMicros } from './quick-micros.js';

const HAS_OFFSET = /%[zZ]/;
const COUNTS = new Set(['%s', '%ms', '%epoch_microseconds']);

/** The formats that a cursor's values may come in, and the one that it writes. */
export class MomentFormat {
  private readonly readers: readonly ((value: unknown) => Moment | undefined)[];
  private readonly quick: readonly QuickMicros[];
  private readonly writer: ReturnType<typeof compileDatetimeFormat>;
  readonly sources: readonly string[];
  /** Later moments are never written as earlier ones: not so where an offset is read that is not written. */
  readonly keepsOrder: boolean;

  /** `inputs` are tried in order, `output` last. */
  constructor(
    readonly output: string,
    inputs: readonly string[] = [],
  ) {
    this.writer = compileDatetimeFormat(output);
    this.sources = [...new Set([...inputs, output])];
    this.keepsOrder = HAS_OFFSET.test(output) || !this.sources.some((source) => HAS_OFFSET.test(source));
    this.readers = this.sources.map(reader);
    this.quick = this.sources.map(quickMicros);
  }

  /** Microseconds since the epoch, for comparisons; NaN when only `read` can tell. */
  micros(value: unknown): number {
    for (const quick of this.quick) {
      const micros = quick(value);
      if (!Number.isNaN(micros)) return micros;
    }
    return Number.NaN;
  }

  /** Undefined when no format fits. */
  read(value: unknown): Moment | undefined {
    for (const read of this.readers) {
      const moment = read(value);
      if (moment) return moment;
    }
    return undefined;
  }

  /** Throws when no format fits. */
  parse(value: unknown): Moment {
    const moment = this.read(value);
    if (!moment)
      throw new Error(
        `'${String(value)}' is not in the format ${this.sources.map((source) => `'${source}'`).join(' or ')}`,
      );
    return moment;
  }

  write(moment: Moment): string {
    return this.writer.format(moment);
  }
}

function reader(source: string): (value: unknown) => Moment | undefined {
  const format = compileDatetimeFormat(source);
  const isCount = COUNTS.has(source);
  return (value) => {
    const text = textOf(value, isCount);
    if (text === undefined) return undefined;
    try {
      return format.parse(text);
    } catch {
      return undefined;
    }
  };
}

/** The text that a format reads; a count drops the fraction of a number, but not of a text. */
function textOf(value: unknown, isCount: boolean): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) ? String(isCount ? Math.trunc(value) : value) : undefined;
  if (typeof value === 'bigint') return String(value);
  if (Decimal.is(value)) return isCount ? value.text.replace(/\..*/, '') : value.text;
  return undefined;
}
