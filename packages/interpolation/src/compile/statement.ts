import { spend } from '../budget.js';
import { Failure, typeError, valueError } from '../error.js';
import { toArray } from '../operations/iterate.js';
import { asMarkup } from '../operations/sequence-arithmetic.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import type { Data, Expression, If, Output, Statement } from '../syntax/ast.js';
import { syntaxError } from '../syntax/token.js';
import { escapeHtml, isText, Markup, plain } from '../values/markup.js';
import { Namespace } from '../values/namespace.js';
import { Undefined } from '../values/undefined.js';
import { analyze, countNodes, findAll, isConstant } from './analyze.js';
import { compileExpression, compileFilter, compileName } from './expression.js';
import type { Frame } from './frame.js';
import { compileFor } from './loop.js';
import { compileCallBlock, compileMacro } from './macro.js';
import type { Evaluate, Run, Scope } from './scope.js';

/** Compiles statements that run one after another. */
export function compileBody(statements: readonly Statement[], scope: Scope): Run {
  const steps = statements.map((statement) => compileStatement(statement, scope));
  const [first, second] = steps;
  if (!first) return () => {};
  if (!second) return first;
  return (frame) => {
    for (const step of steps) step(frame);
  };
}

function compileStatement(node: Statement, scope: Scope): Run {
  switch (node.kind) {
    case 'output':
      return compileOutput(node, scope);
    case 'if':
      return compileIf(node, scope);
    case 'for':
      return compileFor(node, scope);
    case 'assign':
      return compileAssign(node, scope);
    case 'assign-block':
      return compileAssignBlock(node, scope);
    case 'with':
      return compileWith(node, scope);
    case 'macro':
      return compileMacro(node, scope);
    case 'call-block':
      return compileCallBlock(node, scope);
    case 'filter-block':
      return compileFilterBlock(node, scope);
    case 'autoescape':
      return compileAutoescape(node, scope);
    case 'block':
      return compileBlockCall(node, scope);
    case 'loader':
      return compileLoader(node, scope);
  }
}

function compileOutput(node: Output, scope: Scope): Run {
  const parts = node.parts.map((part) => compilePart(part, scope));
  const [first, second] = parts;
  if (first && !second) return (frame) => frame.write(first(frame));
  return (frame) => {
    for (const part of parts) frame.write(part(frame));
  };
}

/** A part of the output as text. */
export function compilePart(part: Data | Expression, scope: Scope): (frame: Frame) => string {
  if (part.kind === 'data') return () => part.text;
  const value = compileExpression(part, isConstant(part) ? scope.folding() : scope);
  return (frame) => shown(value(frame), frame);
}

function shown(value: unknown, frame: Frame): string {
  if (!frame.autoescape) return text(value);
  return isText(value) ? asMarkup(value) : escapeHtml(text(value));
}

function compileIf(node: If, scope: Scope): Run {
  const soft = scope.softened();
  const branches = [node, ...node.elifs].map((branch) => ({
    test: compileExpression(branch.test, soft),
    body: compileBody(branch.body, soft),
  }));
  const orElse = compileBody(node.orElse, soft);
  return (frame) => {
    for (const { test, body } of branches) if (truth(test(frame))) return body(frame);
    orElse(frame);
  };
}

type Store = (frame: Frame, value: unknown) => void;

/** Compiles a target of assignment. At the top level, names are kept for blocks too. */
export function compileTarget(node: Expression, scope: Scope): Store {
  if (node.kind === 'name') {
    const { index } = scope.slot(node.name);
    if (!scope.toplevel || !scope.unit.hasBlocks) {
      return (frame, value) => {
        frame.vars[index] = value;
      };
    }
    return (frame, value) => {
      frame.vars[index] = value;
      frame.exports ??= new Map();
      frame.exports.set(node.name, value);
    };
  }
  if (node.kind === 'attribute-target') return compileAttributeTarget(node.name, node.attribute, scope);
  if (node.kind !== 'tuple') throw new Error(`can't assign to '${node.kind}'`);
  const targets = node.items.map((item) => compileTarget(item, scope));
  return (frame, value) => {
    const values = unpack(value, targets.length);
    for (const [index, target] of targets.entries()) target(frame, values[index]);
  };
}

function unpack(value: unknown, count: number): unknown[] {
  let values: unknown[];
  try {
    values = toArray(value);
  } catch (failure) {
    if (failure instanceof Failure && failure.kind === 'TypeError')
      throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
    throw failure;
  }
  if (values.length < count) throw valueError(`not enough values to unpack (expected ${count}, got ${values.length})`);
  if (values.length > count) throw valueError(`too many values to unpack (expected ${count})`);
  return values;
}

function compileAttributeTarget(name: string, attribute: string, scope: Scope): Store {
  const namespace = compileName(name, scope);
  return (frame, value) => {
    const object = namespace(frame);
    if (object instanceof Namespace) object.attributes.set(attribute, value);
  };
}

