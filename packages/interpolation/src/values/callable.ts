import type { Runtime } from '../runtime.js';
import { PythonObject } from './python-object.js';

/** Keyword arguments of a call, in the order in which they were written. */
export type Keywords = ReadonlyMap<string, unknown>;

/** What happens on a call. */
export type Invoke = (args: unknown[], keywords: Keywords | undefined, runtime: Runtime) => unknown;

/** A function, a method bound to its object, or a type that can be called. `label` is what printing it shows. */
export class Callable extends PythonObject {
  readonly type: string;
  constructor(
    readonly name: string,
    readonly invoke: Invoke,
    readonly label: string,
    type = 'builtin_function_or_method',
    /** Attributes that templates may read. */
    readonly attributes?: ReadonlyMap<string, unknown>,
  ) {
    super();
    this.type = type;
  }
}
