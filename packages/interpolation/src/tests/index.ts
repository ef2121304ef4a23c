import { example } from '../filters/define.js';
import { isLower, isUpper } from '../methods/text-case.js';
import { arithmetic } from '../operations/arithmetic.js';
import { Attributed } from '../operations/attribute.js';
import { contains } from '../operations/contains.js';
import { equal } from '../operations/equality.js';
import { hashKey } from '../operations/hash-key.js';
import { elements } from '../operations/iterate.js';
import { lengthOrNone } from '../operations/length.js';
import { type OrderOperator, ordered } from '../operations/ordering.js';
import { text } from '../operations/text.js';
import { signature } from '../signature.js';
import { Callable } from '../values/callable.js';
import { DictView } from '../values/dict-view.js';
import { isFloat, isInt, isNumber } from '../values/float.js';
import { isMapping } from '../values/mapping.js';
import { isText, Markup, plain } from '../values/markup.js';
import { PySet } from '../values/set.js';
import { Undefined } from '../values/undefined.js';
import type { Example, Test } from '../word.js';

function test(
  name: string,
  parameters: string,
  summary: string,
  examples: readonly Example[],
  apply: Test['apply'],
  aliases: readonly string[] = [],
): Test {
  return { name, aliases, signature: signature(parameters), summary, examples, apply };
}

/** Whether a value is one of the words, by name. */
function isWord(words: ReadonlyMap<string, unknown>, name: unknown): boolean {
  hashKey(name);
  return isText(name) && words.has(plain(name));
}

function isSequence(value: unknown): boolean {
  return lengthOrNone(value) >= 0 && !(value instanceof DictView) && !(value instanceof PySet);
}

function sameAs(value: unknown, other: unknown): boolean {
  if (value instanceof Undefined || other instanceof Undefined) return value === other;
  return (
    value === other ||
    (isNumber(value) &&
      isNumber(other) &&
      isFloat(value) === isFloat(other) &&
      typeof value === typeof other &&
      equal(value, other))
  );
}

const isRest =
  (divisor: number, rest: number) =>
  ([value]: unknown[]) =>
    equal(arithmetic(value, '%', divisor), rest);
const isOrdered =
  (operator: OrderOperator) =>
  ([value, other]: unknown[]) =>
    ordered(value, operator, other);

/** All tests, for documentation. */
export const tests: readonly Test[] = [
  test(
    'defined',
    'value',
    'It is there.',
    [example('{{ record.x is defined }}', false, { record: {} })],
    ([value]) => !(value instanceof Undefined),
  ),
  test(
    'undefined',
    'value',
    'It is not there.',
    [example('{{ record.x is undefined }}', true, { record: {} })],
    ([value]) => value instanceof Undefined,
  ),
  test('none', 'value', 'It is none (null).', [example('{{ none is none }}', true)], ([value]) => value === null),
  test(
    'boolean',
    'value',
    'It is true or false.',
    [example('{{ 1 is boolean }}', false)],
    ([value]) => typeof value === 'boolean',
  ),
  test('true', 'value', 'It is true.', [example('{{ 1 is true }}', false)], ([value]) => value === true),
  test('false', 'value', 'It is false.', [example('{{ 0 is false }}', false)], ([value]) => value === false),
  test('integer', 'value', 'It is an int and no boolean.', [example('{{ 1.0 is integer }}', false)], ([value]) =>
    isInt(value),
  ),
  test('float', 'value', 'It is a float.', [example('{{ 1.0 is float }}', true)], ([value]) => isFloat(value)),
  test('number', 'value', 'It is a number; booleans are.', [example('{{ true is number }}', true)], ([value]) =>
    isNumber(value),
  ),
  test('string', 'value', 'It is text.', [example("{{ 'a' is string }}", true)], ([value]) => isText(value)),
  test('mapping', 'value', 'It is a dict.', [example('{{ {} is mapping }}', true)], ([value]) => isMapping(value)),
  test(
    'sequence',
    'value',
    'It has a length and elements: a list, text or dict.',
    [example('{{ [] is sequence }}', true)],
    ([value]) => isSequence(value),
  ),
  test(
    'iterable',
    'value',
    'A loop can go over it.',
    [example('{{ 1 is iterable }}', false)],
    ([value]) => elements(value) !== undefined,
  ),
  test(
    'callable',
    'value',
    'It can be called.',
    [example('{{ now_utc is callable }}', true)],
    ([value]) =>
      value instanceof Callable ||
      value instanceof Undefined ||
      (value instanceof Attributed && value.call !== undefined),
  ),
  test(
    'lower',
    'value',
    'Its text has lower case and no upper case.',
    [example("{{ 'a1' is lower }}", true)],
    ([value]) => isLower(text(value)),
  ),
  test(
    'upper',
    'value',
    'Its text has upper case and no lower case.',
    [example("{{ 'A1' is upper }}", true)],
    ([value]) => isUpper(text(value)),
  ),
  test('odd', 'value', 'It is odd.', [example('{{ 3 is odd }}', true)], isRest(2, 1)),
  test('even', 'value', 'It is even.', [example('{{ 3 is even }}', false)], isRest(2, 0)),
  test(
    'divisibleby',
    'value, num',
    'It can be divided by a number without rest.',
    [example('{{ 9 is divisibleby 3 }}', true)],
    ([value, divisor]) => equal(arithmetic(value, '%', divisor), 0),
  ),
  test(
    'in',
    'value, seq',
    'It is an element, a key or a part of the other.',
    [example('{{ 1 is in [1, 2] }}', true)],
    ([value, container]) => contains(container, value),
  ),
  test(
    'sameas',
    'value, other',
    'It is the very same object.',
    [example('{{ false is sameas false }}', true)],
    ([value, other]) => sameAs(value, other),
  ),
  test(
    'escaped',
    'value',
    'It is marked as safe HTML.',
    [example("{{ 'a' | safe is escaped }}", true)],
    ([value]) => value instanceof Markup,
  ),
  test(
    'filter',
    'value',
    'A filter of this name exists.',
    [example("{{ 'upper' is filter }}", true)],
    ([value], runtime) => isWord(runtime.filters, value),
  ),
  test('test', 'value', 'A test of this name exists.', [example("{{ 'odd' is test }}", true)], ([value], runtime) =>
    isWord(runtime.tests, value),
  ),
  test(
    'eq',
    'value, other',
    'It equals the other.',
    [example('{{ 1 is eq 1.0 }}', true)],
    ([value, other]) => equal(value, other),
    ['equalto', '=='],
  ),
  test(
    'ne',
    'value, other',
    'It does not equal the other.',
    [example('{{ 1 is ne 2 }}', true)],
    ([value, other]) => !equal(value, other),
    ['!='],
  ),
  test('lt', 'value, other', 'It is less than the other.', [example('{{ 1 is lt 2 }}', true)], isOrdered('<'), [
    'lessthan',
    '<',
  ]),
  test('le', 'value, other', 'It is at most the other.', [example('{{ 2 is le 2 }}', true)], isOrdered('<='), ['<=']),
  test('gt', 'value, other', 'It is greater than the other.', [example('{{ 2 is gt 1 }}', true)], isOrdered('>'), [
    'greaterthan',
    '>',
  ]),
  test('ge', 'value, other', 'It is at least the other.', [example('{{ 2 is ge 2 }}', true)], isOrdered('>='), ['>=']),
];

/** Tests by each of their names. */
export const TESTS: ReadonlyMap<string, Test> = new Map(
  tests.flatMap((word) => [word.name, ...(word.aliases ?? [])].map((name) => [name, word])),
);
