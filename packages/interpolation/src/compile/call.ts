import { typeError } from '../error.js';
import { findMember } from '../methods/index.js';
import { applyMember, getAttribute } from '../operations/attribute.js';
import { call } from '../operations/call.js';
import { toArray } from '../operations/iterate.js';
import { typeName } from '../operations/type-name.js';
import type { Arguments, Call } from '../syntax/ast.js';
import type { Keywords } from '../values/callable.js';
import { isMapping, pairsOf } from '../values/mapping.js';
import { isText, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import { compileExpression } from './expression.js';
import type { Frame } from './frame.js';
import type { Evaluate, Scope } from './scope.js';

interface Given {
  positional: unknown[];
  keywords: Keywords | undefined;
}

type GiveArguments = (frame: Frame) => Given;

/** Compiles a call's arguments; `first` comes before them all (the value that a filter is applied to). */
export function compileWordArguments(first: Evaluate | undefined, args: Arguments, scope: Scope): GiveArguments {
  const positional = args.positional.map((arg) => compileExpression(arg, scope));
  if (first) positional.unshift(first);
  if (args.keywords.length === 0 && !args.spread && !args.spreadKeywords) {
    return (frame) => ({ positional: positional.map((arg) => arg(frame)), keywords: undefined });
  }
  const keywords = args.keywords.map(({ name, value }) => [name, compileExpression(value, scope)] as const);
  const spread = args.spread && compileExpression(args.spread, scope);
  const spreadKeywords = args.spreadKeywords && compileExpression(args.spreadKeywords, scope);
  return (frame) => {
    const values = positional.map((arg) => arg(frame));
    if (spread) values.push(...toArray(spread(frame)));
    const named = new Map<string, unknown>();
    for (const [name, value] of keywords) named.set(name, value(frame));
    if (spreadKeywords) addKeywords(named, spreadKeywords(frame));
    return { positional: values, keywords: named.size ? named : undefined };
  };
}

function addKeywords(named: Map<string, unknown>, source: unknown): void {
  if (source instanceof Undefined) throw source.fail();
  if (!isMapping(source)) throw typeError(`argument after ** must be a mapping, not ${typeName(source)}`);
  for (const [key, value] of pairsOf(source)) {
    if (!isText(key)) throw typeError('keywords must be strings');
    if (named.has(plain(key))) throw typeError(`got multiple values for keyword argument '${plain(key)}'`);
    named.set(plain(key), value);
  }
}

/** `callee(…)`. A method is called on its object without making a bound method of it first. */
export function compileCall(node: Call, scope: Scope, caller?: Evaluate): Evaluate {
  const args = withCaller(compileWordArguments(undefined, node.args, scope), caller);
  const { callee } = node;
  if (callee.kind === 'attribute') {
    const target = compileExpression(callee.target, scope);
    const { name } = callee;
    return (frame) => {
      const self = target(frame);
      const member = findMember(self, name);
      if (!member?.signature) {
        const attribute = getAttribute(self, name);
        const { positional, keywords } = args(frame);
        return call(attribute, positional, keywords, frame);
      }
      const { positional, keywords } = args(frame);
      return applyMember(self, name, member, member.signature.bind(name, positional, keywords), frame);
    };
  }
  const compiled = compileExpression(callee, scope);
  return (frame) => {
    const target = compiled(frame);
    const { positional, keywords } = args(frame);
    return call(target, positional, keywords, frame);
  };
}

function withCaller(args: GiveArguments, caller: Evaluate | undefined): GiveArguments {
  if (!caller) return args;
  return (frame) => {
    const { positional, keywords } = args(frame);
    return { positional, keywords: new Map([...(keywords ?? []), ['caller', caller(frame)]]) };
  };
}
