import { Failure, type FailureKind } from '../error.js';
import { PythonObject } from './python-object.js';

/** What a missing name, attribute or element gives: empty as text, false, of no length; anything else with it fails. */
export class Undefined extends PythonObject {
  readonly type = 'Undefined';
  constructor(
    readonly describe: () => string,
    readonly kind: FailureKind = 'UndefinedError',
  ) {
    super();
  }

  /** The failure of using it. */
  fail(): Failure {
    return new Failure(this.kind, this.describe());
  }
}
