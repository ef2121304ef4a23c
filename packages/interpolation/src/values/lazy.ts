import { PythonObject } from './python-object.js';

/** A generator or iterator: read once, with no length. It is true even when it has nothing left to give. */
export class Lazy extends PythonObject {
  constructor(
    readonly iterator: Iterator<unknown>,
    readonly type: string,
    readonly label: string,
  ) {
    super();
  }
}
