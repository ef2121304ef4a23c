import type { Json, JsonObject } from '@tidemark/protocol';
import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import type { Diagnostic } from './diagnostic.js';
import type { DiagnosticCode } from './diagnostic-code.js';
import type { Positions } from './positions.js';
import { isObject, put } from './tree.js';
import { aliasName, startOf, YamlPlaces, type YamlText } from './yaml-index.js';
import { BadScalar, boolean, float, integer, plainScalar, type Scalar } from './yaml-scalar.js';

/** Aliases multiply: a few lines can mean billions of nodes. So many are taken, which no real manifest comes near. */
const NODES_MAX = 3_000_000;

/** Thrown where the text has no meaning as a manifest. */
export class YamlMeaningError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Anchored {
  value: Json;
  nodes: number;
}

/** Makes the tree of plain values from the events of one document, and tells `positions` of every collection. */
export class TreeBuilder {
  readonly #text: YamlText;
  readonly #positions: Positions;
  readonly #diagnostics: Diagnostic[];
  readonly #anchors = new Map<string, Anchored | 'open'>();
  #next: number;
  #nodes = 0;

  constructor(text: YamlText, first: number, positions: Positions, diagnostics: Diagnostic[]) {
    this.#text = text;
    this.#next = first;
    this.#positions = positions;
    this.#diagnostics = diagnostics;
  }

