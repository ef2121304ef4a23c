import { PythonObject } from './python-object.js';

/** Bytes, as `'…'.encode()` makes them. */
export class Bytes extends PythonObject {
  readonly type = 'bytes';
  constructor(readonly data: Uint8Array) {
    super();
  }
}
