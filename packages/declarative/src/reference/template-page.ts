import type { Example, Word } from '@tidemark/interpolation';
import { stringify } from '@tidemark/protocol';

/** How a kind of word stands in a template. */
interface WordKind {
  /** Folder of its pages and plural of its name. */
  folder: 'filters' | 'tests' | 'macros';
  title: string;
  intro: string;
  call(word: Word): string;
}

const rest = (word: Word): string =>
  word.signature.text
    .split(/,\s*(?=[*/\w])/)
    .slice(1)
    .join(', ');

export const WORD_KINDS: readonly WordKind[] = [
  {
    folder: 'filters',
    title: 'Filters',
    intro: 'A filter follows `|` and makes a new value of the one on its left.',
    call: (word) => (rest(word) ? `value | ${word.name}(${rest(word)})` : `value | ${word.name}`),
  },
  {
    folder: 'tests',
    title: 'Tests',
    intro: 'A test follows `is` (or `is not`) and says true or false of the value on its left.',
    call: (word) => (rest(word) ? `value is ${word.name}(${rest(word)})` : `value is ${word.name}`),
  },
  {
    folder: 'macros',
    title: 'Macros',
    intro: 'A macro is a function that every template can call.',
    call: (word) => `${word.name}(${word.signature.text})`,
  },
];

/** The page's name: operators (`==`) are tests too, and no file name. */
export function pageName(word: Word): string {
  const name = /^\w+$/.test(word.name) ? word.name : (word.aliases ?? []).find((alias) => /^\w+$/.test(alias));
  return `${name ?? [...word.name].map((letter) => letter.codePointAt(0)!.toString(16)).join('-')}.md`;
}

/** The page of a filter, test or macro, Markdown. Its examples are run by the tests of the template language. */
export function templatePage(kind: WordKind, word: Word): string {
  const lines = [`# ${word.name}`, '', word.summary, '', '```jinja', kind.call(word), '```', ''];
  if (word.aliases?.length) lines.push(`Also: ${word.aliases.map((alias) => `\`${alias}\``).join(', ')}.`, '');
  lines.push(word.examples.length === 1 ? '## Example' : '## Examples', '');
  for (const example of word.examples) lines.push(...exampleLines(example), '');
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The list of all words of a kind. */
export function templateIndex(kind: WordKind, words: readonly Word[]): string {
  const sorted = [...words].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = sorted.map((word) => `- [${word.name}](${pageName(word)}): ${word.summary}`);
  return [`# ${kind.title}`, '', kind.intro, '', ...rows, ''].join('\n');
}

function exampleLines({ template, context, result }: Example): string[] {
  const lines = ['```jinja', template, '```', ''];
  if (context && Object.keys(context).length > 0) lines.push(`with ${inline(context)}`);
  lines.push(`gives ${inline(result)}`);
  return lines;
}

/** JSON between backticks, as many as it needs. */
function inline(value: unknown): string {
  const text = value === undefined ? 'nothing' : stringify(value);
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${text}${pad}${ticks}`;
}