  /** Builds the node at the cursor and moves past it. */
  build(): Json {
    const index = this.#next++;
    const event = this.#text.events[index] as Event;
    this.#nodes++;
    if (event.type === EVENT_ID.ALIAS) return this.#alias(event);
    if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.MAPPING && event.type !== EVENT_ID.SEQUENCE)
      return null;
    const before = this.#nodes;
    const anchor = event.anchorStart < 0 ? undefined : this.#text.source.text.slice(event.anchorStart, event.anchorEnd);
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const value = event.type === EVENT_ID.SCALAR ? this.#scalar(event, index) : this.#collection(event, index);
    if (anchor !== undefined) this.#anchors.set(anchor, { value, nodes: this.#nodes - before + 1 });
    return value;
  }

  #collection(event: MappingEvent | SequenceEvent, index: number): Json {
    const tag = this.#tag(event);
    if (tag !== undefined && tag !== '!' && tag !== (event.type === EVENT_ID.MAPPING ? 'map' : 'seq'))
      this.#refuseTag(event);
    return event.type === EVENT_ID.MAPPING ? this.#mapping(index) : this.#sequence(index);
  }

  #sequence(index: number): Json[] {
    const items: Json[] = [];
    while (!this.#atEnd()) items.push(this.build());
    this.#next++;
    this.#positions.register(items, new YamlPlaces(this.#text, index, this.#keyText));
    return items;
  }

  #mapping(index: number): JsonObject {
    const object: JsonObject = {};
    const merged: JsonObject[] = [];
    while (!this.#atEnd()) {
      const keyIndex = this.#next;
      const event = this.#text.events[keyIndex] as Event;
      if (event.type === EVENT_ID.SCALAR && this.#isMergeKey(event)) {
        this.#next++;
        merged.push(...this.#mergeSources());
        continue;
      }
      const key = this.#key(keyIndex);
      if (Object.hasOwn(object, key))
        this.#warn('duplicate-key', `the key '${key}' stands twice here, and only the last one counts`, keyIndex);
      put(object, key, this.build());
    }
    this.#next++;
    this.#positions.register(object, new YamlPlaces(this.#text, index, this.#keyText));
    return merged.length === 0 ? object : this.#merge(object, merged);
  }

  /** `<<`: the mapping's own keys win, then the sources in the order in which they are to win. */
  #merge(object: JsonObject, sources: JsonObject[]): JsonObject {
    const result: JsonObject = {};
    this.#positions.derive(result, object);
    for (const source of sources) {
      for (const key of Object.keys(source)) {
        put(result, key, source[key]);
        if (!Object.hasOwn(object, key)) this.#positions.link(result, key, { holder: source, key });
      }
    }
    for (const key of Object.keys(object)) put(result, key, object[key]);
    this.#nodes += Object.keys(result).length;
    return result;
  }

  /** The mappings that a merge key names, the weakest first. */
  #mergeSources(): JsonObject[] {
    const index = this.#next;
    const value = this.build();
    if (isObject(value)) return [value];
    if (Array.isArray(value) && value.every(isObject)) return [...value].reverse();
    throw new YamlMeaningError('the merge key << takes a mapping or a list of mappings', startOf(this.#text, index));
  }

  #isMergeKey(event: ScalarEvent): boolean {
    return (
      event.style === SCALAR_STYLE.PLAIN &&
      event.valueEnd - event.valueStart === 2 &&
      event.tagStart < 0 &&
      getScalarValue(this.#text.source.text, event) === '<<'
    );
  }

  #key(index: number): string {
    const event = this.#text.events[index] as Event;
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
      throw new YamlMeaningError('a key must be a text, and this is a collection', startOf(this.#text, index));
    }
    if (event.type === EVENT_ID.SCALAR) {
      // A plain '=' is a text when it is a key.
      if (event.style === SCALAR_STYLE.PLAIN && getScalarValue(this.#text.source.text, event) === '=') {
        this.#next++;
        return '=';
      }
    }
    const value = this.build();
    if (typeof value === 'string') return value;
    if (isObject(value) || Array.isArray(value))
      throw new YamlMeaningError('a key must be a text, and this is a collection', startOf(this.#text, index));
    const key = typeof value === 'number' ? numberKey(value, event, this.#text) : String(value);
    if (typeof value === 'boolean' || value === null) {
      const written = event.type === EVENT_ID.SCALAR ? getScalarValue(this.#text.source.text, event) : key;
      if (written !== key)
        this.#warn(
          'key-not-text',
          `YAML reads the key ${written === '' ? '(empty)' : written} as ${key}; quote it to keep it as it is written`,
          index,
        );
    }
    return key;
  }

  /** The key as it stands in the tree, for finding its place again. */
  readonly #keyText = (event: ScalarEvent): string => {
    try {
      return String(this.#scalarValue(event));
    } catch {
      return getScalarValue(this.#text.source.text, event);
    }
  };

  #alias(event: AliasEvent): Json {
    const name = aliasName(this.#text, event);
    const anchored = this.#anchors.get(name);
    if (anchored === undefined)
      throw new YamlMeaningError(`there is no anchor &${name} before this alias`, event.anchorStart - 1);
    if (anchored === 'open')
      throw new YamlMeaningError(`the alias *${name} stands inside its own anchor`, event.anchorStart - 1);
    this.#nodes += anchored.nodes;
    if (this.#nodes > NODES_MAX)
      throw new YamlMeaningError(`the aliases up to here make more than ${NODES_MAX} nodes`, event.anchorStart - 1);
    return anchored.value;
  }

  #scalar(event: ScalarEvent, index: number): Scalar {
    try {
      return this.#scalarValue(event);
    } catch (error) {
      if (error instanceof BadScalar) throw new YamlMeaningError(error.message, startOf(this.#text, index));
      throw error;
    }
  }

  #scalarValue(event: ScalarEvent): Scalar {
    const text = getScalarValue(this.#text.source.text, event);
    if (event.tagStart < 0) return event.style === SCALAR_STYLE.PLAIN ? plainScalar(text) : text;
    const tag = this.#tag(event);
    if (tag === 'str') return text;
    // A lone ! asks for the meaning of the plain text, quoted or not: PyYAML writes numbers so.
    if (tag === '!') return plainScalar(text);
    if (tag === 'int') return integer(text);
    if (tag === 'float') return float(text);
    if (tag === 'bool') return boolean(text);
    if (tag === 'null') return null;
    return this.#refuseTag(event);
  }

  /** The short name of a tag of YAML's own, or the tag as it is written. */
  #tag(event: { tagStart: number; tagEnd: number }): string | undefined {
    if (event.tagStart < 0) return undefined;
    const written = this.#text.source.text.slice(event.tagStart, event.tagEnd);
    return written.replace(/^!<tag:yaml\.org,2002:(.*)>$/, '!!$1').replace(/^!!/, '');
  }

  #refuseTag(event: { tagStart: number; tagEnd: number }): never {
    const written = this.#text.source.text.slice(event.tagStart, event.tagEnd);
    throw new YamlMeaningError(`the tag ${written} has no meaning here`, event.tagStart);
  }

  #atEnd(): boolean {
    const event = this.#text.events[this.#next];
    return event === undefined || event.type === EVENT_ID.POP;
  }

  #warn(code: DiagnosticCode, message: string, index: number): void {
    this.#diagnostics.push({
      severity: 'warning',
      code,
      message,
      at: this.#text.source.at(startOf(this.#text, index)),
      path: '',
    });
  }
}

/** A float that is a whole number keeps its point: `1.0` is the key '1.0', not '1'. */
function numberKey(value: number, event: Event, text: YamlText): string {
  const written = event.type === EVENT_ID.SCALAR ? getScalarValue(text.source.text, event) : '';
  return Number.isInteger(value) && written.includes('.') ? `${value}.0` : String(value);
}
