import { resetBudget } from './budget.js';
import { type Code, compileCode } from './compile/code.js';
import type { Frame } from './compile/frame.js';
import { Failure, TemplateError } from './error.js';
import { copyLiteral, evaluateLiteral, type LiteralType } from './literal/evaluate-literal.js';
import { NO_LITERAL } from './literal/literal.js';
import { text } from './operations/text.js';

/** What a template reads its names from. Only own properties of plain objects are seen. */
export type Context = Readonly<Record<string, unknown>>;

export interface EvaluateOptions {
  /**
   * A template to evaluate instead when the result is empty or something undefined was used. Without it the result is
   * null.
   */
  default?: string;
  /** Python types that the result may be read as; anything else stays text. Without it any type will do. */
  types?: readonly LiteralType[];
}

export interface CompileOptions {
  /** Now, in milliseconds since 1970. `Date.now` when there is none. */
  clock?: () => number;
}

/** What counts as false besides Python's own false values (InterpolatedBoolean's rule). */
const FALSE_TEXTS = new Set(['False', 'false', '{}', '[]', '()', '', '0', '0.0']);

/** A compiled template. What it evaluates to hangs on its context alone; it can be evaluated any number of times. */
export class Template {
  private constantValue: { value: unknown } | undefined;

  /** @internal Use `compile`. */
  constructor(
    /** The text that it was compiled from. */
    readonly source: string,
    private readonly code: Code,
    private readonly clock: () => number,
  ) {}

  /** Whether it has no tags, so that it evaluates to the same in any context. */
  get isConstant(): boolean {
    return this.code.constant !== undefined;
  }

  /** The names that it reads from the context, in its own spelling (`stream_partition` stands for `stream_slice`). */
  get names(): ReadonlySet<string> {
    return this.code.names;
  }

  /**
   * Evaluates to a plain value: what the template puts out, read as a Python literal when it is one
   * (`JinjaInterpolation.eval`).
   * An empty result, or the use of something undefined, gives the default, or null. Where Python would raise a
   * TypeError
   * the result is the template's own text: the reference has it so. Throws a `TemplateError` for any other failure, and
   * when a name that the template reads is not in the context.
   */
  evaluate(context: Context, options?: EvaluateOptions): unknown {
    if (options) return this.evaluateWith(context, options);
    if (this.constantValue) return this.constantValue.value;
    resetBudget();
    try {
      const value = this.attempt(context);
      const result = value === EMPTY ? null : value;
      // A constant that is an object is made anew each time: its taker may change it.
      if (this.code.constant !== undefined && typeof result !== 'object') this.constantValue = { value: result };
      return result;
    } catch (failure) {
      throw this.errorOf(failure);
    }
  }

  private evaluateWith(context: Context, { default: otherwise, types }: EvaluateOptions): unknown {
    resetBudget();
    try {
      const value = types ? this.attemptText(context, types) : this.attempt(context);
      if (value !== EMPTY) return value;
      if (otherwise === undefined) return null;
      const fallback = compile(otherwise, { clock: this.clock });
      return evaluateLiteral(fallback.render(context), types);
    } catch (failure) {
      throw this.errorOf(failure);
    }
  }

  /** Evaluates to text: what the template puts out, not read as a literal; empty when something undefined was used. */
  evaluateString(context: Context): string {
    resetBudget();
    try {
      return this.renderDefined(context);
    } catch (failure) {
      throw this.errorOf(failure);
    }
  }

  /**
   * Evaluates to a boolean, by InterpolatedBoolean's rule: false is what Python takes as false, and the texts `False`,
   * `false`, `{}`, `[]`, `()`, `0` and `0.0`. Nothing at all is false.
   */
  evaluateBoolean(context: Context): boolean {
    const value = this.evaluate(context);
    if (typeof value === 'string') return !FALSE_TEXTS.has(value);
    if (typeof value !== 'object') return Boolean(value);
    return value !== null && Object.keys(value).length > 0;
  }

