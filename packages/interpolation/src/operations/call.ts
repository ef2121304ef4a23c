import { spendCall } from '../budget.js';
import { typeError } from '../error.js';
import type { Runtime } from '../runtime.js';
import { Callable, type Keywords } from '../values/callable.js';
import { Undefined } from '../values/undefined.js';
import { Attributed } from './attribute.js';
import { typeName } from './type-name.js';

/** `callee(*args, **keywords)` */
export function call(callee: unknown, args: unknown[], keywords: Keywords | undefined, runtime: Runtime): unknown {
  spendCall(0);
  if (callee instanceof Callable) return callee.invoke(args, keywords, runtime);
  if (callee instanceof Attributed && callee.call) return callee.call(args, keywords, runtime);
  if (callee instanceof Undefined) throw callee.fail();
  throw typeError(`'${typeName(callee)}' object is not callable`);
}
