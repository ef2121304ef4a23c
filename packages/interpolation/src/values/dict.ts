import { hashKey } from '../operations/hash-key.js';
import { PythonObject } from './python-object.js';

/**
 * A dict that a template made. Unlike a plain object it keeps the order of number-like keys and has keys of any
 * hashable kind. Entries live under `hashKey(key)`, so 1, 1.0 and True are one key, as in Python.
 */
export class Dict extends PythonObject {
  readonly type = 'dict';
  readonly entries = new Map<unknown, [unknown, unknown]>();

  static of(pairs: Iterable<readonly [unknown, unknown]>): Dict {
    const dict = new Dict();
    for (const [key, value] of pairs) dict.set(key, value);
    return dict;
  }

  get(key: unknown): unknown {
    return this.entries.get(hashKey(key))?.[1];
  }

  set(key: unknown, value: unknown): void {
    const hash = hashKey(key);
    const entry = this.entries.get(hash);
    if (entry) entry[1] = value;
    else this.entries.set(hash, [key, value]);
  }

  delete(key: unknown): boolean {
    return this.entries.delete(hashKey(key));
  }
}
