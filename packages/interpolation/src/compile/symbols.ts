/** A variable of a scope: where the frame keeps its value. */
export interface Slot {
  index: number;
  name: string;
}

/**
 * How a scope's variable gets its first value: from the context, from an outer scope's, from an argument, or not at
 * all.
 */
export type Load = { from: 'context' } | { from: 'outer'; slot: Slot } | { from: 'argument' } | { from: 'nothing' };

/** Hands out places in the frame. */
export class Slots {
  count = 0;
  take(name: string): Slot {
    return { index: this.count++, name };
  }
}

/**
 * The names of one scope, by Jinja's rules, which decide what a template sees: a name that is read before or without
 * being set comes from the context; one that is set is the scope's own from its start, taken over from the outer scope
 * when that knows it. A name that only some branch of an `if` sets comes from the context too (so it must be there).
 */
export class Symbols {
  readonly stores = new Set<string>();
  readonly loads = new Map<Slot, Load>();
  private readonly refs = new Map<string, Slot>();

  constructor(
    private readonly slots: Slots,
    readonly parent?: Symbols,
    /** Slots by name: branches of an `if` share them, so that a name has one place whichever branch sets it. */
    private readonly own: Map<string, Slot> = new Map(),
  ) {}

  /** A copy for a branch of an `if`. */
  branch(): Symbols {
    const copy = new Symbols(this.slots, this.parent, this.own);
    for (const name of this.stores) copy.stores.add(name);
    for (const [name, slot] of this.refs) copy.refs.set(name, slot);
    for (const [slot, load] of this.loads) copy.loads.set(slot, load);
    return copy;
  }

  find(name: string): Slot | undefined {
    return this.refs.get(name) ?? this.parent?.find(name);
  }

  findLoad(slot: Slot): Load | undefined {
    return this.loads.get(slot) ?? this.parent?.findLoad(slot);
  }

  private define(name: string, load: Load): Slot {
    let slot = this.own.get(name);
    if (!slot) {
      slot = this.slots.take(name);
      this.own.set(name, slot);
    }
    this.refs.set(name, slot);
    this.loads.set(slot, load);
    return slot;
  }

  load(name: string): void {
    if (!this.find(name)) this.define(name, { from: 'context' });
  }

  store(name: string): void {
    this.stores.add(name);
    if (this.refs.has(name)) return;
    const outer = this.parent?.find(name);
    this.define(name, outer ? { from: 'outer', slot: outer } : { from: 'nothing' });
  }

  parameter(name: string): Slot {
    this.stores.add(name);
    return this.define(name, { from: 'argument' });
  }

  /** Takes in the branches of an `if`. */
  merge(branches: readonly Symbols[]): void {
    const fresh = new Set<string>();
    for (const branch of branches) for (const name of branch.stores) if (!this.stores.has(name)) fresh.add(name);
    for (const branch of branches) {
      for (const [name, slot] of branch.refs) this.refs.set(name, slot);
      for (const [slot, load] of branch.loads) this.loads.set(slot, load);
      for (const name of branch.stores) this.stores.add(name);
    }
    for (const name of fresh) {
      const slot = this.find(name);
      const outer = this.parent?.find(name);
      if (slot) this.loads.set(slot, outer ? { from: 'outer', slot: outer } : { from: 'context' });
    }
  }

  /** The names that this scope and the outer ones have set, innermost first. */
  stored(): Map<string, Slot> {
    const found = new Map<string, Slot>();
    for (let symbols: Symbols | undefined = this; symbols; symbols = symbols.parent) {
      for (const name of symbols.stores) {
        const slot = this.find(name);
        if (slot && !found.has(name)) found.set(name, slot);
      }
    }
    return found;
  }
}
