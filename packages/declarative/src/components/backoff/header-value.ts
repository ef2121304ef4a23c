import type { Expression } from '../../component/index.js';
import { compilePattern, type Pattern } from '../../http/pattern.js';
import type { Outcome } from '../error-handlers/slot.js';
import { numberOf } from './numbers.js';

/** The number in a response header; a pattern picks it out of a longer value. Undefined without a response, header or number. */
export function headerReader(
  header: Expression,
  pattern: Expression | undefined,
  where: string,
): (outcome: Outcome) => number | undefined {
  let compiled: { source: string; pattern: Pattern } | undefined;
  return ({ response }) => {
    const value = response?.headers[header.text().toLowerCase()];
    if (!value) return undefined;
    if (!pattern || pattern.source === '') return numberOf(value);
    const source = pattern.text();
    if (compiled?.source !== source) compiled = { source, pattern: compilePattern(source, where) };
    return numberOf(compiled.pattern.find(value, true) ?? value);
  };
}
