import { spendCall } from '../budget.js';
import { quote } from '../formatting/quote.js';
import { MEMBERS } from '../methods/index.js';
import { applyToMarkup, markupOwn } from '../methods/markup.js';
import type { Member } from '../methods/member.js';
import { Callable, type Invoke } from '../values/callable.js';
import { isHostDict } from '../values/mapping.js';
import { isText, Markup, plain } from '../values/markup.js';
import { Namespace } from '../values/namespace.js';
import { PythonObject } from '../values/python-object.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { findItem } from './item.js';
import { repr } from './text.js';
import { typeName } from './type-name.js';
import { isUnsafeName } from './unsafe-names.js';

/** An object whose attributes are its own affair (`loop`, `cycler`). */
export abstract class Attributed extends PythonObject {
  /** The attribute, or undefined when there is none. */
  abstract attribute(name: string): unknown;
  /** What calling it does, when it can be called. */
  call?: Invoke;
}

/**
 * `value.name` in a template: the attribute of Python's type when it has one, else the element of that key. So
 * `record.items` is dict's method, whatever the record holds; `record['items']` is the element.
 */
export function getAttribute(value: unknown, name: string): unknown {
  if (value instanceof Undefined && !isUnsafeName('Undefined', name)) throw value.fail();
  const found = findAttribute(value, name);
  if (found !== undefined) return found;
  const item = findItem(value, name);
  return item === undefined ? missing(value, name) : item;
}

/** `value.name` of Python alone: undefined when the type has no such attribute. */
export function findAttribute(value: unknown, name: string): unknown {
  if (value instanceof Attributed || value instanceof Namespace || value instanceof Callable) {
    const own = ownAttribute(value, name);
    if (own !== undefined) return name.startsWith('_') ? unsafe(value, name) : own;
  }
  const type = typeName(value);
  if (name.startsWith('_')) return isUnsafeName(type, name) ? unsafe(value, name) : undefined;
  const field = value instanceof Tuple ? value.field(name) : undefined;
  if (field !== undefined) return field;
  const member = MEMBERS.get(type)?.get(name);
  if (member) return bindMember(value, name, member);
  return value instanceof Markup && Object.hasOwn(markupOwn, name) ? markupMethod(value, name) : undefined;
}

function ownAttribute(value: Attributed | Namespace | Callable, name: string): unknown {
  if (value instanceof Namespace) return value.attributes.get(name);
  return value instanceof Callable ? value.attributes?.get(name) : value.attribute(name);
}

function markupMethod(value: Markup, name: string): Callable {
  return new Callable(name, () => markupOwn[name]?.(value), `<bound method Markup.${name}>`, 'method');
}

/**
 * Python shows where in memory an object lies; here all lie in one place, so that the same template gives the same
 * text.
 */
export const ADDRESS = '0x7f0000000000';

/** A property's value, or a method bound to its object. */
function bindMember(value: unknown, name: string, member: Member): unknown {
  if (!member.signature) return (member.apply as (self: unknown, args: unknown[]) => unknown)(value, []);
  const { signature } = member;
  return new Callable(
    name,
    (args, keywords, runtime) => applyMember(value, name, member, signature.bind(name, args, keywords), runtime),
    `<built-in method ${name} of ${typeName(value)} object at ${ADDRESS}>`,
  );
}

/** Calls a method on its object; arguments are bound already. */
export function applyMember(
  value: unknown,
  name: string,
  member: Member,
  args: unknown[],
  runtime: Parameters<Member['apply']>[2],
): unknown {
  spendCall(typeof value === 'string' ? value.length : 0);
  if (value instanceof Markup) return applyToMarkup(value, name, member, args, runtime);
  return (member.apply as (self: unknown, args: unknown[], runtime: unknown) => unknown)(value, args, runtime);
}

/** What an attribute or element that is not there gives. */
export function missing(value: unknown, name: unknown): Undefined {
  return new Undefined(() => describeMissing(value, name));
}

function describeMissing(value: unknown, name: unknown): string {
  const kind =
    value === null
      ? 'None'
      : `${value instanceof PythonObject || isHostDict(value) ? typeName(value) : typeName(value)} object`;
  return isText(name) ? `'${kind}' has no attribute ${quote(plain(name))}` : `${kind} has no element ${repr(name)}`;
}

/** What an attribute that the sandbox keeps to itself gives. */
export function unsafe(value: unknown, name: string): Undefined {
  return new Undefined(
    () => `access to attribute ${quote(name)} of ${quote(typeName(value))} object is unsafe.`,
    'SecurityError',
  );
}
