import { contains } from '../operations/contains.js';
import { equal } from '../operations/equality.js';
import { ordered } from '../operations/ordering.js';
import type { CompareOperator, Expression } from '../syntax/ast.js';
import { compileExpression } from './expression.js';
import type { Evaluate, Scope } from './scope.js';

type Compare = (left: unknown, right: unknown) => boolean;

const COMPARE: Record<CompareOperator, Compare> = {
  '==': equal,
  '!=': (left, right) => !equal(left, right),
  '<': (left, right) => ordered(left, '<', right),
  '<=': (left, right) => ordered(left, '<=', right),
  '>': (left, right) => ordered(left, '>', right),
  '>=': (left, right) => ordered(left, '>=', right),
  in: (left, right) => contains(right, left),
  'not in': (left, right) => !contains(right, left),
};

/** `a < b < c`: each value is computed once, and none after the first comparison that does not hold. */
export function compileCompare(node: Extract<Expression, { kind: 'compare' }>, scope: Scope): Evaluate {
  const first = compileExpression(node.first, scope);
  const rest = node.rest.map(({ operator, value }) => ({
    compare: COMPARE[operator],
    value: compileExpression(value, scope),
  }));
  const [only] = rest;
  if (rest.length === 1 && only) {
    const { compare, value } = only;
    return (frame) => compare(first(frame), value(frame));
  }
  return (frame) => {
    let left = first(frame);
    for (const { compare, value } of rest) {
      const right = value(frame);
      if (!compare(left, right)) return false;
      left = right;
    }
    return true;
  };
}
