import type { Filter, Test } from '../word.js';
import type { Evaluate, Frame, Run } from './frame.js';
import { type Load, type Slot, type Slots, Symbols } from './symbols.js';

/** What the whole template's compilation shares. */
export interface Unit {
  template: string;
  slots: Slots;
  filters: ReadonlyMap<string, Filter>;
  tests: ReadonlyMap<string, Test>;
  globals: ReadonlyMap<string, unknown>;
  /** Names that are read from the context. */
  free: Set<string>;
  blocks: Map<string, Run>;
  /** Whether what the top level sets must be kept for blocks. */
  hasBlocks: boolean;
  /** Whether unknown filters and tests may pass: they are told of elsewhere. */
  lenient?: boolean;
}

/** Where in the template the compiler stands. */
export class Scope {
  constructor(
    readonly unit: Unit,
    readonly symbols: Symbols,
    readonly toplevel = false,
    /** Within an `if` or inline condition, where an unknown word only fails when it is reached. */
    readonly soft = false,
    /**
     * Within an expression that Jinja computes when it compiles: there a slice of what has none is undefined, no
     * error.
     */
    readonly folded = false,
  ) {}

  inner(): Scope {
    return new Scope(this.unit, new Symbols(this.unit.slots, this.symbols));
  }

  softened(): Scope {
    return this.soft ? this : new Scope(this.unit, this.symbols, this.toplevel, true, this.folded);
  }

  folding(): Scope {
    return new Scope(this.unit, this.symbols, this.toplevel, this.soft, true);
  }

  slot(name: string): Slot {
    const slot = this.symbols.find(name);
    if (!slot) throw new Error(`the name '${name}' was not analysed`);
    return slot;
  }

  /** What is done on entering the scope: each of its variables gets its first value. Notes the free names. */
  enter(): Run {
    const steps: ((frame: Frame) => void)[] = [];
    for (const [slot, load] of this.symbols.loads) {
      const step = this.initializer(slot, load);
      if (step) steps.push(step);
    }
    const [first, second] = steps;
    if (!first) return () => {};
    if (!second) return first;
    return (frame) => {
      for (const step of steps) step(frame);
    };
  }

  private initializer({ index, name }: Slot, load: Load): Run | undefined {
    if (load.from === 'argument') return undefined;
    if (load.from === 'outer') {
      const { index: outer } = load.slot;
      return (frame) => {
        frame.vars[index] = frame.vars[outer];
      };
    }
    if (load.from === 'nothing') {
      return (frame) => {
        frame.vars[index] = undefined;
      };
    }
    if (!this.unit.globals.has(name)) this.unit.free.add(name);
    return (frame) => {
      frame.vars[index] = frame.resolve(name);
    };
  }
}

export type { Evaluate, Run };
