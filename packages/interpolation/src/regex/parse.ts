import { Failure } from '../error.js';
import { atWordEdge, CLASSES, foldCase, lower } from './classes.js';
import { parseEscape, parseSet, type Source } from './escape.js';
import { type Anchor, type CharTest, type Flags, type Regex, type RegexNode, widthOf } from './tree.js';

const FLAG_NAMES: Record<string, keyof Flags | undefined> = {
  i: 'ignoreCase',
  m: 'multiline',
  s: 'dotAll',
  x: 'verbose',
  a: 'ascii',
  u: undefined,
  L: undefined,
};
const DEPTH_MAX = 100;
const REPEAT_MAX = 4_294_967_295;

export const regexError = (message: string) => new Failure('RegexError', message);

/** Parses a regular expression of Python's `re` (3.11). */
export function parseRegex(pattern: string): Regex {
  return new Parser(pattern).parse();
}

class Parser implements Source {
  readonly codes: number[];
  at = 0;
  private flags: Flags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false };
  private readonly names = new Map<string, number>();
  private readonly open = new Set<number>();
  private readonly conditions: number[] = [];
  private groups = 0;
  private depth = 0;

  constructor(pattern: string) {
    this.codes = Array.from(pattern, (char) => char.codePointAt(0) ?? 0);
  }

  parse(): Regex {
    this.leadingFlags();
    const node = this.alternatives();
    if (this.at < this.codes.length) throw regexError('unbalanced parenthesis');
    // A condition may look at a group that comes after it.
    const unknown = this.conditions.find((index) => index > this.groups);
    if (unknown !== undefined) throw regexError(`invalid group reference ${unknown}`);
    return { node, groups: this.groups, names: this.names };
  }

  peek(offset = 0): string {
    const code = this.codes[this.at + offset];
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  take(): string {
    const char = this.peek();
    this.at++;
    return char;
  }

  skip(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.peek(i) !== text[i]) return false;
    this.at += text.length;
    return true;
  }

  until(end: string): string {
    let out = '';
    while (!this.skip(end)) {
      if (this.at >= this.codes.length) throw regexError(`missing ${end}, unterminated name`);
      out += this.take();
    }
    return out;
  }

  private leadingFlags(): void {
    const found = /^\(\?([aiLmsux]+)\)/.exec(String.fromCodePoint(...this.codes.slice(0, 20)));
    if (!found) return;
    this.at = found[0].length;
    this.flags = this.withFlags(found[1] ?? '', '');
    this.leadingFlags2();
  }

  /** Several groups of flags may stand first. */
  private leadingFlags2(): void {
    while (this.peek() === '(' && this.peek(1) === '?' && /[aiLmsux]/.test(this.peek(2))) {
      const start = this.at;
      this.at += 2;
      let letters = '';
      while (/[aiLmsux]/.test(this.peek())) letters += this.take();
      if (!this.skip(')')) {
        this.at = start;
        return;
      }
      this.flags = this.withFlags(letters, '');
    }
  }

  private withFlags(on: string, off: string): Flags {
    const flags = { ...this.flags };
    for (const letter of on) {
      const name = FLAG_NAMES[letter];
      if (name) flags[name] = true;
      else if (letter === 'L') throw regexError("bad inline flags: cannot use 'L' flag with a str pattern");
      else flags.ascii = false;
    }
    for (const letter of off) {
      const name = FLAG_NAMES[letter];
      if (name) flags[name] = false;
    }
    return flags;
  }

  private alternatives(): RegexNode {
    if (++this.depth > DEPTH_MAX) throw regexError('the expression is nested too deeply');
    const nodes = [this.sequence()];
    while (this.skip('|')) nodes.push(this.sequence());
    this.depth--;
    const [only] = nodes;
    return nodes.length === 1 && only ? only : { kind: 'alternatives', nodes };
  }

  private sequence(): RegexNode {
    const nodes: RegexNode[] = [];
    for (;;) {
      this.skipVerbose();
      const char = this.peek();
      if (char === '' || char === '|' || char === ')') break;
      const range = this.range();
      if (range) nodes.push(this.repeat(nodes.pop(), range));
      else {
        const atom = this.atom();
        if (atom) nodes.push(atom);
      }
    }
    const [only] = nodes;
    return nodes.length === 1 && only ? only : { kind: 'sequence', nodes };
  }

  private skipVerbose(): void {
    if (!this.flags.verbose) return;
    for (;;) {
      if (/^[ \t\n\r\f\v]$/.test(this.peek())) this.at++;
      else if (this.skip('#')) while (this.at < this.codes.length && this.take() !== '\n');
      else return;
    }
  }

  /** A node repeated: greedily, lazily (`?` after) or possessively (`+` after). */
  private repeat(node: RegexNode | undefined, { min, max }: { min: number; max: number }): RegexNode {
    if (!node || node.kind === 'anchor') throw regexError('nothing to repeat');
    if (node.kind === 'repeat' && !node.grouped) throw regexError('multiple repeat');
    const mode = this.skip('?') ? 'lazy' : this.skip('+') ? 'possessive' : 'greedy';
    return { kind: 'repeat', min, max, mode, node };
  }

  private range(): { min: number; max: number } | undefined {
    if (this.skip('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.skip('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.skip('?')) return { min: 0, max: 1 };
    if (this.peek() !== '{') return undefined;
    const start = this.at++;
    const low = this.digits();
    const comma = this.skip(',');
    const high = comma ? this.digits() : low;
    if (!this.skip('}') || (low === '' && !comma)) {
      this.at = start;
      return undefined;
    }
    const min = low === '' ? 0 : Number(low);
    const max = high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (min >= REPEAT_MAX || (Number.isFinite(max) && max >= REPEAT_MAX))
      throw new Failure('OverflowError', 'the repetition number is too large');
    if (max < min) throw regexError('min repeat greater than max repeat');
    return { min, max };
  }

  private digits(): string {
    let out = '';
    while (/^[0-9]$/.test(this.peek())) out += this.take();
    return out;
  }

  private atom(): RegexNode | undefined {
    const char = this.take();
    if (char === '.') return { kind: 'char', test: this.flags.dotAll ? () => true : (code) => code !== 10 };
    if (char === '^')
      return anchor(this.flags.multiline ? (codes, at) => at === 0 || codes[at - 1] === 10 : (_codes, at) => at === 0);
    if (char === '$') return anchor(endAnchor(this.flags.multiline));
    if (char === '(') return this.group();
    if (char === '[') return { kind: 'char', test: parseSet(this, this.flags, (test) => this.folded(test)) };
    if (char === '\\') return this.escape();
    return this.literal(char.codePointAt(0) ?? 0);
  }

  private literal(code: number): RegexNode {
    if (!this.flags.ignoreCase) return { kind: 'char', test: (other) => other === code };
    const folded = lower(code);
    return { kind: 'char', test: (other) => other === code || lower(other) === folded };
  }

  private folded(test: CharTest): CharTest {
    return this.flags.ignoreCase ? foldCase(test) : test;
  }

  private escape(): RegexNode {
    const word = CLASSES.w;
    const isWord = (this.flags.ascii ? word?.ascii : word?.unicode) ?? (() => false);
    if (this.skip('A')) return anchor((_codes, at) => at === 0);
    if (this.skip('Z')) return anchor((codes, at) => at === codes.length);
    if (this.skip('b')) return anchor((codes, at) => atWordEdge(codes, at, isWord));
    if (this.skip('B')) return anchor((codes, at) => !atWordEdge(codes, at, isWord) && codes.length > 0);
    const found = parseEscape(this, this.flags, false);
    if (found.kind === 'class') return { kind: 'char', test: found.test };
    if (found.kind === 'code') return this.literal(found.code);
    return this.reference(found.index);
  }

  private reference(index: number): RegexNode {
    if (index > this.groups) throw regexError(`invalid group reference ${index}`);
    if (this.open.has(index)) throw regexError('cannot refer to an open group');
    return { kind: 'reference', index, ignoreCase: this.flags.ignoreCase };
  }

  private group(): RegexNode | undefined {
    if (!this.skip('?')) return this.capture(undefined);
    if (this.skip('P<')) return this.capture(this.until('>'));
    if (this.skip('P=')) {
      const name = this.until(')');
      const index = this.names.get(name);
      if (index === undefined) throw regexError(`unknown group name '${name}'`);
      return this.reference(index);
    }
    if (this.skip(':')) return grouped(this.scoped());
    if (this.skip('#')) {
      this.until(')');
      return undefined;
    }
    if (this.skip('>')) return { kind: 'atomic', node: this.scoped() };
    if (this.skip('<=')) return this.look(true, false);
    if (this.skip('<!')) return this.look(true, true);
    if (this.skip('=')) return this.look(false, false);
    if (this.skip('!')) return this.look(false, true);
    if (this.skip('(')) return this.condition();
    return this.flagGroup();
  }

  private close(): void {
    if (!this.skip(')')) throw regexError('missing ), unterminated subpattern');
  }

  /** Flags that are set within a group end with it. */
  private scoped(flags: Flags = this.flags): RegexNode {
    const outer = this.flags;
    this.flags = flags;
    const node = this.alternatives();
    this.close();
    this.flags = outer;
    return node;
  }

  private capture(name: string | undefined): RegexNode {
    const index = ++this.groups;
    if (index > 1000) throw regexError('too many groups');
    if (name !== undefined) {
      if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) throw regexError(`bad character in group name '${name}'`);
      if (this.names.has(name)) throw regexError(`redefinition of group name '${name}'`);
      this.names.set(name, index);
    }
    this.open.add(index);
    const node = this.scoped();
    this.open.delete(index);
    return { kind: 'group', index, node };
  }

  private look(behind: boolean, negative: boolean): RegexNode {
    const node = this.scoped();
    if (!behind) return { kind: 'look', behind: undefined, negative, node };
    const [min, max] = widthOf(node);
    if (min !== max) throw regexError('look-behind requires fixed-width pattern');
    return { kind: 'look', behind: min, negative, node };
  }

  private condition(): RegexNode {
    const name = this.until(')');
    const index = /^\d+$/.test(name) ? Number(name) : this.names.get(name);
    if (index === undefined || index === 0) throw regexError(`bad group in condition '${name}'`);
    const yes = this.sequence();
    const no: RegexNode = this.skip('|') ? this.sequence() : { kind: 'sequence', nodes: [] };
    if (this.peek() === '|') throw regexError('conditional backref with more than two branches');
    this.close();
    this.conditions.push(index);
    return { kind: 'condition', index, yes, no };
  }

  private flagGroup(): RegexNode {
    let on = '';
    let off = '';
    while (/^[aiLmsux]$/.test(this.peek())) on += this.take();
    if (this.skip('-')) while (/^[imsx]$/.test(this.peek())) off += this.take();
    if (this.skip(':') && (on || off)) return grouped(this.scoped(this.withFlags(on, off)));
    if (on && !off && this.peek() === ')') throw regexError('global flags not at the start of the expression');
    throw regexError(`unknown extension ?${this.peek()}`);
  }
}

/** A part in brackets of its own may be repeated though it is a repetition, or an anchor, itself. */
function grouped(node: RegexNode): RegexNode {
  if (node.kind === 'repeat') return { ...node, grouped: true };
  return node.kind === 'anchor' ? { kind: 'sequence', nodes: [node] } : node;
}

const anchor = (holds: Anchor): RegexNode => ({ kind: 'anchor', holds });

function endAnchor(multiline: boolean): Anchor {
  if (multiline) return (codes, at) => at === codes.length || codes[at] === 10;
  return (codes, at) => at === codes.length || (at === codes.length - 1 && codes[at] === 10);
}
