import type { Runtime } from './runtime.js';
import type { Signature } from './signature.js';

/** An example of a word's use. A test runs each and compares; `context` is what the template may read. */
export interface Example {
  template: string;
  context?: Record<string, unknown>;
  result: unknown;
}

/** A word of the language: a filter, a test or a macro. */
export interface Word {
  name: string;
  /** Other names of the same word. */
  aliases?: readonly string[];
  signature: Signature;
  /** One sentence. */
  summary: string;
  examples: readonly Example[];
  /** `args` holds one element per parameter of the signature; `undefined` where none was given. */
  apply(args: unknown[], runtime: Runtime): unknown;
}

/** A word that follows `|`. Its first argument is the value on its left. */
export interface Filter extends Word {}

/** A word that follows `is`. Its first argument is the value on its left. */
export interface Test extends Word {}

/** A function that every template can call. */
export interface Macro extends Word {}
