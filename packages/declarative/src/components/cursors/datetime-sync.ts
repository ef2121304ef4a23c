import type { Json, JsonObject } from '@tidemark/protocol';
import {
  ConnectorError,
  OWN_KEY,
  type PartitionCursor,
  type RangeCut,
  type RangeValues,
  type RecordData,
  rangeCursor,
} from '@tidemark/source';
import type { RequestOption, RequestParts } from '../requesters/slot.js';
import { atMoment } from './at-moment.js';
import type { Clamping } from './clamping.js';
import { exactMoment, readExactMoment } from './exact-moment.js';
import { highestMoment } from './highest-moment.js';
import {
  compareMoments,
  later,
  type Moment,
  momentOf,
  readSpan,
  type Span,
  shift,
  shiftMicros,
  signOf,
} from './moment.js';
import { MomentFormat } from './moment-format.js';
import type { BoundedMoment, IncrementalSync } from './slot.js';
import { splitWindow } from './split-window.js';

/** What a datetime cursor is made of. Functions read the configuration: they are called when a read begins. */
export interface DatetimeSyncParts {
  cursorField(): string;
  fieldStart(): string;
  fieldEnd(): string;
  datetimeFormat: string;
  inputFormats: readonly string[];
  start: BoundedMoment;
  end: BoundedMoment | undefined;
  startOption: RequestOption | undefined;
  endOption: RequestOption | undefined;
  step(): Span | undefined;
  granularity(): Span | undefined;
  lookback(): Span | undefined;
  clamping(): Clamping | undefined;
  isStrict: boolean;
  clock: () => number;
  stream: string | undefined;
}

type Traits = Pick<IncrementalSync, 'isDataFeed' | 'isClientSide' | 'isGlobalSubstream' | 'allowsChosenCursor'>;

interface Ready {
  cursorField: string;
  fields: { start: string; end: string };
  values: RangeValues<Moment>;
  cut: RangeCut<Moment>;
  /** The end as it is now, without clamping. */
  now(): Moment;
}

