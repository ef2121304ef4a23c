import { TemplateError } from './error.js';
import type { LiteralType } from './literal/evaluate-literal.js';
import { type CompileOptions, type Context, compile } from './template.js';

/** A compiled piece of a manifest: a function of the context. */
export type Evaluator<Value> = (context: Context) => Value;

/**
 * A text of a manifest (InterpolatedString). An empty result is not null but the default, which is the text itself when
 * none is given; so `{{ record.missing }}` gives an empty text, and using something undefined fails.
 */
export function compileString(
  template: string,
  options: CompileOptions & { default?: string } = {},
): Evaluator<unknown> {
  const compiled = compile(template, options);
  const fallback = options.default || template;
  if (compiled.isConstant) return constantEvaluator(() => compiled.evaluate({}, { default: fallback }));
  return (context) => compiled.evaluate(context, { default: fallback });
}

/** A constant is computed once, but not before it is needed (it may be one that fails); objects are made anew. */
function constantEvaluator(compute: () => unknown): Evaluator<unknown> {
  let known: { value: unknown } | undefined;
  return () => {
    if (known) return known.value;
    const value = compute();
    if (typeof value !== 'object' || value === null) known = { value };
    return value;
  };
}

export interface MappingOptions extends CompileOptions {
  /** What a key may be read as; text alone when this is missing. */
  keyTypes?: readonly LiteralType[];
  /** What a value may be read as; anything when this is missing. */
  valueTypes?: readonly LiteralType[];
}

/**
 * A dict of a manifest whose keys and values are templates (InterpolatedMapping). Values that are no text stay as they
 * are.
 */
export function compileMapping(
  mapping: Readonly<Record<string, unknown>>,
  options: MappingOptions = {},
): Evaluator<Record<string, unknown>> {
  const entries = Object.entries(mapping).map(([name, value]) => ({
    key: compile(name, options),
    value: typeof value === 'string' ? compile(value, options) : undefined,
    constant: value,
  }));
  const keyTypes = options.keyTypes ?? ['str'];
  const { valueTypes } = options;
  return (context) => {
    const result = entries.map(({ key, value, constant }) => [
      key.evaluate(context, { types: keyTypes }),
      value ? value.evaluate(context, valueTypes ? { types: valueTypes } : undefined) : constant,
    ]);
    return Object.fromEntries(result) as Record<string, unknown>;
  };
}

/**
 * A tree of dicts and lists whose keys and texts are templates (InterpolatedNestedMapping). Entries of a dict that come
 * out as null are left out.
 */
export function compileNested(value: unknown, options: CompileOptions = {}): Evaluator<unknown> {
  if (typeof value === 'string') {
    const compiled = compile(value, options);
    return (context) => compiled.evaluate(context);
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => compileNested(item, options));
    return (context) => items.map((item) => item(context));
  }
  if (typeof value !== 'object' || value === null) return () => value;
  const entries = Object.entries(value).map(
    ([key, item]) => [compileNested(key, options), compileNested(item, options)] as const,
  );
  return (context) => {
    const result = entries.map(([key, item]) => [keyText(key(context)), item(context)] as const);
    return Object.fromEntries(result.filter(([, item]) => item !== null && item !== undefined));
  };
}

/** A key as JSON has it. Lists and dicts are no keys: in Python they cannot be hashed. */
function keyText(key: unknown): string {
  if (typeof key === 'object' && key !== null) throw new TemplateError('TypeError', 'a list or dict cannot be a key');
  return String(key);
}
