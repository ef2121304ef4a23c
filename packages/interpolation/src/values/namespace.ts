import { Dict } from './dict.js';
import { PythonObject } from './python-object.js';

/** A `namespace()`: the only object whose attributes a template may set, so that a loop can pass values out. */
export class Namespace extends PythonObject {
  readonly type = 'Namespace';
  constructor(readonly attributes: Dict = new Dict()) {
    super();
  }
}
