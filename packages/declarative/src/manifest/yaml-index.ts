import { type AliasEvent, EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import type { Place, SourceText } from './place.js';
import type { PlaceIndex } from './positions.js';

/** The parsed text: its events, flat, in the order of the text. */
export interface YamlText {
  source: SourceText;
  events: readonly Event[];
}

/** The index of the event after the node that begins at `index`. */
export function afterNode(events: readonly Event[], index: number): number {
  let depth = 0;
  let i = index;
  do {
    const type = events[i]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE || type === EVENT_ID.DOCUMENT) depth++;
    else if (type === EVENT_ID.POP) depth--;
    i++;
  } while (depth > 0 && i < events.length);
  return i;
}

/** The offset at which a node begins in the text, its quotes and block indicators included. */
export function startOf(text: YamlText, index: number): number {
  const event = text.events[index] as Event;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) return event.start;
  return event.type === EVENT_ID.SCALAR ? scalarStart(text, index, event) : 0;
}

function scalarStart(text: YamlText, index: number, event: ScalarEvent): number {
  if (event.valueStart < 0) {
    // An empty value has no place of its own: it stands where the node before it (its key) stands.
    const before = text.events[index - 1];
    return before?.type === EVENT_ID.SCALAR && before.valueStart >= 0 ? scalarStart(text, index - 1, before) : 0;
  }
  if (event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED)
    return event.valueStart - 1;
  if (event.style === SCALAR_STYLE.PLAIN) return event.valueStart;
  const indicator = event.style === SCALAR_STYLE.LITERAL_BLOCK ? '|' : '>';
  return Math.max(0, text.source.text.lastIndexOf(indicator, event.valueStart));
}

/**
 * Where in the source a character of a folded, escaped or indented scalar stands: the first place from which the next few
 * characters of the value read the same. Good enough to point at, wherever the value was not mangled right there.
 */
function offsetInSource(source: string, event: ScalarEvent, value: string, offset: number): number {
  const lineOfValue = value.slice(0, offset).split('\n').at(-1) as string;
  const text = source.slice(event.valueStart, event.valueEnd);
  const before = value.slice(0, offset).length - lineOfValue.length;
  for (const length of [24, 12, 6]) {
    const piece = value.slice(offset, offset + length).split('\n')[0] as string;
    const at = piece === '' ? -1 : text.indexOf(piece, Math.min(before, text.length));
    if (at >= 0) return event.valueStart + at;
  }
  return event.valueStart;
}

/** The name of the anchor that an alias points at. */
export function aliasName(text: YamlText, event: AliasEvent): string {
  return text.source.text.slice(event.anchorStart, event.anchorEnd);
}

/** The events of a key and of its value; of an entry of a list, twice the same. */
interface Pair {
  key: number;
  value: number;
}

/**
 * The places of one mapping or sequence. Nothing is stored but the number of its event: a place is only asked for when
 * something is wrong with it, so the events are walked then.
 */
export class YamlPlaces implements PlaceIndex {
  readonly #text: YamlText;
  readonly #index: number;
  readonly #keyText: (event: ScalarEvent) => string;
  #pairs: Map<string, Pair> | undefined;

  constructor(text: YamlText, index: number, keyText: (event: ScalarEvent) => string) {
    this.#text = text;
    this.#index = index;
    this.#keyText = keyText;
  }

  self(): Place {
    return this.#place(this.#index);
  }

  key(key: string): Place | undefined {
    const found = this.#find(key);
    return found === undefined ? undefined : this.#place(found.key);
  }

  value(key: string): Place | undefined {
    const found = this.#find(key);
    return found === undefined ? undefined : this.#place(found.value);
  }

  inside(key: string, offset: number): Place | undefined {
    const found = this.#find(key);
    const event = found && this.#text.events[found.value];
    if (event?.type !== EVENT_ID.SCALAR || event.valueStart < 0) return undefined;
    if (event.fast) return this.#text.source.at(event.valueStart + offset);
    const value = getScalarValue(this.#text.source.text, event);
    return this.#text.source.at(offsetInSource(this.#text.source.text, event, value, offset));
  }

  isAlias(key: string): boolean {
    const found = this.#find(key);
    return found !== undefined && this.#text.events[found.value]?.type === EVENT_ID.ALIAS;
  }

  #place(index: number): Place {
    return this.#text.source.at(startOf(this.#text, index));
  }

  #find(key: string): Pair | undefined {
    // Built when first asked for, and kept: many mistakes in one large mapping must not each walk through all of it.
    this.#pairs ??= this.#text.events[this.#index]?.type === EVENT_ID.SEQUENCE ? this.#items() : this.#entries();
    return this.#pairs.get(key);
  }

  #items(): Map<string, Pair> {
    const { events } = this.#text;
    const items = new Map<string, Pair>();
    for (let i = this.#index + 1; !isEnd(events[i]); i = afterNode(events, i))
      items.set(String(items.size), { key: i, value: i });
    return items;
  }

  /** By key as it is written and as it is read; of equal keys the last, for that is the one that counts. */
  #entries(): Map<string, Pair> {
    const { events, source } = this.#text;
    const entries = new Map<string, Pair>();
    let i = this.#index + 1;
    while (!isEnd(events[i])) {
      const event = events[i] as Event;
      const value = afterNode(events, i);
      if (event.type === EVENT_ID.SCALAR) {
        entries.set(getScalarValue(source.text, event), { key: i, value });
        entries.set(this.#keyText(event), { key: i, value });
      }
      i = afterNode(events, value);
    }
    return entries;
  }
}

function isEnd(event: Event | undefined): boolean {
  return event === undefined || event.type === EVENT_ID.POP;
}
