import { isFloat } from '../values/float.js';
import { isHostDict } from '../values/mapping.js';
import { PythonObject } from '../values/python-object.js';

/** The name of a value's Python type. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return isFloat(value) ? 'float' : 'int';
    default:
      if (value === null) return 'NoneType';
      if (value instanceof PythonObject) return value.type;
      if (Array.isArray(value)) return 'list';
      return isHostDict(value) ? 'dict' : 'object';
  }
}
