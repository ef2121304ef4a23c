import { EVENT_ID, type Event, getScalarValue, load, parseEvents, YAMLException } from 'js-yaml';

/** Where something stands in a file. Lines and columns count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** A YAML document with where its parts stand. */
export interface PlacedYaml {
  value: unknown;
  /** The place of a value (or, with `key`, of its key) by its path; of the nearest part above it where there is none. */
  place(path: readonly (string | number)[], key?: boolean): Place;
}

/** The text does not parse. */
export class YamlSyntaxError extends Error {
  constructor(
    message: string,
    readonly place: Place,
  ) {
    super(message);
  }
}

/** Parses a YAML (or JSON) text. Throws YamlSyntaxError. */
export function parsePlacedYaml(text: string): PlacedYaml {
  try {
    const events = parseEvents(text, { maxDepth: 100 });
    const offsets = new Map<string, { key: number; value: number }>();
    walk(text, events, 1, [], offsets);
    return {
      value: load(text, { maxDepth: 100 }),
      place(path, key = false) {
        for (let length = path.length; length > 0; length--) {
          const found = offsets.get(JSON.stringify(path.slice(0, length)));
          if (found) return placeAt(text, key && length === path.length ? found.key : found.value);
        }
        return { line: 1, column: 1 };
      },
    };
  } catch (error) {
    if (error instanceof YAMLException)
      throw new YamlSyntaxError(error.reason, placeAt(text, error.mark?.position ?? 0));
    throw error;
  }
}

type Offsets = Map<string, { key: number; value: number }>;

/** Notes the offsets of the node at `index` and of all in it; returns the index after it. */
function walk(
  text: string,
  events: readonly Event[],
  index: number,
  path: (string | number)[],
  offsets: Offsets,
): number {
  const event = events[index];
  let next = index + 1;
  if (event?.type === EVENT_ID.SEQUENCE) {
    for (let item = 0; events[next] && events[next]!.type !== EVENT_ID.POP; item++) {
      const offset = offsetOf(events[next]!);
      offsets.set(JSON.stringify([...path, item]), { key: offset, value: offset });
      next = walk(text, events, next, [...path, item], offsets);
    }
    return next + 1;
  }
  if (event?.type === EVENT_ID.MAPPING) {
    while (events[next] && events[next]!.type !== EVENT_ID.POP) {
      const key = events[next]!;
      const name = key.type === EVENT_ID.SCALAR ? getScalarValue(text, key) : '';
      next = walk(text, events, next, [...path, ''], offsets);
      const start = offsetOf(key);
      const value = events[next] ? offsetOf(events[next]!) : -1;
      offsets.set(JSON.stringify([...path, name]), { key: start, value: value < 0 ? start : value });
      next = walk(text, events, next, [...path, name], offsets);
    }
    return next + 1;
  }
  return next;
}

function offsetOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) return event.start;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart - 1 : 0;
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, Math.max(0, offset));
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}
