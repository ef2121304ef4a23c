import { compile, type LiteralType, type Template, toText } from '@tidemark/interpolation';
import type { Json, JsonObject } from '@tidemark/protocol';

/** The names that a template may read besides `config` and `parameters`. */
export type Scope = Record<string, unknown>;

/** A template of the manifest, bound to the configuration and the `$parameters` of its component. */
export interface Expression {
  readonly source: string;
  /** The same value whatever the scope: no template in it, or none that reads anything. */
  readonly isConstant: boolean;
  /** Free names that it reads. */
  readonly names: ReadonlySet<string>;
  /** The value after literal evaluation: `"{{ 1 + 1 }}"` is the number 2, a plain `"10"` the number 10. */
  evaluate(scope?: Scope): unknown;
  /** The value as text, as Python's `str` writes it: true is `True`, null is `None`, 1.50 is `1.5`; nothing at all is ''. */
  text(scope?: Scope): string;
  /**
   * The value where literal evaluation makes one of these types of it (a whole number is no `number`), else the text that was
   * put out. Null where the template puts out nothing.
   */
  evaluateAs(types: ValueType | readonly ValueType[], scope?: Scope): unknown;
  /**
   * As `evaluate` and `evaluateAs`, for a field that stands alone: nothing at all is '' and not null, and the use of something
   * undefined throws TemplateError.
   */
  value(scope?: Scope, type?: ValueType): unknown;
  /** Truth by the rules of conditions: empty, `False`, `0`, `{}`, `[]` and the like are false. */
  isTrue(scope?: Scope): boolean;
}

/** The types that a value can be asked for by `evaluateAs`. */
export type ValueType = 'string' | 'number' | 'integer' | 'boolean' | 'list';

const LITERAL_TYPES: Record<ValueType, LiteralType> = {
  string: 'str',
  number: 'float',
  integer: 'int',
  boolean: 'bool',
  list: 'list',
};

/** Where the configuration and the parameters of an expression come from. */
export interface ExpressionSite {
  readonly config: JsonObject;
  readonly parameters: JsonObject;
  readonly clock: () => number;
}

/** Compiles one template. */
export function expression(source: string, site: ExpressionSite): Expression {
  const template: Template = compile(source, { clock: site.clock });
  const { config, parameters } = site;
  const around = (scope: Scope | undefined): Scope =>
    scope ? { ...scope, config, parameters } : { config, parameters };
  const evaluateAs = (types: ValueType | readonly ValueType[], scope?: Scope) =>
    template.evaluate(around(scope), {
      types: (typeof types === 'string' ? [types] : types).map((type) => LITERAL_TYPES[type]),
    });
  const alone = (scope?: Scope, type?: ValueType) =>
    template.evaluate(around(scope), type ? { default: source, types: [LITERAL_TYPES[type]] } : { default: source });
  if (template.isConstant) {
    const value = template.evaluate({});
    const own = template.evaluate({}, { default: source });
    const text = textOf(template, {});
    const truth = template.evaluateBoolean({});
    return {
      source,
      isConstant: true,
      names: template.names,
      evaluate: () => value,
      text: () => text,
      evaluateAs,
      value: (scope, type) => (type ? alone(scope, type) : own),
      isTrue: () => truth,
    };
  }
  return {
    source,
    isConstant: false,
    names: template.names,
    evaluate: (scope) => template.evaluate(around(scope)),
    text: (scope) => textOf(template, around(scope)),
    evaluateAs,
    value: alone,
    isTrue: (scope) => template.evaluateBoolean(around(scope)),
  };
}

/** The value as `str` writes it. The template is its own default: nothing stays nothing, and what is undefined throws. */
function textOf(template: Template, context: Scope): string {
  const value = template.evaluate(context, { default: template.source });
  // A whole number may have been put out as 1.0, which `str` writes again.
  if (typeof value === 'number' && Number.isInteger(value) && /[.eE]/.test(template.evaluateString(context)))
    return floatText(value);
  return toText(value);
}

function floatText(whole: number): string {
  return Math.abs(whole) < 1e16 ? whole.toFixed(1) : toText(whole);
}

/** A JSON value with templates in its strings (and keys), evaluated as a whole. */
export type DeepExpression = (scope?: Scope) => Json;

/** Compiles every string of a JSON value, keys too. */
export function deepExpression(value: Json | undefined, site: ExpressionSite): DeepExpression {
  if (typeof value === 'string') {
    const compiled = expression(value, site);
    return (scope) => compiled.evaluate(scope) as Json;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => deepExpression(item, site));
    return (scope) => items.map((item) => item(scope));
  }
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) !== null && !isPlain(value))
    return () => value;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as JsonObject).map(
      ([key, item]) => [expression(key, site), deepExpression(item, site)] as const,
    );
    return (scope) => {
      const result: JsonObject = {};
      for (const [key, item] of entries) result[key.text(scope)] = item(scope);
      return result;
    };
  }
  return () => value ?? null;
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}
