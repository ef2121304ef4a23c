import { compile, type Template, toText } from '@tidemark/interpolation';
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
  /** The value as text, as Python's `str` writes it: true is `True`, null is `None`. */
  text(scope?: Scope): string;
  /** Truth by the rules of conditions: empty, `False`, `0`, `{}`, `[]` and the like are false. */
  isTrue(scope?: Scope): boolean;
}

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
    return { source, isConstant: true, names: template.names, evaluate: () => value, text: () => text, isTrue: () => truth };
  }
  return {
    source,
    isConstant: false,
    names: template.names,
    evaluate: (scope) => template.evaluate(around(scope)),
    text: (scope) => toText(template.evaluate(around(scope))),
    isTrue: (scope) => template.evaluateBoolean(around(scope)),
  };
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
