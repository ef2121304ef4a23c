import { typeError } from './error.js';
import type { Keywords } from './values/callable.js';

/**
 * The parameters of a word or method, written as Python writes them: `value, width=80, *, first=False, *rest, **named`;
 * `/` ends those that cannot be named. What stands after `=` is for the reader: a parameter that was not given arrives
 * as `undefined`, and the word decides.
 */
export class Signature {
  private readonly names: string[] = [];
  private required = 0;
  private positionalOnly = 0;
  private positionalMax = Number.POSITIVE_INFINITY;
  private rest = -1;
  private named = -1;

  constructor(readonly text: string) {
    const parts = text
      .split(/,\s*(?=[*/\w])/)
      .map((part) => part.trim())
      .filter(Boolean);
    for (const part of parts) this.declare(part);
    if (this.positionalMax === Number.POSITIVE_INFINITY)
      this.positionalMax = this.named >= 0 ? this.named : this.names.length;
  }

  private declare(part: string): void {
    if (part === '/') this.positionalOnly = this.names.length;
    else if (part === '*') this.positionalMax = this.names.length;
    else if (part.startsWith('**')) this.named = this.names.push(part.slice(2)) - 1;
    else if (part.startsWith('*')) {
      this.rest = this.names.push(part.slice(1)) - 1;
      this.positionalMax = this.rest;
    } else {
      const [name = ''] = part.split('=', 1);
      this.names.push(name);
      if (!part.includes('=')) this.required = this.names.length;
    }
  }

  /** Lays arguments out, one per parameter. Fails as a Python call does; `callee` is named in the message. */
  bind(callee: string, args: unknown[], keywords?: Keywords): unknown[] {
    const given = args.length;
    if (keywords === undefined && this.rest < 0 && this.named < 0) {
      if (given > this.positionalMax)
        throw typeError(`${callee}() takes at most ${this.positionalMax} argument(s) (${given} given)`);
      if (given < this.required) throw typeError(`${callee}() missing argument '${this.names[given]}'`);
      return args;
    }
    return this.bindAll(callee, args, keywords);
  }

  private bindAll(callee: string, args: unknown[], keywords?: Keywords): unknown[] {
    const bound: unknown[] = args.slice(0, this.positionalMax);
    if (this.rest >= 0) bound[this.rest] = args.slice(this.positionalMax);
    else if (args.length > this.positionalMax)
      throw typeError(`${callee}() takes at most ${this.positionalMax} argument(s) (${args.length} given)`);
    const extra = new Map<string, unknown>();
    for (const [name, value] of keywords ?? []) {
      const index = this.names.indexOf(name);
      if (index < 0 || index < this.positionalOnly || index === this.rest || index === this.named) {
        if (this.named < 0) throw typeError(`${callee}() got an unexpected keyword argument '${name}'`);
        extra.set(name, value);
      } else if (bound[index] !== undefined) throw typeError(`${callee}() got multiple values for argument '${name}'`);
      else bound[index] = value;
    }
    if (this.named >= 0) bound[this.named] = extra;
    for (let i = 0; i < this.required; i++) {
      if (bound[i] === undefined) throw typeError(`${callee}() missing argument '${this.names[i]}'`);
    }
    return bound;
  }
}

export const signature = (text: string) => new Signature(text);
