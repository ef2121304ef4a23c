import { CALL_UNITS, spend } from '../budget.js';
import { typeError } from '../error.js';
import { Attributed } from '../operations/attribute.js';
import { equal } from '../operations/equality.js';
import { iterate } from '../operations/iterate.js';
import { lengthOrNone } from '../operations/length.js';
import { truth } from '../operations/truth.js';
import type { For } from '../syntax/ast.js';
import { syntaxError } from '../syntax/token.js';
import { Callable, type Invoke } from '../values/callable.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { analyze, countNodes, findAll, findUndeclared } from './analyze.js';
import { compileExpression } from './expression.js';
import type { Frame } from './frame.js';
import type { Run, Scope } from './scope.js';
import { compileBody, compileTarget } from './statement.js';
import type { Symbols } from './symbols.js';

/** What a loop is made of, once compiled. */
interface Loop {
  each: (frame: Frame, item: unknown) => void;
  orElse: Run;
  keep: ((frame: Frame, item: unknown) => boolean) | undefined;
  /** How many nodes a turn runs. */
  weight: number;
  /** Where the `loop` variable lives; undefined when the body does not read it. */
  variable: number | undefined;
}

/** Compiles `{% for %}`. */
export function compileFor(node: For, scope: Scope): Run {
  forbidLoopTarget(node, scope);
  const iterable = compileExpression(node.iterable, scope);
  const before = scope.unit.slots.count;
  const loop = compileLoop(node, scope);
  const after = scope.unit.slots.count;
  const run = (frame: Frame, value: unknown, recurse: Invoke | undefined, depth: number) =>
    runLoop(loop, frame, value, recurse, depth);
  if (!node.recursive) return (frame) => run(frame, iterable(frame), undefined, 0);
  return (frame) => {
    // A recursive loop calls itself from its own body, whose variables must survive that.
    const again =
      (depth: number): Invoke =>
      ([items]) => {
        const saved = frame.vars.slice(before, after);
        try {
          return frame.capture(() => run(frame, items, again(depth + 1), depth));
        } finally {
          for (let i = before; i < after; i++) frame.vars[i] = saved[i - before];
        }
      };
    run(frame, iterable(frame), again(1), 0);
  };
}

function forbidLoopTarget(node: For, scope: Scope): void {
  const target = findAll([node], 'name').find((name) => name.use === 'store' && name.name === 'loop');
  if (target)
    throw syntaxError(scope.unit.template, target.offset, "Can't assign to special loop variable in for-loop target");
}

function compileLoop(node: For, scope: Scope): Loop {
  const inner = scope.inner();
  const extended =
    node.recursive ||
    findUndeclared(node.body, ['loop']).has('loop') ||
    findAll([node], 'block').some((block) => block.scoped);
  const variable = extended ? inner.symbols.parameter('loop').index : undefined;
  analyzeTarget(node, inner.symbols);
  analyze(node.body, inner.symbols);
  const store = compileTarget(node.target, inner);
  const body = compileBody(node.body, inner);
  const enter = inner.enter();
  return {
    each: (frame, item) => {
      store(frame, item);
      enter(frame);
      body(frame);
    },
    orElse: compileElse(node, scope),
    keep: compileKeep(node, scope),
    weight: countNodes(node.body),
    variable,
  };
}

/** The target's names belong to the loop, as parameters do. */
function analyzeTarget(node: For, symbols: Symbols): void {
  for (const name of findAll([node.target], 'name')) symbols.parameter(name.name);
  for (const target of findAll([node.target], 'attribute-target')) symbols.load(target.name);
}

function compileElse(node: For, scope: Scope): Run {
  if (node.orElse.length === 0) return () => {};
  const inner = scope.inner();
  analyze(node.orElse, inner.symbols);
  const body = compileBody(node.orElse, inner);
  const enter = inner.enter();
  return (frame) => {
    enter(frame);
    body(frame);
  };
}

/** The loop's own `if`, which sees the target but nothing of the body. */
function compileKeep(node: For, scope: Scope): Loop['keep'] {
  if (!node.test) return undefined;
  const inner = scope.inner();
  analyzeTarget(node, inner.symbols);
  analyze([node.test], inner.symbols);
  const store = compileTarget(node.target, inner);
  const test = compileExpression(node.test, inner);
  const enter = inner.enter();
  return (frame, item) => {
    enter(frame);
    store(frame, item);
    return truth(test(frame));
  };
}

