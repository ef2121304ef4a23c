import { Failure } from '../error.js';
import { example } from '../filters/define.js';
import { dictMembers, update } from '../methods/dict.js';
import { ADDRESS, Attributed } from '../operations/attribute.js';
import { Callable, type Invoke, type Keywords } from '../values/callable.js';
import { Dict } from '../values/dict.js';
import { Namespace } from '../values/namespace.js';
import { Tuple } from '../values/tuple.js';
import type { Macro } from '../word.js';
import { macro } from './define.js';
import { lipsum } from './lipsum.js';

const method = (name: string, invoke: Invoke) => new Callable(name, invoke, `<bound method ${name}>`, 'method');

/** Goes through its values in a circle. */
class Cycler extends Attributed {
  readonly type = 'Cycler';
  private position = 0;
  constructor(private readonly items: unknown[]) {
    super();
    if (items.length === 0) throw new Failure('RuntimeError', 'at least one item has to be provided');
  }

  attribute(name: string): unknown {
    if (name === 'current') return this.items[this.position];
    if (name === 'items') return new Tuple(this.items);
    if (name === 'pos') return this.position;
    if (name === 'next') return method('Cycler.next', () => this.next());
    return name === 'reset' ? method('Cycler.reset', () => this.reset()) : undefined;
  }

  private next(): unknown {
    const item = this.items[this.position];
    this.position = (this.position + 1) % this.items.length;
    return item;
  }

  private reset(): null {
    this.position = 0;
    return null;
  }
}

/** Gives nothing the first time, then its separator. */
class Joiner extends Attributed {
  readonly type = 'Joiner';
  private used = false;
  constructor(private readonly separator: unknown) {
    super();
  }

  attribute(name: string): unknown {
    if (name === 'sep') return this.separator;
    return name === 'used' ? this.used : undefined;
  }

  override call: Invoke = () => {
    if (this.used) return this.separator;
    this.used = true;
    return '';
  };
}

function makeDict([source, keywords]: unknown[]): Dict {
  const dict = new Dict();
  update(dict, source, keywords as Keywords);
  return dict;
}

/** Jinja's own globals. `range` is not among them: the reference takes it away. */
export const globalMacros: readonly Macro[] = [
  macro(
    'dict',
    'source=, /, **kwargs',
    'A dict of a dict, of pairs or of keyword arguments.',
    [example("{{ dict(a=1, b='x') }}", { a: 1, b: 'x' })],
    makeDict,
  ),
  macro(
    'namespace',
    'source=, /, **kwargs',
    'An object whose attributes `set` can change from within a loop.',
    [example('{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}', 3)],
    (args) => new Namespace(makeDict(args)),
  ),
  macro(
    'cycler',
    '*items',
    'Goes through its values in a circle, one at each `next()`.',
    [example("{% set c = cycler('a', 'b') %}{{ c.next() ~ c.next() ~ c.next() }}", 'aba')],
    ([items]) => new Cycler(items as unknown[]),
  ),
  macro(
    'joiner',
    "sep=', '",
    'Empty at its first call, its separator afterwards.',
    [example("{% set j = joiner('+') %}{% for i in 'ab' %}{{ j() }}{{ i }}{% endfor %}", 'a+b')],
    ([separator]) => new Joiner(separator === undefined ? ', ' : separator),
  ),
  macro(
    'lipsum',
    'n=5, html=True, min=20, max=100',
    'Paragraphs of Latin-looking filler.',
    [example('{{ lipsum(1, false) | length > 20 }}', true)],
    lipsum,
  ),
];

/** How Python shows them. */
const LABELS: Record<string, string> = {
  dict: "<class 'dict'>",
  namespace: "<class 'jinja2.utils.Namespace'>",
  cycler: "<class 'jinja2.utils.Cycler'>",
  joiner: "<class 'jinja2.utils.Joiner'>",
};

/** Functions that have another name in Python. */
const FUNCTIONS: Record<string, string> = { lipsum: 'generate_lorem_ipsum' };

/** A macro as value of a template. */
export function macroValue(word: Macro): Callable {
  const { name, signature } = word;
  const label = LABELS[name] ?? `<function ${FUNCTIONS[name] ?? name} at ${ADDRESS}>`;
  const fromKeys = dictMembers.get('fromkeys');
  const attributes =
    name === 'dict' && fromKeys
      ? new Map([
          [
            'fromkeys',
            method('fromkeys', (args, _keywords, runtime) => fromKeys.apply(undefined as never, args, runtime)),
          ],
        ])
      : undefined;
  return new Callable(
    name,
    (args, keywords, runtime) => word.apply(signature.bind(name, args, keywords), runtime),
    label,
    LABELS[name] ? 'type' : 'function',
    attributes,
  );
}
