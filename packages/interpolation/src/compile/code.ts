import { FILTERS } from '../filters/index.js';
import { GLOBALS } from '../macros/index.js';
import { Attributed } from '../operations/attribute.js';
import type { Statement } from '../syntax/ast.js';
import { parse } from '../syntax/parser.js';
import { syntaxError } from '../syntax/token.js';
import { TESTS } from '../tests/index.js';
import { Callable } from '../values/callable.js';
import { analyze, findAll, findUndeclared, isConstant } from './analyze.js';
import { compileExpression } from './expression.js';
import { ALIASES, Frame } from './frame.js';
import { type Evaluate, type Run, Scope, type Unit } from './scope.js';
import { compileBody } from './statement.js';
import { Slots, Symbols } from './symbols.js';

/** A template's compiled form. It keeps nothing of an evaluation, so one serves all. */
export interface Code {
  /** Names that are read from the context, in the spelling of the template. */
  names: ReadonlySet<string>;
  /** Names that the context must have, and what they are called there. */
  needed: readonly { name: string; key: string }[];
  /** Whether the text has `stream_state` in it, anywhere at all: the reference refuses to evaluate it then. */
  readsState: boolean;
  /** The single expression that a template such as `{{ record.id }}` consists of. */
  single: Evaluate | undefined;
  /** The text of a template without tags. */
  constant: string | undefined;
  enter: Run;
  run: Run;
  newFrame(context: Readonly<Record<string, unknown>>, clock: () => number): Frame;
}

/** Compiles a template's text. Throws a `TemplateError` for what Jinja would refuse to compile. */
export function compileCode(template: string): Code {
  const body = parse(template);
  const slots = new Slots();
  const blocks = findAll(body, 'block');
  const unit: Unit = {
    template,
    slots,
    filters: FILTERS,
    tests: TESTS,
    globals: GLOBALS,
    free: new Set(),
    blocks: new Map(),
    hasBlocks: blocks.length > 0,
  };
  const scope = new Scope(unit, new Symbols(slots), true);
  const self = findUndeclared(body, ['self']).has('self') ? scope.symbols.parameter('self').index : undefined;
  analyze(body, scope.symbols);
  const run = compileBody(body, scope);
  const enterRoot = scope.enter();
  for (const block of blocks) {
    if (unit.blocks.has(block.name)) throw syntaxError(template, block.offset, `block '${block.name}' defined twice`);
    unit.blocks.set(block.name, compileBlock(block.body, unit));
  }
  return {
    names: unit.free,
    needed: [...unit.free].filter((name) => name !== 'config').map((name) => ({ name, key: ALIASES[name] ?? name })),
    readsState: template.includes('stream_state'),
    single: singleExpression(body, scope),
    constant: constantText(body),
    enter: self === undefined ? enterRoot : withSelf(enterRoot, self, unit),
    run,
    newFrame: (context, clock) => new Frame(context, slots.count, clock, GLOBALS, FILTERS, TESTS),
  };
}

/** The names that a template reads from its context, unknown filters and tests let pass. */
export function freeNames(template: string, body: readonly Statement[]): ReadonlySet<string> {
  const unit: Unit = {
    template,
    slots: new Slots(),
    filters: FILTERS,
    tests: TESTS,
    globals: GLOBALS,
    free: new Set(),
    blocks: new Map(),
    hasBlocks: false,
    lenient: true,
  };
  const scope = new Scope(unit, new Symbols(unit.slots), true);
  if (findUndeclared(body, ['self']).has('self')) scope.symbols.parameter('self');
  analyze(body, scope.symbols);
  compileBody(body, scope);
  scope.enter();
  for (const block of findAll(body, 'block')) compileBlock(block.body, unit);
  return unit.free;
}

/** A block sees the context and what the top level has set, not the scope that it stands in. */
function compileBlock(body: readonly Statement[], unit: Unit): Run {
  const scope = new Scope(unit, new Symbols(unit.slots));
  const special = findUndeclared(body, ['self', 'super']);
  for (const name of special) scope.symbols.parameter(name);
  analyze(body, scope.symbols);
  const run = compileBody(body, scope);
  const enter = scope.enter();
  return (frame) => {
    enter(frame);
    run(frame);
  };
}

function withSelf(enter: Run, index: number, unit: Unit): Run {
  return (frame) => {
    enter(frame);
    frame.vars[index] = new TemplateReference(unit, frame);
  };
}

/** `self`: its attributes are the template's blocks, to be put out once more. */
class TemplateReference extends Attributed {
  readonly type = 'TemplateReference';
  constructor(
    private readonly unit: Unit,
    private readonly frame: Frame,
  ) {
    super();
  }

  attribute(name: string): unknown {
    const run = this.unit.blocks.get(name);
    return run && new Callable(name, () => this.frame.capture(run), `<BlockReference '${name}'>`, 'BlockReference');
  }
}

function singleExpression(body: readonly Statement[], scope: Scope): Evaluate | undefined {
  const [statement] = body;
  if (body.length !== 1 || statement?.kind !== 'output' || statement.parts.length !== 1) return undefined;
  const [part] = statement.parts;
  if (!part || part.kind === 'data') return undefined;
  return compileExpression(part, isConstant(part) ? scope.folding() : scope);
}

function constantText(body: readonly Statement[]): string | undefined {
  let text = '';
  for (const statement of body) {
    if (statement.kind !== 'output') return undefined;
    for (const part of statement.parts) {
      if (part.kind !== 'data') return undefined;
      text += part.text;
    }
  }
  return text;
}
