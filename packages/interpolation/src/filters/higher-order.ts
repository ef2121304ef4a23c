import { spend, spendCall } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { findAttribute, getAttribute, missing } from '../operations/attribute.js';
import { hashKey } from '../operations/hash-key.js';
import { iterate } from '../operations/iterate.js';
import { text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import type { Runtime } from '../runtime.js';
import { suggest } from '../suggest.js';
import type { Keywords } from '../values/callable.js';
import type { Lazy } from '../values/lazy.js';
import { isText, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import type { Filter, Word } from '../word.js';
import { attributePath } from './attribute-path.js';
import { example, filter } from './define.js';
import { generator } from './lazy.js';

/** A filter or test that is named by a value. */
function wordNamed(words: ReadonlyMap<string, Word>, kind: string, name: unknown): Word {
  hashKey(name);
  const word = isText(name) ? words.get(plain(name)) : undefined;
  if (word) return word;
  throw new Failure(
    'TemplateRuntimeError',
    `No ${kind} named '${text(name)}'${isText(name) ? suggest(plain(name), words.keys()) : ''}.`,
  );
}

function applyNamed(word: Word, item: unknown, args: unknown[], keywords: Keywords, runtime: Runtime): unknown {
  spendCall(typeof item === 'string' ? item.length : 0);
  return word.apply(word.signature.bind(word.name, [item, ...args], keywords.size ? keywords : undefined), runtime);
}

function map([value, rest, named]: unknown[], runtime: Runtime): Lazy {
  const args = rest as unknown[];
  const keywords = named as Keywords;
  return generator('sync_do_map', function* () {
    if (!truth(value)) return;
    const apply =
      args.length === 0 && keywords.has('attribute') ? mapAttribute(keywords) : mapFilter(args, keywords, runtime);
    for (const item of iterate(value)) {
      spend(1);
      yield apply(item);
    }
  });
}

function mapAttribute(keywords: Keywords): (item: unknown) => unknown {
  for (const name of keywords.keys()) {
    if (name !== 'attribute' && name !== 'default')
      throw new Failure('FilterArgumentError', `Unexpected keyword argument '${name}'`);
  }
  return attributePath(keywords.get('attribute'), keywords.get('default'));
}

function mapFilter([name, ...args]: unknown[], keywords: Keywords, runtime: Runtime): (item: unknown) => unknown {
  if (name === undefined) throw new Failure('FilterArgumentError', 'map requires a filter argument');
  return (item) => applyNamed(wordNamed(runtime.filters, 'filter', name), item, args, keywords, runtime);
}

/** `select` and its three kin: keep or drop what passes a test, of the element itself or of an attribute. */
function select([value, rest, named]: unknown[], runtime: Runtime, keep: boolean, byAttribute: boolean): Lazy {
  return generator('select_or_reject', function* () {
    if (!truth(value)) return;
    const passes = makeTest(rest as unknown[], named as Keywords, runtime, byAttribute);
    for (const item of iterate(value)) {
      spend(1);
      if (passes(item) === keep) yield item;
    }
  });
}

function makeTest(
  rest: unknown[],
  keywords: Keywords,
  runtime: Runtime,
  byAttribute: boolean,
): (item: unknown) => boolean {
  const args = rest.slice();
  let get = (item: unknown) => item;
  if (byAttribute) {
    if (args.length === 0) throw new Failure('FilterArgumentError', 'Missing parameter for attribute name');
    get = attributePath(args.shift());
  }
  const name = args.shift();
  if (name === undefined) return (item) => truth(get(item));
  return (item) => {
    const target = get(item);
    return truth(applyNamed(wordNamed(runtime.tests, 'test', name), target, args, keywords, runtime));
  };
}

function attr([value, name]: unknown[]): unknown {
  if (!isText(name)) throw typeError(`attribute name must be string, not '${typeName(name)}'`);
  if (value instanceof Undefined) throw value.fail();
  return findAttribute(value, plain(name)) === undefined ? missing(value, name) : getAttribute(value, plain(name));
}

const PEOPLE = { people: [{ name: 'a', age: 1 }, { name: 'b', age: 2 }, { name: 'c' }] };

export const higherOrderFilters: readonly Filter[] = [
  filter(
    'map',
    'value, *args, **kwargs',
    'An attribute of each element, or a filter applied to each.',
    [
      example("{{ people | map(attribute='age', default=0) | list }}", [1, 2, 0], PEOPLE),
      example("{{ ['a', 'b'] | map('upper') | join }}", 'AB'),
    ],
    map,
  ),
  filter(
    'select',
    'value, *args, **kwargs',
    'The elements that pass a test, or that count as true.',
    [example("{{ [1, 2, 3] | select('odd') | list }}", [1, 3])],
    (args, runtime) => select(args, runtime, true, false),
  ),
  filter(
    'reject',
    'value, *args, **kwargs',
    'The elements that do not pass a test.',
    [example("{{ [1, 2, 3] | reject('odd') | list }}", [2])],
    (args, runtime) => select(args, runtime, false, false),
  ),
  filter(
    'selectattr',
    'value, *args, **kwargs',
    'The elements of which an attribute passes a test.',
    [
      example("{{ people | selectattr('age', 'gt', 1) | map(attribute='name') | list }}", ['b'], {
        people: PEOPLE.people.slice(0, 2),
      }),
    ],
    (args, runtime) => select(args, runtime, true, true),
  ),
  filter(
    'rejectattr',
    'value, *args, **kwargs',
    'The elements of which an attribute does not pass a test.',
    [example("{{ people | rejectattr('age', 'defined') | map(attribute='name') | list }}", ['c'], PEOPLE)],
    (args, runtime) => select(args, runtime, false, true),
  ),
  filter(
    'attr',
    'value, name',
    'An attribute, never an element, of that name.',
    [example("{{ now_utc() | attr('year') > 2000 }}", true)],
    attr,
  ),
];
