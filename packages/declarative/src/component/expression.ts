import { compile, type Template, toText } from '@tidemark/interpolation';
import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';

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
  /** The value as text, as Python's `str` writes it: true is `True`, null is `None`. */
  text(scope?: Scope): string;
  /** The value where literal evaluation makes one of this type of it (a whole number is no `number`), the text otherwise. */
  evaluateAs(type: ScalarType, scope?: Scope): unknown;
  /** Truth by the rules of conditions: empty, `False`, `0`, `{}`, `[]` and the like are false. */
  isTrue(scope?: Scope): boolean;
}

/** The types that a value can be asked for by `evaluateAs`. */
export type ScalarType = 'string' | 'number' | 'integer' | 'boolean';

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
  const around = (scope: Scope | undefined): Scope => (scope ? { ...scope, config, parameters } : { config, parameters });
  if (template.isConstant) {
    const value = template.evaluate({});
    const text = toText(value);
    const truth = template.evaluateBoolean({});
    return {
      source,
      isConstant: true,
      names: template.names,
      evaluate: () => value,
      text: () => text,
      evaluateAs: (type) => asType(type, value, text),
      isTrue: () => truth,
    };
  }
  return {
    source,
    isConstant: false,
    names: template.names,
    evaluate: (scope) => template.evaluate(around(scope)),
    text: (scope) => toText(template.evaluate(around(scope))),
    evaluateAs: (type, scope) => {
      const value = template.evaluate(around(scope));
      return asType(type, value, toText(value));
    },
    isTrue: (scope) => template.evaluateBoolean(around(scope)),
  };
}

/** The value when it is of the type, the text when it is not: as Python has it, where true is an integer and 3 is no float. */
function asType(type: ScalarType, value: unknown, text: string): unknown {
  if (type === 'boolean') return typeof value === 'boolean' ? value : text;
  if (type === 'string') return typeof value === 'string' ? value : text;
  const isWhole = /^[+-]?\d+$/.test(text.trim());
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || Decimal.is(value);
  if (type === 'integer') return typeof value === 'boolean' || (isNumber && isWhole) ? value : text;
  return isNumber && !isWhole ? value : text;
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
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) !== null && !isPlain(value)) return () => value;
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
