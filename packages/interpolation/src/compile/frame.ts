import { spend } from '../budget.js';
import type { Runtime } from '../runtime.js';
import type { Filter, Test } from '../word.js';

/** One evaluation under way: its variables, its output so far, and what words may use. */
export class Frame implements Runtime {
  /** Values of the variables by slot; undefined where there is none. */
  readonly vars: unknown[];
  autoescape = false;
  /** What has been put out into the innermost buffer. */
  out = '';
  /** Names that the top level has set, for blocks to read. */
  exports: Map<string, unknown> | undefined;
  /** Names that a scoped block may read besides. */
  locals: ReadonlyMap<string, unknown> | undefined;

  constructor(
    readonly context: Readonly<Record<string, unknown>>,
    slots: number,
    readonly clock: () => number,
    readonly globals: ReadonlyMap<string, unknown>,
    readonly filters: ReadonlyMap<string, Filter>,
    readonly tests: ReadonlyMap<string, Test>,
  ) {
    this.vars = new Array(slots);
  }

  write(text: string): void {
    spend(text.length + 1);
    this.out += text;
  }

  /** Runs a body and gives what it puts out. */
  capture(body: (frame: Frame) => void): string {
    const outer = this.out;
    this.out = '';
    try {
      body(this);
      return this.out;
    } finally {
      this.out = outer;
    }
  }

  /** A name from outside the template: the context's own properties, else a global function. */
  resolve(name: string): unknown {
    const local = this.locals?.get(name) ?? this.exports?.get(name);
    if (local !== undefined) return local;
    const key = ALIASES[name] ?? name;
    if (Object.hasOwn(this.context, key)) return this.context[key] ?? null;
    if (name === 'config') return {};
    return this.globals.get(name);
  }
}

/** Old names of the slice that manifests still use. */
export const ALIASES: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  stream_interval: 'stream_slice',
  stream_partition: 'stream_slice',
});

export type Evaluate = (frame: Frame) => unknown;
export type Run = (frame: Frame) => void;
