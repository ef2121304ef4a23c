import { spend, spendSize } from '../budget.js';
import { hasSurrogates } from '../operations/code-points.js';
import { Matcher } from './matcher.js';
import { parseRegex } from './parse.js';
import { compileProgram, type Program } from './program.js';
import { parseReplacement } from './replacement.js';

/** A match: its groups as text; undefined for a group that took no part. */
export interface Match {
  start: number;
  end: number;
  group(index: number): string | undefined;
}

/** A text as code points. */
interface Subject {
  codes: ArrayLike<number>;
  slice(start: number, end: number): string;
}

function subjectOf(text: string): Subject {
  if (!hasSurrogates(text)) {
    const codes = new Uint16Array(text.length);
    for (let i = 0; i < text.length; i++) codes[i] = text.charCodeAt(i);
    return { codes, slice: (start, end) => text.slice(start, end) };
  }
  const chars = Array.from(text);
  return {
    codes: chars.map((char) => char.codePointAt(0) ?? 0),
    slice: (start, end) => chars.slice(start, end).join(''),
  };
}

/** A regular expression in Python's dialect. Matching it spends the evaluation's budget. */
export class PythonRegex {
  constructor(private readonly program: Program) {}

  get groups(): number {
    return this.program.groups;
  }

  /** The first match, as `re.search` finds it. */
  search(text: string): Match | undefined {
    const subject = subjectOf(text);
    return this.find(new Matcher(this.program, subject.codes), subject, 0, false);
  }

  private find(matcher: Matcher, subject: Subject, from: number, mustAdvance: boolean): Match | undefined {
    for (let at = from; at <= subject.codes.length; at++) {
      if (!matcher.matchAt(at, mustAdvance && at === from)) continue;
      const registers = matcher.registers.slice();
      const [start = 0, end = 0] = registers;
      return {
        start,
        end,
        group: (index) => {
          const first = registers[index * 2] ?? -1;
          const last = registers[index * 2 + 1] ?? -1;
          return first < 0 || last < 0 ? undefined : subject.slice(first, last);
        },
      };
    }
    return undefined;
  }

  /** Every match replaced, as `re.sub` does it. */
  replace(text: string, replacement: string): string {
    const fill = parseReplacement(replacement, this.program.groups, this.program.names);
    const subject = subjectOf(text);
    const matcher = new Matcher(this.program, subject.codes);
    let out = '';
    let at = 0;
    let mustAdvance = false;
    let copied = 0;
    for (;;) {
      const match = this.find(matcher, subject, at, mustAdvance);
      if (!match) break;
      const filled = fill(match);
      out += subject.slice(copied, match.start) + filled;
      spendSize(out.length > 1000 ? filled.length + match.start - copied + 1 : 1);
      copied = match.end;
      at = match.end;
      // After an empty match the next one must not be empty at the same place.
      mustAdvance = match.end === match.start;
      if (at > subject.codes.length) break;
    }
    return out + subject.slice(copied, subject.codes.length);
  }
}

/** What compiling a pattern costs, and each of its characters. */
const COMPILE_UNITS = 20;
const CACHE_MAX = 500;
const cache = new Map<string, PythonRegex>();

/** Compiles a pattern once. Throws a RegexError for one that Python would refuse. */
export function compileRegex(pattern: string): PythonRegex {
  let regex = cache.get(pattern);
  if (!regex) {
    spend(COMPILE_UNITS + pattern.length * COMPILE_UNITS);
    regex = new PythonRegex(compileProgram(parseRegex(pattern)));
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(pattern, regex);
  }
  return regex;
}