function runLoop(loop: Loop, frame: Frame, value: unknown, recurse: Invoke | undefined, depth: number): void {
  const { keep } = loop;
  const items = keep ? filtered(iterate(value), (item) => keep(frame, item)) : iterate(value);
  let ran = false;
  if (loop.variable === undefined) {
    for (const item of items) {
      spend(loop.weight);
      ran = true;
      loop.each(frame, item);
    }
  } else {
    const context = new LoopContext(items, keep ? -1 : lengthOrNone(value), recurse, depth);
    for (let item = context.advance(); item; item = context.advance()) {
      spend(loop.weight);
      ran = true;
      frame.vars[loop.variable] = context;
      loop.each(frame, item[0]);
    }
  }
  if (!ran) loop.orElse(frame);
}

function* filtered(items: Iterable<unknown>, keep: (item: unknown) => boolean): Generator<unknown> {
  for (const item of items) {
    spend(CALL_UNITS);
    if (keep(item)) yield item;
  }
}

/** The `loop` variable. It looks one item ahead, and only when asked to. */
class LoopContext extends Attributed {
  readonly type = 'LoopContext';
  private index0 = -1;
  private iterator: Iterator<unknown>;
  private ahead: [unknown] | undefined;
  private done = false;
  private current: unknown;
  private before: unknown;
  private changedTo: unknown[] | undefined;

  constructor(
    items: Iterable<unknown>,
    private size: number,
    private readonly recurse: Invoke | undefined,
    private readonly depth0: number,
  ) {
    super();
    this.iterator = items[Symbol.iterator]();
  }

  override call: Invoke = (args, keywords, runtime) => {
    if (!this.recurse) throw typeError("The loop must have the 'recursive' marker to be called recursively.");
    return this.recurse(args, keywords, runtime);
  };

  /** The next item, wrapped; undefined at the end. */
  advance(): [unknown] | undefined {
    const item = this.peek();
    this.ahead = undefined;
    if (!item) return undefined;
    this.index0++;
    this.before = this.current;
    this.current = item[0];
    return item;
  }

  private peek(): [unknown] | undefined {
    if (this.ahead || this.done) return this.ahead;
    const { value, done } = this.iterator.next();
    if (done) this.done = true;
    else this.ahead = [value];
    return this.ahead;
  }

  private length(): number {
    if (this.size < 0) {
      const rest: unknown[] = [];
      for (let next = this.iterator.next(); !next.done; next = this.iterator.next()) {
        spend(1);
        rest.push(next.value);
      }
      this.iterator = rest[Symbol.iterator]();
      this.size = rest.length + this.index0 + 1 + (this.ahead ? 1 : 0);
    }
    return this.size;
  }

  attribute(name: string): unknown {
    const read = Object.hasOwn(this.attributes, name) ? this.attributes[name] : undefined;
    return read?.();
  }

  private readonly attributes: Record<string, () => unknown> = {
    index: () => this.index0 + 1,
    index0: () => this.index0,
    revindex: () => this.length() - this.index0,
    revindex0: () => this.length() - this.index0 - 1,
    length: () => this.length(),
    first: () => this.index0 === 0,
    last: () => this.peek() === undefined,
    depth: () => this.depth0 + 1,
    depth0: () => this.depth0,
    previtem: () => (this.index0 === 0 ? new Undefined(() => 'there is no previous item') : this.before),
    nextitem: () => {
      const next = this.peek();
      return next ? next[0] : new Undefined(() => 'there is no next item');
    },
    cycle: () => method('cycle', (args) => this.cycle(args)),
    changed: () => method('changed', (args) => this.changed(args)),
  };

  private cycle(args: unknown[]): unknown {
    if (args.length === 0) throw typeError('no items for cycling given');
    return args[this.index0 % args.length];
  }

  private changed(args: unknown[]): boolean {
    if (this.changedTo && equal(new Tuple(this.changedTo), new Tuple(args))) return false;
    this.changedTo = args;
    return true;
  }
}

const method = (name: string, invoke: Invoke) =>
  new Callable(name, invoke, `<bound method LoopContext.${name}>`, 'method');