/** Incremental reading by a moment of each record. */
export class DatetimeSync implements IncrementalSync {
  readonly isDataFeed: boolean;
  readonly isClientSide: boolean;
  readonly isGlobalSubstream: boolean;
  readonly allowsChosenCursor: boolean;
  readonly allowsPartitions = true;
  private readonly format: MomentFormat;
  private made: Ready | undefined;
  private readonly floors = new WeakMap<object, { lookbackSeconds: number; micros: number }>();
  private ceiling = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts_: DatetimeSyncParts,
    private readonly traits: Traits,
  ) {
    this.isDataFeed = traits.isDataFeed;
    this.isClientSide = traits.isClientSide;
    this.isGlobalSubstream = traits.isGlobalSubstream;
    this.allowsChosenCursor = traits.allowsChosenCursor;
    this.format = new MomentFormat(parts_.datetimeFormat, parts_.inputFormats);
  }

  get cursorField(): string {
    return this.parts_.cursorField();
  }

  chosen(cursorField: string): IncrementalSync {
    return new DatetimeSync({ ...this.parts_, cursorField: () => cursorField }, this.traits);
  }

  cursor(
    state: JsonObject | undefined,
    options: { fingerprint: string; lookbackSeconds?: number; warn: (message: string) => void },
  ): PartitionCursor {
    const { values, cut, cursorField, fields } = this.ready();
    return rangeCursor({
      values,
      cut,
      cursorField,
      fields,
      state: this.lookBack(state, options.lookbackSeconds ?? 0),
      fingerprint: options.fingerprint,
      warn: options.warn,
    });
  }

  normalize(value: Json): Json {
    return this.format.write(this.read(value));
  }

  parts(slice: JsonObject): RequestParts {
    const { startOption, endOption } = this.parts_;
    const { fields } = this.ready();
    const parts: RequestParts = {};
    if (startOption && Object.hasOwn(slice, fields.start)) startOption.inject(parts, slice[fields.start]);
    if (endOption && Object.hasOwn(slice, fields.end)) endOption.inject(parts, slice[fields.end]);
    return parts;
  }

  compare(a: unknown, b: unknown): number {
    return a === b ? 0 : compareMoments(this.read(a as Json), this.read(b as Json));
  }

  valueOf(record: RecordData): Json | undefined {
    const value = record[this.ready().cursorField];
    const moment = value === undefined || value === null ? undefined : this.format.read(value);
    return moment && this.format.write(moment);
  }

  highest(records: readonly RecordData[]): Json | undefined {
    const moment = this.ready().values.highest(records);
    return moment && this.format.write(moment);
  }

  at(value: Json): (record: RecordData) => boolean {
    return atMoment(this.format, this.ready().cursorField, this.read(value));
  }

  narrow(slice: JsonObject, highest: Json): JsonObject {
    return { ...slice, [this.ready().fields.start]: this.normalize(highest) };
  }

  split(slice: JsonObject, smallest?: string): [JsonObject, JsonObject] | undefined {
    const granularity = this.parts_.granularity();
    const { fields } = this.ready();
    if (!granularity || slice[fields.start] === undefined || slice[fields.end] === undefined) return undefined;
    const halves = splitWindow({
      start: this.read(slice[fields.start]!),
      end: this.read(slice[fields.end]!),
      granularity,
      smallest: smallest === undefined ? undefined : readSpan(smallest, 'min_split_window'),
    });
    if (!halves) return undefined;
    const [first, second] = halves;
    return [
      { ...slice, [fields.start]: this.format.write(first[0]), [fields.end]: this.format.write(first[1]) },
      { ...slice, [fields.start]: this.format.write(second[0]), [fields.end]: this.format.write(second[1]) },
    ];
  }

  isNew(record: RecordData, state: JsonObject | undefined, lookbackSeconds = 0): boolean {
    const value = record[this.ready().cursorField];
    if (value === undefined || value === null) return true;
    const micros = this.microsOf(value);
    return Number.isNaN(micros) || (this.floor(state ?? NO_STATE, lookbackSeconds) <= micros && !this.isBeyond(micros));
  }

  isOlder(value: Json, period: string): boolean | undefined {
    const span = readSpan(period, 'api_retention_period');
    let moment: Moment;
    try {
      moment = this.format.parse(value);
    } catch {
      return undefined;
    }
    const bound = shift(momentOf(this.parts_.clock()), span, -1);
    return bound !== undefined && compareMoments(moment, bound) < 0;
  }

  private microsOf(value: Json): number {
    const micros = this.format.micros(value);
    if (!Number.isNaN(micros)) return micros;
    const moment = this.format.read(value);
    return moment ? Number(moment.utcMicros()) : Number.NaN;
  }

  /** The clock is asked again only for a record that is later than what it said last. */
  private isBeyond(micros: number): boolean {
    if (micros <= this.ceiling) return false;
    this.ceiling = Number(this.ready().now().utcMicros());
    return micros > this.ceiling;
  }

  /** The earliest moment that is new to a state, in microseconds. */
  private floor(state: JsonObject, lookbackSeconds: number): number {
    const known = this.floors.get(state);
    if (known && known.lookbackSeconds === lookbackSeconds) return known.micros;
    const { cut, cursorField, values } = this.ready();
    const own = planStart(state);
    const shifted = this.lookBack(state, lookbackSeconds)?.[cursorField];
    const last = shifted === undefined || shifted === null ? cut.start : this.read(shifted);
    const from = later(last, cut.start);
    const floor = own === undefined ? later(cut.lookback?.(from) ?? from, cut.start) : values.read(own);
    const micros = Number(floor.utcMicros());
    this.floors.set(state, { lookbackSeconds, micros });
    return micros;
  }

  /** The state with its value moved back; one with an unfinished plan keeps that plan's beginning. */
  private lookBack(state: JsonObject | undefined, seconds: number): JsonObject | undefined {
    const { cursorField } = this.ready();
    const value = state?.[cursorField];
    if (!state || !seconds || value === undefined || value === null || planStart(state) !== undefined) return state;
    const moved = shiftMicros(this.read(value), BigInt(Math.round(-seconds * 1_000_000)));
    return { ...state, [cursorField]: this.format.write(moved) };
  }

  private read(value: Json): Moment {
    try {
      return this.format.parse(value);
    } catch (error) {
      throw new ConnectorError('config', `A cursor value of the state cannot be read: ${(error as Error).message}.`, {
        stream: this.parts_.stream,
      });
    }
  }

  private ready(): Ready {
    this.made ??= this.prepare();
    return this.made;
  }

  private prepare(): Ready {
    const { parts_: parts, format } = this;
    const cursorField = parts.cursorField();
    const granularity = parts.granularity();
    const lookback = parts.lookback();
    const step = parts.step();
    const clamping = parts.clamping();
    const end = parts.end?.isEmpty ? undefined : parts.end;
    const now = (): Moment => end?.moment('end_datetime', parts.datetimeFormat) ?? momentOf(parts.clock());
    const unit = (moment: Moment, sign: 1 | -1): Moment =>
      (granularity ? shift(moment, granularity, sign) : shiftMicros(moment, BigInt(sign) * 1000n)) ?? moment;
    const shortened = (moment: Moment): Moment =>
      granularity ? unit(moment, -1) : shiftMicros(moment, -clamping!.granularityMicros);
    return {
      cursorField,
      fields: { start: parts.fieldStart(), end: parts.fieldEnd() },
      now: () => (clamping ? shortened(clamping.down(now())) : now()),
      values: {
        compare: compareMoments,
        parse: (value) => format.parse(value),
        format: (moment) => format.write(moment),
        write: exactMoment,
        read: readExactMoment,
        after: (moment) => unit(moment, 1),
        highest: highestMoment(format, cursorField),
      },
      cut: {
        start: parts.start.moment('start_datetime', parts.datetimeFormat),
        end: () => (clamping ? shortened(clamping.down(now())) : now()),
        isStrict: parts.isStrict,
        ...(step ? { step: (moment) => shift(moment, step, 1) } : {}),
        ...(granularity && signOf(granularity) !== 0 ? { before: (moment) => unit(moment, -1) } : {}),
        ...(lookback && signOf(lookback) !== 0 ? { lookback: (moment) => shift(moment, lookback, -1) ?? moment } : {}),
        ...(clamping ? { clamp: (moment) => clamping.up(moment) } : {}),
      },
    };
  }
}

const NO_STATE: JsonObject = {};

/** Where the unfinished plan of a state begins. */
function planStart(state: JsonObject): Json | undefined {
  const own = state[OWN_KEY] as JsonObject | undefined;
  return (own?.plan as JsonObject | undefined)?.start;
}
