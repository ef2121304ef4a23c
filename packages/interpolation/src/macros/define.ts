import { signature } from '../signature.js';
import type { Example, Macro } from '../word.js';

/** A macro: a function that every template can call. */
export function macro(
  name: string,
  parameters: string,
  summary: string,
  examples: readonly Example[],
  apply: Macro['apply'],
): Macro {
  return { name, signature: signature(parameters), summary, examples, apply };
}