function compileAssign(node: Extract<Statement, { kind: 'assign' }>, scope: Scope): Run {
  const value = compileExpression(node.value, scope);
  const store = compileTarget(node.target, scope);
  const namespaces = findAll([node.target], 'attribute-target').map((target) => compileName(target.name, scope));
  return (frame) => {
    // Before anything is computed: only namespaces take attributes.
    for (const namespace of namespaces) {
      if (!(namespace(frame) instanceof Namespace))
        throw new Failure('TemplateRuntimeError', 'cannot assign attribute on non-namespace object');
    }
    store(frame, value(frame));
  };
}

function compileAssignBlock(node: Extract<Statement, { kind: 'assign-block' }>, scope: Scope): Run {
  const inner = scope.inner();
  analyze(node.body, inner.symbols);
  const { enter, body } = compileInner(node.body, inner);
  const store = compileTarget(node.target, scope);
  const filter = node.filter && captureFilter(node.filter, inner);
  return (frame) => {
    enter(frame);
    const captured = frame.capture(body);
    const value = filter ? filter(frame, captured) : captured;
    store(frame, frame.autoescape && isText(value) ? new Markup(asMarkup(value)) : value);
  };
}

/** A scope's entry and body. The entry is compiled last: until then the body may add to the scope. */
function compileInner(statements: readonly Statement[], scope: Scope): { enter: Run; body: Run } {
  const body = compileBody(statements, scope);
  return { enter: scope.enter(), body };
}

function captureFilter(
  node: Parameters<typeof compileFilter>[0],
  scope: Scope,
): (frame: Frame, captured: string) => unknown {
  const cell = { captured: '' };
  const source: Evaluate = (frame) => (frame.autoescape ? new Markup(cell.captured) : cell.captured);
  const filter = compileFilter(node, scope, source);
  return (frame, captured) => {
    cell.captured = captured;
    return filter(frame);
  };
}

function compileFilterBlock(node: Extract<Statement, { kind: 'filter-block' }>, scope: Scope): Run {
  const inner = scope.inner();
  analyze([...node.body, node.filter], inner.symbols);
  const { enter, body } = compileInner(node.body, inner);
  const filter = captureFilter(node.filter, inner);
  return (frame) => {
    enter(frame);
    const value = filter(frame, frame.capture(body));
    frame.write(writable(value));
  };
}

/** What a filter block or call block puts out must be text: Python joins it without making it so. */
export function writable(value: unknown): string {
  if (!isText(value)) throw typeError(`sequence item 0: expected str instance, ${typeName(value)} found`);
  return plain(value);
}

function compileWith(node: Extract<Statement, { kind: 'with' }>, scope: Scope): Run {
  const inner = scope.inner();
  analyze([...node.targets, ...node.body], inner.symbols);
  const values = node.values.map((value) => compileExpression(value, scope));
  const targets = node.targets.map((target) => compileTarget(target, inner));
  const { enter, body } = compileInner(node.body, inner);
  return (frame) => {
    enter(frame);
    for (const [index, value] of values.entries()) targets[index]?.(frame, value(frame));
    body(frame);
  };
}

function compileAutoescape(node: Extract<Statement, { kind: 'autoescape' }>, scope: Scope): Run {
  const inner = scope.inner();
  analyze([node.value, ...node.body], inner.symbols);
  const value = compileExpression(node.value, inner);
  const { enter, body } = compileInner(node.body, inner);
  return (frame) => {
    const before = frame.autoescape;
    enter(frame);
    frame.autoescape = truth(value(frame));
    try {
      body(frame);
    } finally {
      frame.autoescape = before;
    }
  };
}

function compileBlockCall(node: Extract<Statement, { kind: 'block' }>, scope: Scope): Run {
  const weight = countNodes(node.body);
  const stored = node.scoped ? [...scope.symbols.stored()] : [];
  return (frame) => {
    spend(weight);
    if (node.required) throw new Failure('TemplateRuntimeError', `Required block '${node.name}' not found`);
    const run = scope.unit.blocks.get(node.name);
    const outer = frame.locals;
    if (node.scoped) frame.locals = new Map(stored.map(([name, { index }]) => [name, frame.vars[index]]));
    try {
      run?.(frame);
    } finally {
      frame.locals = outer;
    }
  };
}

/** Manifests have no template files: the reference fails for want of a loader, with a TypeError. */
function compileLoader(node: Extract<Statement, { kind: 'loader' }>, scope: Scope): Run {
  if (node.word === 'extends' && !scope.toplevel) {
    throw syntaxError(scope.unit.template, node.offset, 'cannot use extend from a non top-level scope');
  }
  const template = compileExpression(node.template, scope);
  return (frame) => {
    const value = template(frame);
    if (value instanceof Undefined && node.word !== 'include') throw value.fail();
    throw typeError('no loader for this environment specified');
  };
}
