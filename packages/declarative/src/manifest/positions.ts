import type { Place } from './place.js';

/** What can say where a collection, its keys and its values stand in a text. */
export interface PlaceIndex {
  self(): Place;
  key(key: string): Place | undefined;
  value(key: string): Place | undefined;
  /** The place of a character of the text at the key; undefined where it cannot be said. */
  inside(key: string, offset: number): Place | undefined;
  /** True when the value at the key is a YAML alias (`*name`). */
  isAlias(key: string): boolean;
}

/** Where a value really stands that came into an object from elsewhere, and what brought it. */
export interface Edge {
  holder: object;
  /** Without a key the edge leads to the holder itself. */
  key?: string;
  /** The `$ref` or the component that brought the value here. */
  by?: { holder: object; key?: string };
  /** True when nobody wrote the value as a field of this object: a parameter brought it. */
  isBorrowed?: boolean;
}

type Origin = { index: PlaceIndex } | { from: object; edges?: Map<string, Edge> };

/** A path from the root of a tree: keys and list indices. */
export type Path = readonly (string | number)[];

const NOWHERE = 0;

/**
 * Remembers the place of every object and array of a tree, of their keys and of their values. Objects that later rooms
 * make from others (`$ref`, `$parameters`) say what they were made from; places are only computed when asked for.
 */
export class Positions {
  readonly file: string;
  readonly #origins = new WeakMap<object, Origin>();

  constructor(file: string) {
    this.file = file;
  }

  /** Registers a collection that was read from a text. */
  register(node: object, index: PlaceIndex): void {
    this.#origins.set(node, { index });
  }

  /** Registers an object that was made from another one: its places are those of the other. */
  derive(node: object, from: object): void {
    if (node !== from) this.#origins.set(node, { from });
  }

  /** Says that the value at `key` of a derived object came from elsewhere. */
  link(node: object, key: string, edge: Edge): void {
    let origin = this.#origins.get(node);
    if (origin === undefined || 'index' in origin) {
      // An object that was read is never changed in place; one without origin can still have edges.
      origin = { from: node };
      this.#origins.set(node, origin);
    }
    origin.edges ??= new Map();
    origin.edges.set(key, edge);
  }

  /** Takes back a `link`: the value stands where the object says. */
  unlink(node: object, key: string): void {
    const origin = this.#origins.get(node);
    if (origin !== undefined && 'from' in origin) origin.edges?.delete(key);
  }

  /** The place of a collection, or of the value at one of its keys. */
  place(node: object, key?: string | number): Place {
    return (
      (key === undefined ? this.#self(node) : this.#find(node, String(key), 'value')) ??
      this.#self(node) ??
      this.nowhere()
    );
  }

  /** The place of a key; where the author wrote no such key, the place of the collection. */
  keyPlace(node: object, key: string | number): Place {
    return this.#find(node, String(key), 'key') ?? this.#self(node) ?? this.nowhere();
  }

  /** True when the author wrote this key in this very object, rather than `$parameters` or a default bringing it. */
  isWritten(node: object, key: string): boolean {
    const origin = this.#origins.get(node);
    if (origin === undefined) return true;
    if ('index' in origin) return origin.index.key(key) !== undefined;
    const edge = origin.edges?.get(key);
    if (edge) return edge.key === key && !edge.isBorrowed && this.isWritten(edge.holder, key);
    return origin.from === node || this.isWritten(origin.from, key);
  }

  /**
   * Where the value (or key) at a path of a tree stands, and the places (`$ref`, aliases, components that took a
   * parameter) through which it got there, the outermost first.
   */
  locate(root: object, path: Path, what: 'key' | 'value' = 'value', offset?: number): { at: Place; via: Place[] } {
    const via: Place[] = [];
    let node: unknown = root;
    let at = this.place(root);
    path.forEach((segment, depth) => {
      if (typeof node !== 'object' || node === null) return;
      const key = String(segment);
      const last = depth === path.length - 1;
      this.#collect(node, key, via);
      at = last && what === 'key' ? this.keyPlace(node, key) : this.place(node, key);
      if (last && offset !== undefined && offset > 0) at = this.#find(node, key, 'value', offset) ?? at;
      node = Object.hasOwn(node, key) ? (node as Record<string, unknown>)[key] : undefined;
      if (!last && typeof node === 'object' && node !== null) at = this.place(node);
    });
    return {
      at,
      via: via.filter((place, i) => !same(place, at) && via.findIndex((other) => same(other, place)) === i),
    };
  }

  /** The place that means "in no file". */
  nowhere(): Place {
    return { file: this.file, line: NOWHERE, column: NOWHERE };
  }

  #self(node: object): Place | undefined {
    const origin = this.#origins.get(node);
    if (origin === undefined) return undefined;
    if ('index' in origin) return origin.index.self();
    return origin.from === node ? undefined : this.#self(origin.from);
  }

  #find(node: object, key: string, what: 'key' | 'value', offset?: number): Place | undefined {
    const origin = this.#origins.get(node);
    if (origin === undefined) return undefined;
    if ('index' in origin) return offset === undefined ? origin.index[what](key) : origin.index.inside(key, offset);
    const edge = origin.edges?.get(key);
    if (edge) return edge.key === undefined ? this.#self(edge.holder) : this.#find(edge.holder, edge.key, what, offset);
    return origin.from === node ? undefined : this.#find(origin.from, key, what, offset);
  }

  #collect(node: object, key: string, via: Place[]): void {
    const origin = this.#origins.get(node);
    if (origin === undefined) return;
    if ('index' in origin) {
      const place = origin.index.isAlias(key) ? origin.index.value(key) : undefined;
      if (place) via.push(place);
      return;
    }
    const edge = origin.edges?.get(key);
    if (edge?.by) via.push(this.place(edge.by.holder, edge.by.key));
    if (edge?.key !== undefined) this.#collect(edge.holder, edge.key, via);
    else if (!edge && origin.from !== node) this.#collect(origin.from, key, via);
  }
}

function same(a: Place, b: Place): boolean {
  return a.line === b.line && a.column === b.column && a.file === b.file;
}
