import { spend } from '../budget.js';
import { lower } from './classes.js';
import type { Program, Step } from './program.js';

const NONE = -1;
/** No way is left. */
const EXHAUSTED = -2;
/** A way that is taken as it stands; a run of characters notes how far it may go instead. */
const PLAIN = -1;
/** Steps that are paid for at once. */
const BATCH = 256;

type Of<Op extends Step['op']> = Extract<Step, { op: Op }>;

/**
 * Runs a compiled pattern against a text, with backtracking, as Python does: the same alternatives in the same order,
 * so the same groups. What makes it safe where `RegExp` is not: the way back is kept on a list of its own, so no text
 * exhausts the stack, and every step is paid for out of the evaluation's budget, so a catastrophic pattern
 * (`(a+)+$`) ends in an error after a fraction of a second, whatever the pattern and the text.
 */
export class Matcher {
  readonly registers: number[];
  /** Changes of registers, to be undone on the way back: register and old value, alternately. */
  private readonly trail: number[] = [];
  private steps = 0;
  private from = 0;
  private mustAdvance = false;
  /** Where the text is read after a step. */
  private place = 0;

  constructor(
    private readonly program: Program,
    private readonly codes: ArrayLike<number>,
  ) {
    this.registers = new Array(program.registers).fill(NONE);
  }

  /** Matches at one place. With `mustAdvance` an empty match does not count. */
  matchAt(from: number, mustAdvance: boolean): boolean {
    this.undo(0);
    this.from = from;
    this.mustAdvance = mustAdvance;
    return this.run(this.program.steps, from, true) !== NONE;
  }

  private set(register: number, value: number): void {
    this.trail.push(register, this.registers[register] ?? NONE);
    this.registers[register] = value;
  }

  private undo(length: number): void {
    const { trail, registers } = this;
    while (trail.length > length) {
      const old = trail.pop() ?? NONE;
      registers[trail.pop() ?? 0] = old;
    }
  }

  private pay(): void {
    if (++this.steps % BATCH === 0) spend(BATCH);
  }

  /** Runs steps from a place in the text; gives where the match ends, or NONE. */
  private run(steps: readonly Step[], start: number, whole: boolean): number {
    /** Ways not taken yet: step, place in the text, length of the trail, bound of a run. */
    const ways: number[] = [];
    const base = this.trail.length;
    let index = 0;
    this.place = start;
    for (;;) {
      this.pay();
      const step = steps[index] as Step;
      if (step.op === 'match' && !(whole && this.mustAdvance && this.place === this.from)) return this.place;
      let next = step.op === 'match' ? NONE : this.step(step, index, this.place, ways);
      while (next === NONE) next = this.back(steps, ways);
      if (next === EXHAUSTED) {
        this.undo(base);
        return NONE;
      }
      index = next;
    }
  }

  /** Takes the last way that was left; gives its step, NONE when it leads nowhere, EXHAUSTED when there is none. */
  private back(steps: readonly Step[], ways: number[]): number {
    if (ways.length === 0) return EXHAUSTED;
    const bound = ways.pop() ?? PLAIN;
    this.undo(ways.pop() ?? 0);
    this.place = ways.pop() ?? 0;
    const index = ways.pop() ?? 0;
    return bound === PLAIN ? index : this.resume(steps[index] as Of<'run'>, index, this.place, bound, ways);
  }

  /** Does one step; gives the next one, or NONE when it fails. */
  private step(step: Step, index: number, at: number, ways: number[]): number {
    switch (step.op) {
      case 'char':
        if (at >= this.codes.length || !step.test(this.codes[at] ?? 0)) return NONE;
        this.place = at + 1;
        return index + 1;
      case 'run':
        return this.startRun(step, index, at, ways);
      case 'anchor':
        return step.holds(this.codes, at) ? index + 1 : NONE;
      case 'split':
        ways.push(step.second, at, this.trail.length, PLAIN);
        return step.first;
      case 'jump':
        return step.to;
      case 'save':
        this.set(step.register, at);
        return index + 1;
      case 'start-loop':
        this.set(step.count, NONE);
        this.set(step.last, NONE);
        return index + 1;
      case 'loop':
        return this.loop(step, index, at, ways);
      case 'condition':
        return (this.registers[step.index * 2 + 1] ?? NONE) >= 0 ? index + 1 : step.no;
      case 'reference':
        return this.reference(step, at) ? index + 1 : NONE;
      case 'look':
        return this.look(step, at) ? index + 1 : NONE;
      case 'atomic':
        this.place = this.run(step.program, at, false);
        return this.place === NONE ? NONE : index + 1;
      default:
        return NONE;
    }
  }

  /** One character repeated: as many as there are, or, when lazy, as few as must be. */
  private startRun(step: Of<'run'>, index: number, at: number, ways: number[]): number {
    const lazy = step.mode === 'lazy';
    const limit = Math.min(this.codes.length, at + (lazy ? step.min : step.max));
    let end = at;
    while (end < limit && step.test(this.codes[end] ?? 0)) {
      end++;
      this.pay();
    }
    if (end - at < step.min) return NONE;
    this.place = end;
    if (step.mode === 'greedy' && end > at + step.min) ways.push(index, end, this.trail.length, at + step.min);
    if (lazy && step.max > step.min) ways.push(index, end, this.trail.length, at + step.max);
    return index + 1;
  }

  /** Goes on with a run: with one character less, or, when lazy, with one more. */
  private resume(step: Of<'run'>, index: number, at: number, bound: number, ways: number[]): number {
    if (step.mode === 'greedy') {
      this.place = at - 1;
      if (this.place > bound) ways.push(index, this.place, this.trail.length, bound);
      return index + 1;
    }
    if (at >= bound || at >= this.codes.length || !step.test(this.codes[at] ?? 0)) return NONE;
    this.place = at + 1;
    ways.push(index, this.place, this.trail.length, bound);
    return index + 1;
  }

  private loop(step: Of<'loop'>, index: number, at: number, ways: number[]): number {
    const count = (this.registers[step.count] ?? NONE) + 1;
    const last = this.registers[step.last] ?? NONE;
    this.set(step.count, count);
    if (count < step.min) {
      this.set(step.last, at);
      return step.body;
    }
    // A turn that matched nothing is not taken again: it would match nothing for ever.
    if (count >= step.max || last === at) return index + 1;
    if (step.greedy) {
      ways.push(index + 1, at, this.trail.length, PLAIN);
      this.set(step.last, at);
      return step.body;
    }
    this.set(step.last, at);
    ways.push(step.body, at, this.trail.length, PLAIN);
    return index + 1;
  }

  private reference({ index, ignoreCase }: Of<'reference'>, at: number): boolean {
    const start = this.registers[index * 2] ?? NONE;
    const end = this.registers[index * 2 + 1] ?? NONE;
    if (start < 0 || end < start) return false;
    for (let i = start; i < end; i++) {
      const mine = this.codes[at + i - start] ?? NONE;
      const theirs = this.codes[i] ?? NONE;
      this.pay();
      if (mine !== theirs && !(ignoreCase && mine >= 0 && lower(mine) === lower(theirs))) return false;
    }
    this.place = at + end - start;
    return true;
  }

  private look(step: Of<'look'>, at: number): boolean {
    const mark = this.trail.length;
    const start = step.behind >= 0 ? at - step.behind : at;
    const found = start >= 0 && this.run(step.program, start, false) !== NONE;
    this.place = at;
    if (step.negative) this.undo(mark);
    return found !== step.negative;
  }
}
