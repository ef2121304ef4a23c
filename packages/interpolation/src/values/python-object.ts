/**
 * Base of every value that JavaScript has no like of. Text, numbers, booleans, null, arrays and plain objects stand
 * for themselves.
 */
export abstract class PythonObject {
  /** The name of its Python type, as error messages and `repr` show it. */
  abstract readonly type: string;
}
