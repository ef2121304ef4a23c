import { PythonObject } from './python-object.js';

/** A tuple. `fields` names its elements where they have names (`groupby` gives `grouper` and `list`). */
export class Tuple extends PythonObject {
  readonly type = 'tuple';
  constructor(
    readonly items: readonly unknown[],
    readonly fields?: readonly string[],
  ) {
    super();
  }
}
