import { spendScan } from '../budget.js';
import { typeError } from '../error.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { isIntLike } from '../values/float.js';
import { hasKey, isHostDict } from '../values/mapping.js';
import { isText, plain } from '../values/markup.js';
import { PySet } from '../values/set.js';
import { equal } from './equality.js';
import { hashKey } from './hash-key.js';
import { elements } from './iterate.js';
import { typeName } from './type-name.js';

/** Python's `item in container`. */
export function contains(container: unknown, item: unknown): boolean {
  if (isText(container)) {
    if (!isText(item)) throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
    spendScan(plain(container).length);
    return plain(container).includes(plain(item));
  }
  if (Array.isArray(container)) spendScan(container.length);
  if (Array.isArray(container)) return container.some((element) => element === item || equal(element, item));
  if (container instanceof Dict || isHostDict(container)) {
    hashKey(item);
    return hasKey(container, item);
  }
  if (container instanceof PySet) return container.has(item);
  if (container instanceof DictView && container.part === 'keys') {
    hashKey(item);
    return hasKey(container.mapping, item);
  }
  if (container instanceof Bytes) return bytesContain(container, item);
  const found = elements(container);
  if (found === undefined) throw typeError(`argument of type '${typeName(container)}' is not iterable`);
  for (const element of found) if (element === item || equal(element, item)) return true;
  return false;
}

function bytesContain(container: Bytes, item: unknown): boolean {
  if (isIntLike(item)) return container.data.includes(Number(item));
  if (item instanceof Bytes) return Buffer.from(container.data).includes(Buffer.from(item.data));
  throw typeError(`a bytes-like object is required, not '${typeName(item)}'`);
}