  /** The value, or EMPTY where the default comes in. */
  private attempt(context: Context): unknown {
    const { single } = this.code;
    if (!single) return this.attemptText(context, undefined);
    try {
      const frame = this.begin(context);
      this.code.enter(frame);
      return literalOf(single(frame));
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      if (failure.kind === 'UndefinedError') return EMPTY;
      if (failure.kind === 'TypeError') return evaluateLiteral(this.source);
      throw failure;
    }
  }

  private attemptText(context: Context, types: readonly LiteralType[] | undefined): unknown {
    const out = this.renderDefined(context);
    return out === '' ? EMPTY : evaluateLiteral(out, types);
  }

  private renderDefined(context: Context): string {
    try {
      return this.render(context);
    } catch (failure) {
      if (failure instanceof Failure && failure.kind === 'UndefinedError') return '';
      throw failure;
    }
  }

  /** What the template puts out. A TypeError makes it the template's own text. */
  private render(context: Context): string {
    try {
      const frame = this.begin(context);
      if (this.code.constant !== undefined) return this.code.constant;
      this.code.enter(frame);
      this.code.run(frame);
      return frame.out;
    } catch (failure) {
      if (failure instanceof Failure && failure.kind === 'TypeError') return this.source;
      throw failure;
    }
  }

  /** Starts an evaluation: checks the names first, as the reference does. */
  private begin(context: Context): Frame {
    const { code } = this;
    if (code.readsState) {
      const message = '`stream_state` is no longer supported for interpolation. Use `stream_interval` instead.';
      throw new Failure('UnsupportedVariable', message);
    }
    if (Object.hasOwn(context, 'stream_interval') || Object.hasOwn(context, 'stream_partition')) {
      throw new Failure(
        'ValueError',
        'the context must not have the reserved names stream_interval and stream_partition',
      );
    }
    for (const { name, key } of code.needed) {
      if (Object.hasOwn(context, key)) continue;
      const given = Object.keys(context).join(', ');
      throw new Failure(
        'UndeclaredVariables',
        `the template reads '${name}', which it has not been given (it has: ${given})`,
      );
    }
    return code.newFrame(context, this.clock);
  }

  /** A failure as the error that leaves the package. */
  private errorOf(failure: unknown): unknown {
    if (failure instanceof Failure) return new TemplateError(failure.kind, failure.message, this.source);
    // The stack's end: a macro that calls itself without end, or a value nested without end.
    if (failure instanceof RangeError) {
      return new TemplateError('RecursionError', 'the template was stopped: it recurses too deeply', this.source);
    }
    return failure;
  }
}

const EMPTY: unique symbol = Symbol('empty');

/** A single expression's value as if it had been printed and read back. */
function literalOf(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? EMPTY : evaluateLiteral(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'boolean' || value === null) return value;
  const copy = copyLiteral(value);
  if (copy !== NO_LITERAL) return copy;
  const out = text(value);
  return out === '' ? EMPTY : evaluateLiteral(out);
}

/**
 * Compiled templates by their text. Manifests have some hundred; the bound is for texts that are made up as one goes.
 */
const CACHE_MAX = 5000;
const cache = new Map<string, Code>();
const systemClock = () => Date.now();

/**
 * Compiles a template, once per text. Throws a `TemplateError` of kind `TemplateSyntaxError` for bad syntax and for
 * filters and tests that do not exist.
 */
export function compile(template: string, options?: CompileOptions): Template {
  let code = cache.get(template);
  if (!code) {
    code = compileCode(template);
    if (cache.size >= CACHE_MAX) cache.delete(cache.keys().next().value as string);
    cache.set(template, code);
  }
  return new Template(template, code, options?.clock ?? systemClock);
}

/**
 * Evaluates a template in a context, as `compile(template).evaluate(context)`. Throws a `TemplateError` where the
 * reference fails.
 */
export function interpolate(template: string, context: Context): unknown {
  return compile(template).evaluate(context);
}
