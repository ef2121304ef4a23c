import { ADDRESS } from '../operations/attribute.js';
import { Lazy } from '../values/lazy.js';

/** A Python generator, named as the reference's: nothing happens before its first element is asked for. */
export function generator(name: string, run: () => Iterator<unknown>): Lazy {
  return new Lazy(run(), 'generator', `<generator object ${name} at ${ADDRESS}>`);
}
