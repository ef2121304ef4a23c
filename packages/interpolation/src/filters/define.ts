import { signature } from '../signature.js';
import type { Example, Filter } from '../word.js';

type Apply = Filter['apply'];

/** A filter. `parameters` begins with the value that it is applied to. */
export function filter(
  name: string,
  parameters: string,
  summary: string,
  examples: readonly Example[],
  apply: Apply,
  aliases: readonly string[] = [],
): Filter {
  return { name, aliases, signature: signature(parameters), summary, examples, apply };
}

/** An example: template, result, and the context when there is one. */
export function example(template: string, result: unknown, context?: Record<string, unknown>): Example {
  return context ? { template, result, context } : { template, result };
}
