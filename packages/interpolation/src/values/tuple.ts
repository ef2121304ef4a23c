import { PythonObject } from './python-object.js';

/**
 * A tuple. `fields` names its elements where they have names (`groupby` gives `grouper` and `list`); one whose type has
 * a name of its own shows that when it is printed.
 */
export class Tuple extends PythonObject {
  readonly type = 'tuple';
  constructor(
    readonly items: readonly unknown[],
    readonly fields?: readonly string[],
    readonly shownAs?: string,
  ) {
    super();
  }

  /** The element of a name. */
  field(name: string): unknown {
    const index = this.fields?.indexOf(name) ?? -1;
    return index < 0 ? undefined : this.items[index];
  }
}
