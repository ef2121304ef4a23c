import { Failure } from '../error.js';
import { dumpJson } from '../formatting/json.js';
import { prettyPrint } from '../formatting/pretty.js';
import { intArgument } from '../methods/arguments.js';
import { parseIntText, toFloat, toInt } from '../operations/convert.js';
import { truth } from '../operations/truth.js';
import { isText, Markup, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import type { Filter } from '../word.js';
import { example, filter } from './define.js';

/** Tries to compute; gives undefined on one of the failures that Jinja forgives. */
function attempt<Result>(compute: () => Result, ...kinds: string[]): Result | undefined {
  try {
    return compute();
  } catch (failure) {
    if (failure instanceof Failure && kinds.includes(failure.kind)) return undefined;
    throw failure;
  }
}

function int([value, otherwise, base]: unknown[]): unknown {
  const found = attempt(
    () => {
      if (!isText(value)) return toInt(value);
      return parseIntText(plain(value), intArgument(base, 10));
    },
    'TypeError',
    'ValueError',
  );
  if (found !== undefined) return found;
  // So that '42.5' gives 42.
  return (
    attempt(() => toInt(toFloat(value)), 'TypeError', 'ValueError', 'OverflowError') ??
    (otherwise === undefined ? 0 : otherwise)
  );
}

function float([value, otherwise]: unknown[]): unknown {
  const found = attempt(() => toFloat(value), 'TypeError', 'ValueError');
  return found ?? (otherwise === undefined ? toFloat(0) : otherwise);
}

function orDefault([value, otherwise, boolean]: unknown[]): unknown {
  const missing = value instanceof Undefined || (boolean !== undefined && truth(boolean) && !truth(value));
  return missing ? (otherwise === undefined ? '' : otherwise) : value;
}

/** JSON that is safe within HTML. */
function toJson([value, indent]: unknown[]): Markup {
  const json = dumpJson(value, { sortKeys: true, indent });
  return new Markup(json.replace(/[<>&']/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`));
}

/** The reference's own `string`, which replaces Jinja's. */
function string([value]: unknown[]): unknown {
  return isText(value) ? value : `"""${dumpJson(value, {})}"""`;
}

export const convertFilters: readonly Filter[] = [
  filter(
    'int',
    'value, default=0, base=10',
    'The value as int; the default when it cannot be one.',
    [example("{{ '42.9' | int }}", 42), example("{{ 'x' | int(-1) }}", -1), example("{{ 'ff' | int(0, 16) }}", 255)],
    int,
  ),
  filter(
    'float',
    'value, default=0.0',
    'The value as float; the default when it cannot be one.',
    [example("{{ '1.50' | float }}", 1.5), example("{{ 'x' | float }}", 0)],
    float,
  ),
  filter(
    'string',
    'value',
    'Text as it is; anything else as JSON, quoted so that the result stays text.',
    [example('{{ 12 | string }}', '12'), example("{{ {'a': [1, none]} | string }}", '{"a": [1, null]}')],
    string,
  ),
  filter(
    'tojson',
    'value, indent=None',
    'The value as JSON with sorted keys, safe within HTML.',
    [example("{{ 'v: ' ~ {'b': 1, 'a': '<'} | tojson }}", 'v: {"a": "\\u003c", "b": 1}')],
    toJson,
  ),
  filter(
    'default',
    "value, default_value='', boolean=False",
    'Another value for an undefined one; with `true`, for any that counts as false.',
    [
      example("{{ record.x | default('none') }}", 'none', { record: {} }),
      example("{{ '' | default('empty', true) }}", 'empty'),
    ],
    orDefault,
    ['d'],
  ),
  filter(
    'pprint',
    'value',
    'The value laid out over several lines when it is long.',
    [example("{{ 'v: ' ~ {'b': 1, 'a': 2} | pprint }}", "v: {'a': 2, 'b': 1}")],
    ([value]) => prettyPrint(value),
  ),
];
