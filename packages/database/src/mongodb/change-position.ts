import type { Json, JsonObject } from '@tidemark/protocol';

/** A moment of a cluster: seconds and a count within them. */
export interface ClusterTime {
  readonly t: number;
  readonly i: number;
}

/** A place in the change streams of a server. */
export interface ChangePosition {
  /** Null where the server gives none before the first event. */
  readonly token: JsonObject | null;
  /** Where to begin when the token is refused: what happens at this very time comes again. */
  readonly time: ClusterTime;
  /** The replica set's name; empty where there is none. */
  readonly set: string;
  /** The numbers of the collections, by `database.name`, as far as the server says them. */
  readonly collections: Readonly<Record<string, string>>;
}

/** A stored position; undefined when it is none. */
export function changePosition(stored: Json): ChangePosition | undefined {
  if (!isObject(stored)) return undefined;
  const { token, time, set, collections } = stored;
  if ((token !== null && !isObject(token)) || typeof set !== 'string' || !isObject(collections)) return undefined;
  const match = typeof time === 'string' ? /^(\d{1,10}):(\d{1,10})$/.exec(time) : null;
  if (!match || Object.values(collections).some((each) => typeof each !== 'string')) return undefined;
  const [t, i] = [Number(match[1]), Number(match[2])];
  if (t >= 2 ** 32 || i >= 2 ** 32) return undefined;
  return { token: token as JsonObject | null, time: { t, i }, set, collections: collections as Record<string, string> };
}

/** A position as a state keeps it. */
export function storedPosition({ token, time, set, collections }: ChangePosition): Json {
  return { token, time: `${time.t}:${time.i}`, set, collections: { ...collections } };
}

/** Negative, 0 or positive, as `a` is before, at or after `b`. */
export function compareTimes(a: ClusterTime, b: ClusterTime): number {
  return a.t - b.t || a.i - b.i;
}

/** The time in a resume token: its first part in every version since 4.0.7. Undefined where it has another form. */
export function timeOfToken(token: JsonObject | null | undefined): ClusterTime | undefined {
  const match = typeof token?._data === 'string' ? /^82([0-9A-F]{8})([0-9A-F]{8})/i.exec(token._data) : null;
  return match ? { t: Number.parseInt(match[1]!, 16), i: Number.parseInt(match[2]!, 16) } : undefined;
}

/**
 * A text that orders changes. Resume tokens are made to be compared: a router of a sharded cluster merges its shards by them.
 */
export function cursorOf({ token, time }: Pick<ChangePosition, 'token' | 'time'>): string {
  if (typeof token?._data === 'string') return token._data;
  return time.t.toString(16).padStart(8, '0') + time.i.toString(16).padStart(8, '0');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
