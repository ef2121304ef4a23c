import type { Mapping } from './mapping.js';
import { keysOf, pairsOf, valuesOf } from './mapping.js';
import { PythonObject } from './python-object.js';
import { Tuple } from './tuple.js';

/**
 * What `keys()`, `values()` and `items()` of a dict give: it follows the dict, has a length, but no elements by index.
 */
export class DictView extends PythonObject {
  readonly type: 'dict_keys' | 'dict_values' | 'dict_items';
  constructor(
    readonly mapping: Mapping,
    readonly part: 'keys' | 'values' | 'items',
  ) {
    super();
    this.type = `dict_${part}`;
  }

  toArray(): unknown[] {
    if (this.part === 'keys') return keysOf(this.mapping);
    if (this.part === 'values') return valuesOf(this.mapping);
    return pairsOf(this.mapping).map((pair) => new Tuple(pair));
  }
}
