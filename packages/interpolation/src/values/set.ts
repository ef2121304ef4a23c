import { hashKey } from '../operations/hash-key.js';
import { PythonObject } from './python-object.js';

/** A set. It is rare (`a.keys() - b.keys()`), and keeps the order of insertion, which Python leaves open. */
export class PySet extends PythonObject {
  readonly type = 'set';
  private readonly members = new Map<unknown, unknown>();

  constructor(items: Iterable<unknown> = []) {
    super();
    for (const item of items) this.add(item);
  }

  get size(): number {
    return this.members.size;
  }

  items(): IterableIterator<unknown> {
    return this.members.values();
  }

  has(item: unknown): boolean {
    return this.members.has(hashKey(item));
  }

  add(item: unknown): void {
    const hash = hashKey(item);
    if (!this.members.has(hash)) this.members.set(hash, item);
  }

  delete(item: unknown): boolean {
    return this.members.delete(hashKey(item));
  }
}
