import { spendCall } from '../budget.js';
import { Failure, positionAt, TemplateError } from '../error.js';
import { add, arithmetic, negative, positive } from '../operations/arithmetic.js';
import { missing } from '../operations/attribute.js';
import { getItem, slice } from '../operations/item.js';
import { asMarkup } from '../operations/sequence-arithmetic.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { suggest } from '../suggest.js';
import type { Expression, FilterNode, TestNode } from '../syntax/ast.js';
import { Dict } from '../values/dict.js';
import { escapeHtml, isText, Markup, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import type { Filter, Test } from '../word.js';
import { compileCall, compileWordArguments } from './call.js';
import { compileCompare } from './compare.js';
import { compileAttribute, compileItem } from './member-access.js';
import type { Evaluate, Scope } from './scope.js';

/** Compiles an expression to a function of the frame. */
export function compileExpression(node: Expression, scope: Scope): Evaluate {
  switch (node.kind) {
    case 'constant':
      return constant(node.value);
    case 'name':
      return compileName(node.name, scope);
    case 'tuple':
    case 'list':
      return compileItems(node, scope);
    case 'dict':
      return compileDict(node, scope);
    case 'unary':
      return compileUnary(node, scope);
    case 'binary':
      return compileBinary(node, scope);
    case 'logical':
      return compileLogical(node, scope);
    case 'concat':
      return compileConcat(node.parts, scope);
    case 'compare':
      return compileCompare(node, scope);
    case 'attribute':
      return compileAttribute(compileExpression(node.target, scope), node.name);
    case 'item':
      return compileSubscript(node, scope);
    case 'condition':
      return compileCondition(node, scope);
    case 'call':
      return compileCall(node, scope);
    case 'filter':
      return compileFilter(node, scope);
    case 'test':
      return compileTest(node, scope);
    case 'slice':
      return () => new Tuple([]);
    default:
      throw new Error(`'${node.kind}' is no expression`);
  }
}

const constant =
  (value: unknown): Evaluate =>
  () =>
    value;

export function compileName(name: string, scope: Scope): Evaluate {
  const { index } = scope.slot(name);
  return (frame) => {
    const value = frame.vars[index];
    return value === undefined ? new Undefined(() => `'${name}' is undefined`) : value;
  };
}

function compileItems(node: Extract<Expression, { kind: 'tuple' | 'list' }>, scope: Scope): Evaluate {
  const items = node.items.map((item) => compileExpression(item, scope));
  if (node.kind === 'tuple') return (frame) => new Tuple(items.map((item) => item(frame)));
  return (frame) => items.map((item) => item(frame));
}

function compileDict(node: Extract<Expression, { kind: 'dict' }>, scope: Scope): Evaluate {
  const pairs = node.pairs.map(
    ([key, value]) => [compileExpression(key, scope), compileExpression(value, scope)] as const,
  );
  return (frame) => {
    const dict = new Dict();
    for (const [key, value] of pairs) dict.set(key(frame), value(frame));
    return dict;
  };
}

function compileUnary(node: Extract<Expression, { kind: 'unary' }>, scope: Scope): Evaluate {
  const operand = compileExpression(node.operand, scope);
  if (node.operator === 'not') return (frame) => !truth(operand(frame));
  return node.operator === '-' ? (frame) => negative(operand(frame)) : (frame) => positive(operand(frame));
}

function compileBinary(node: Extract<Expression, { kind: 'binary' }>, scope: Scope): Evaluate {
  const left = compileExpression(node.left, scope);
  const right = compileExpression(node.right, scope);
  const { operator } = node;
  if (operator === '+') return (frame) => add(left(frame), right(frame));
  return (frame) => arithmetic(left(frame), operator, right(frame));
}

function compileLogical(node: Extract<Expression, { kind: 'logical' }>, scope: Scope): Evaluate {
  const left = compileExpression(node.left, scope);
  const right = compileExpression(node.right, scope);
  if (node.operator === 'and') {
    return (frame) => {
      const value = left(frame);
      return truth(value) ? right(frame) : value;
    };
  }
  return (frame) => {
    const value = left(frame);
    return truth(value) ? value : right(frame);
  };
}

function compileConcat(parts: readonly Expression[], scope: Scope): Evaluate {
  const compiled = parts.map((part) => compileExpression(part, scope));
  return (frame) => {
    const values = compiled.map((part) => part(frame));
    if (frame.autoescape)
      return new Markup(values.map((value) => (isText(value) ? asMarkup(value) : escapeHtml(text(value)))).join(''));
    return values.reduce((out: unknown, value) => add(out, text(value)), '');
  };
}

function compileSubscript(node: Extract<Expression, { kind: 'item' }>, scope: Scope): Evaluate {
  const target = compileExpression(node.target, scope);
  const { key } = node;
  if (key.kind === 'slice') {
    const [start, stop, step] = [key.start, key.stop, key.step].map((part) =>
      part ? compileExpression(part, scope) : constant(undefined),
    );
    const take: Evaluate = (frame) => slice(target(frame), start?.(frame), stop?.(frame), step?.(frame));
    return scope.folded ? forgiving(take, target) : take;
  }
  if (key.kind === 'constant') return compileItem(target, key.value);
  const compiled = compileExpression(key, scope);
  return (frame) => getItem(target(frame), compiled(frame));
}

/** Undefined in the place of a TypeError. */
function forgiving(take: Evaluate, target: Evaluate): Evaluate {
  return (frame) => {
    try {
      return take(frame);
    } catch (failure) {
      if (failure instanceof Failure && failure.kind === 'TypeError') return missing(target(frame), null);
      throw failure;
    }
  };
}

function compileCondition(node: Extract<Expression, { kind: 'condition' }>, scope: Scope): Evaluate {
  const soft = scope.softened();
  const test = compileExpression(node.test, soft);
  const yes = compileExpression(node.yes, soft);
  if (node.no) {
    const no = compileExpression(node.no, soft);
    return (frame) => (truth(test(frame)) ? yes(frame) : no(frame));
  }
  const nothing = new Undefined(() => 'the inline if-expression evaluated to false and no else section was defined.');
  return (frame) => (truth(test(frame)) ? yes(frame) : nothing);
}

/** A filter or test by its name; an unknown one fails now, or within a condition when it is reached. */
function findWord<Word extends Filter | Test>(
  words: ReadonlyMap<string, Word>,
  node: FilterNode | TestNode,
  scope: Scope,
): Word | Evaluate {
  const word = words.get(node.name);
  if (word) return word;
  const message = `No ${node.kind} named '${node.name}'${suggest(node.name, words.keys())}`;
  if (!scope.soft && !scope.unit.lenient)
    throw new TemplateError(
      'TemplateSyntaxError',
      message,
      scope.unit.template,
      positionAt(scope.unit.template, node.offset),
    );
  return () => {
    throw new Failure('TemplateRuntimeError', message);
  };
}

/** `source` is what a filter block put out, when the filter has no target of its own. */
export function compileFilter(node: FilterNode, scope: Scope, source?: Evaluate): Evaluate {
  const target = node.target
    ? node.target.kind === 'filter'
      ? compileFilter(node.target, scope, source)
      : compileExpression(node.target, scope)
    : source;
  if (!target) throw new Error('a filter without a target');
  const filter = findWord(scope.unit.filters, node, scope);
  if (typeof filter === 'function') return filter;
  return applyWord(filter, target, node, scope);
}

function compileTest(node: TestNode, scope: Scope): Evaluate {
  const target = compileExpression(node.target, scope);
  const test = findWord(scope.unit.tests, node, scope);
  if (typeof test === 'function') return test;
  return applyWord(test, target, node, scope);
}

function applyWord(word: Filter | Test, target: Evaluate, node: FilterNode | TestNode, scope: Scope): Evaluate {
  const { name, signature } = word;
  const args = compileWordArguments(target, node.args, scope);
  return (frame) => {
    const { positional, keywords } = args(frame);
    const [value] = positional;
    spendCall(isText(value) ? plain(value).length : 0);
    return word.apply(signature.bind(name, positional, keywords), frame);
  };
}
