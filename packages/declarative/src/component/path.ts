import { Glob } from './glob.js';

/** One segment of a path: a fixed name, any one name (`*`), any names at any depth (`**`), or a glob (`?`, `[ab]`, `a*`). */
type Segment =
  | { kind: 'name'; name: string; index: number | undefined }
  | { kind: 'any' }
  | { kind: 'deep' }
  | { kind: 'glob'; glob: Glob };

type Container = Record<string, unknown> | unknown[];

/** Says of a value that a path leads to whether it is to be removed. */
export type RemoveTest = (value: unknown) => boolean;

/** True for objects and lists as JSON has them. */
export const isContainer = (value: unknown): value is Container =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && isPlainObject(value));

/** An object as JSON has it: not a `Decimal` or another object with a nature of its own. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A path into a JSON value, compiled once. A segment is a key or an index (negative ones count from the end), or has
 * wildcards: `*` is any one key or item, `**` any number of levels, `?`, `[ab]` and `x*` as file names have them. Only what
 * can match is looked at: never the whole tree for a plain path.
 */
export class Path {
  /** No wildcard in it: it leads to one value at most. */
  readonly isPlain: boolean;
  private readonly segments: readonly Segment[];
  private readonly first: readonly number[];

  constructor(segments: readonly string[]) {
    this.segments = segments.map(parse);
    this.isPlain = this.segments.every((segment) => segment.kind === 'name');
    this.first = this.closure([0]);
  }

  /** The value at a plain path; undefined when there is none. An empty path leads to the root. */
  get(root: unknown): unknown {
    let node = root;
    for (const segment of this.segments) {
      if (segment.kind !== 'name' || !isContainer(node)) return undefined;
      node = child(node, segment);
      if (node === undefined) return undefined;
    }
    return node;
  }

  /** Every value that the path leads to: a container's own matches come before those of its children. */
  values(root: unknown): unknown[] {
    if (this.segments.length === 0) return [root];
    if (this.isPlain) {
      const found = this.get(root);
      return found === undefined ? [] : [found];
    }
    const found: unknown[] = [];
    this.collect(root, this.first, found);
    return found;
  }

  /**
   * The value without what the path leads to, or the same value when there is nothing to remove: changed containers are
   * copies. With a test, only values that pass it are removed. In a list, the last item goes and others become null.
   */
  without<T>(root: T, test?: RemoveTest): T {
    return this.segments.length === 0 ? root : (this.remove(root, this.first, test) as T);
  }

  /** Puts a value at every place that the path leads to and that is there already, in place. The number of places. */
  assign(root: unknown, value: () => unknown): number {
    return this.segments.length === 0 ? 0 : this.put(root, this.first, value);
  }

  private put(node: unknown, states: readonly number[], value: () => unknown): number {
    if (!isContainer(node)) return 0;
    let count = 0;
    for (const key of Object.keys(node)) {
      const next = this.step(states, key, node);
      if (next.includes(this.segments.length)) {
        setKey(node, key, value());
        count++;
      } else if (next.length > 0) count += this.put((node as Record<string, unknown>)[key], next, value);
    }
    return count;
  }

  private collect(node: unknown, states: readonly number[], found: unknown[]): void {
    if (!isContainer(node)) return;
    const deeper: [unknown, number[]][] = [];
    for (const [key, value] of Object.entries(node)) {
      if (value === undefined) continue;
      const next = this.step(states, key, node);
      if (next.includes(this.segments.length)) found.push(value);
      if (next.some((state) => state < this.segments.length)) deeper.push([value, next]);
    }
    for (const [value, next] of deeper) this.collect(value, next, found);
  }

  private remove(node: unknown, states: readonly number[], test: RemoveTest | undefined): unknown {
    if (!isContainer(node)) return node;
    let copy: Container | undefined;
    for (const key of Object.keys(node)) {
      const next = this.step(states, key, node);
      if (next.length === 0) continue;
      const value = (node as Record<string, unknown>)[key];
      if (next.includes(this.segments.length) && (test === undefined || test(value))) {
        copy ??= copyOf(node);
        removeKey(copy, key);
        continue;
      }
      const kept = this.remove(value, next, test);
      if (kept !== value) {
        copy ??= copyOf(node);
        setKey(copy, key, kept);
      }
    }
    return copy ?? node;
  }

  /** The states after this key; a state is the index of the segment that comes next. */
  private step(states: readonly number[], key: string, node: Container): number[] {
    const next: number[] = [];
    for (const state of states) {
      const segment = this.segments[state];
      if (segment === undefined) continue;
      if (segment.kind === 'deep') next.push(state);
      else if (matches(segment, key, node)) next.push(state + 1);
    }
    return this.closure(next);
  }

  /** `**` may stand for no level at all. */
  private closure(states: number[]): number[] {
    for (let i = 0; i < states.length; i++) {
      const state = states[i]!;
      if (this.segments[state]?.kind === 'deep' && !states.includes(state + 1)) states.push(state + 1);
    }
    return states;
  }
}

/** Sets a key that may come from outside: `__proto__` becomes a field like any other. */
export function setKey(target: Container, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else (target as Record<string, unknown>)[key] = value;
}

function parse(text: string): Segment {
  if (text === '*') return { kind: 'any' };
  if (text === '**') return { kind: 'deep' };
  if (/[*?[]/.test(text)) return { kind: 'glob', glob: new Glob(text) };
  return { kind: 'name', name: text, index: /^-?\d+$/.test(text) ? Number(text) : undefined };
}

function child(node: Container, segment: Segment & { kind: 'name' }): unknown {
  if (Array.isArray(node)) return segment.index === undefined ? undefined : node.at(segment.index);
  return Object.hasOwn(node, segment.name) ? node[segment.name] : undefined;
}

function matches(segment: Segment, key: string, node: Container): boolean {
  if (segment.kind === 'any') return true;
  if (segment.kind === 'glob') return segment.glob.matches(key);
  if (segment.kind !== 'name') return false;
  if (!Array.isArray(node)) return segment.name === key;
  return (
    segment.index !== undefined && (segment.index < 0 ? node.length + segment.index : segment.index) === Number(key)
  );
}

function copyOf(node: Container): Container {
  return Array.isArray(node) ? [...node] : { ...node };
}

function removeKey(copy: Container, key: string): void {
  if (!Array.isArray(copy)) delete copy[key];
  else if (Number(key) === copy.length - 1) copy.pop();
  else copy[Number(key)] = null;
}
