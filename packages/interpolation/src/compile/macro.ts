import { CALL_UNITS, spend } from '../budget.js';
import { typeError } from '../error.js';
import type { CallBlock, MacroNode } from '../syntax/ast.js';
import { syntaxError } from '../syntax/token.js';
import { Callable, type Keywords } from '../values/callable.js';
import { Dict } from '../values/dict.js';
import { Markup } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { analyze, countNodes, findUndeclared } from './analyze.js';
import { compileCall } from './call.js';
import { compileExpression } from './expression.js';
import type { Frame } from './frame.js';
import type { Evaluate, Run, Scope } from './scope.js';
import { compileBody, compileTarget, writable } from './statement.js';

/** A parameter of a macro: where its value goes, and what it is when none is given. */
interface Parameter {
  name: string;
  index: number;
  otherwise: Evaluate | undefined;
}

interface Body {
  name: string | null;
  parameters: Parameter[];
  caller: number | undefined;
  keywords: number | undefined;
  rest: number | undefined;
  enter: Run;
  run: Run;
  /** How many nodes a call runs. */
  weight: number;
  /** The slots that belong to the macro, kept apart when it calls itself. */
  slots: [from: number, to: number];
}

/** Compiles `{% macro %}`: it sets a variable to a function that gives what the body puts out. */
export function compileMacro(node: MacroNode, scope: Scope): Run {
  const body = compileMacroBody(node, node.name, scope);
  const store = compileTarget({ kind: 'name', name: node.name, use: 'store', offset: node.offset }, scope);
  return (frame) => store(frame, makeMacro(body, frame));
}

/** Compiles `{% call %}`: calls a macro with the body as its `caller`. */
export function compileCallBlock(node: CallBlock, scope: Scope): Run {
  const body = compileMacroBody(node, null, scope);
  const call = compileCall(node.call, scope, (frame) => makeMacro(body, frame));
  return (frame) => frame.write(writable(call(frame)));
}

function compileMacroBody(node: MacroNode | CallBlock, name: string | null, scope: Scope): Body {
  const from = scope.unit.slots.count;
  const inner = scope.inner();
  const special = findUndeclared(node.body, ['caller', 'kwargs', 'varargs']);
  const named = new Set(node.params.map((param) => param.name));
  const explicitCaller = node.params.findIndex((param) => param.name === 'caller');
  if (special.has('caller') && explicitCaller >= 0 && explicitCaller < node.params.length - node.defaults.length) {
    throw syntaxError(
      scope.unit.template,
      node.offset,
      'the special "caller" argument must be omitted or be given a default.',
    );
  }
  analyze([...node.params, ...node.defaults], inner.symbols);
  const declare = (word: string) =>
    special.has(word) && !named.has(word) ? inner.symbols.parameter(word).index : undefined;
  const slots = { caller: declare('caller'), keywords: declare('kwargs'), rest: declare('varargs') };
  analyze(node.body, inner.symbols);
  const firstDefault = node.params.length - node.defaults.length;
  const parameters = node.params.map((param, i) => {
    const otherwise = node.defaults[i - firstDefault];
    return {
      name: param.name,
      index: inner.slot(param.name).index,
      otherwise: otherwise && compileExpression(otherwise, inner),
    };
  });
  const run = compileBody(node.body, inner);
  const weight = countNodes(node.body);
  return { name, parameters, weight, ...slots, run, enter: inner.enter(), slots: [from, scope.unit.slots.count] };
}

function makeMacro(body: Body, frame: Frame): Callable {
  const label = body.name === null ? '<Macro anonymous>' : `<Macro '${body.name}'>`;
  const attributes = new Map<string, unknown>([
    ['name', body.name],
    ['arguments', new Tuple(body.parameters.map((parameter) => parameter.name))],
    ['catch_kwargs', body.keywords !== undefined],
    ['catch_varargs', body.rest !== undefined],
    ['caller', body.caller !== undefined],
  ]);
  return new Callable(
    body.name ?? 'caller',
    (args, keywords) => invoke(body, frame, args, keywords),
    label,
    'Macro',
    attributes,
  );
}

function invoke(body: Body, frame: Frame, args: unknown[], keywords: Keywords | undefined): unknown {
  spend(CALL_UNITS + body.weight);
  const [from, to] = body.slots;
  const saved = frame.vars.slice(from, to);
  try {
    const out = frame.capture(() => {
      bind(body, frame, args, new Map(keywords));
      body.run(frame);
    });
    return frame.autoescape ? new Markup(out) : out;
  } finally {
    for (let i = from; i < to; i++) frame.vars[i] = saved[i - from];
  }
}

/** Lays the arguments out into the macro's variables. */
function bind(body: Body, frame: Frame, args: unknown[], keywords: Map<string, unknown>): void {
  const { parameters } = body;
  const given = parameters.map(({ name }, i) => {
    if (i < args.length) return args[i];
    const value = keywords.get(name);
    keywords.delete(name);
    return value;
  });
  const explicitCaller = parameters.some(({ name }) => name === 'caller');
  let caller: unknown;
  if (body.caller !== undefined && !explicitCaller) {
    caller = keywords.get('caller') ?? new Undefined(() => 'No caller defined');
    keywords.delete('caller');
  }
  const what = body.name === null ? 'None' : `'${body.name}'`;
  const [extra] = keywords.keys();
  if (body.keywords === undefined && extra !== undefined)
    throw typeError(`macro ${what} takes no keyword argument '${extra}'`);
  if (body.rest === undefined && args.length > parameters.length) {
    throw typeError(`macro ${what} takes not more than ${parameters.length} argument(s)`);
  }
  body.enter(frame);
  if (body.caller !== undefined) frame.vars[body.caller] = caller;
  if (body.keywords !== undefined) frame.vars[body.keywords] = Dict.of(keywords);
  if (body.rest !== undefined) frame.vars[body.rest] = new Tuple(args.slice(parameters.length));
  parameters.forEach(({ index }, i) => {
    frame.vars[index] = given[i];
  });
  for (const { name, index, otherwise } of parameters) {
    if (frame.vars[index] !== undefined) continue;
    frame.vars[index] = otherwise ? otherwise(frame) : new Undefined(() => `parameter '${name}' was not provided`);
  }
}
