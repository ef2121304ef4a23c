import type { Runtime } from '../runtime.js';
import { Signature } from '../signature.js';

/** A method (with a signature) or a property (without) of a Python type. */
export interface Member {
  signature?: Signature;
  apply(self: never, args: unknown[], runtime: Runtime): unknown;
}

export type Members = ReadonlyMap<string, Member>;

type Apply<Self> = (self: Self, args: unknown[], runtime: Runtime) => unknown;

/** The members of a type: methods as `[signature, function]`, properties as functions. */
export function members<Self>(table: Record<string, [string, Apply<Self>] | ((self: Self) => unknown)>): Members {
  const found = new Map<string, Member>();
  for (const [name, entry] of Object.entries(table)) {
    if (typeof entry === 'function') found.set(name, { apply: entry });
    else found.set(name, { signature: new Signature(entry[0]), apply: entry[1] });
  }
  return found;
}
