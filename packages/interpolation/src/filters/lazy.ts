import { Lazy } from '../values/lazy.js';

/** A Python generator: nothing happens before its first element is asked for. */
export function generator(run: () => Iterator<unknown>): Lazy {
  return new Lazy(run());
}
