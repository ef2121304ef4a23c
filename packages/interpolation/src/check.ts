import { checkFormats } from './check-formats.js';
import { children } from './compile/analyze.js';
import { freeNames } from './compile/code.js';
import { type Position, positionAt, TemplateError } from './error.js';
import { FILTERS } from './filters/index.js';
import { GLOBALS } from './macros/index.js';
import { suggest } from './suggest.js';
import type { Data, Expression, Name, Statement } from './syntax/ast.js';
import { parse } from './syntax/parser.js';
import { TESTS } from './tests/index.js';

export type DiagnosticCode =
  | 'syntax'
  | 'unknown-filter'
  | 'unknown-test'
  | 'unknown-macro'
  | 'unknown-name'
  | 'bad-directive'
  | 'unsupported-name';

/** What is wrong with a template, and where: offset from 0, line and column from 1, within the template's text. */
export interface Diagnostic extends Position {
  code: DiagnosticCode;
  message: string;
}

type Node = Expression | Statement | Data;

/**
 * Looks for mistakes in a template without running it: bad syntax, filters, tests and macros that do not exist,
 * directives of formats that mean nothing, and, when the names of the context are given, names that it will not have.
 * Bad syntax is told alone; of all else everything at once, in the order of the text.
 */
export function check(template: string, names?: Iterable<string>): Diagnostic[] {
  let body: Statement[];
  try {
    body = parse(template);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [{ code: 'syntax', message: error.message, ...(error.position ?? positionAt(template, 0)) }];
  }
  const found: Diagnostic[] = [];
  const report = (code: DiagnosticCode, offset: number, message: string) =>
    found.push({ code, message, ...positionAt(template, offset) });
  const unsupported = template.indexOf('stream_state');
  if (unsupported >= 0)
    report(
      'unsupported-name',
      unsupported,
      '`stream_state` cannot be used in templates. Did you mean `stream_interval`?',
    );
  const free = freeNames(template, body);
  const known = names === undefined ? undefined : new Set(['config', ...names]);
  if (known?.has('stream_slice')) known.add('stream_interval').add('stream_partition');
  const calls = new Set<Name>();
  const walk = (node: Node | undefined) => {
    if (!node) return;
    checkWord(node, report);
    checkFormats(node, (offset, message) => report('bad-directive', offset, message));
    if (node.kind === 'call' && node.callee.kind === 'name') calls.add(node.callee);
    for (const child of children(node)) walk(child);
    if (node.kind === 'name' && node.use === 'load' && free.has(node.name))
      checkName(node, calls.has(node), known, report);
  };
  for (const statement of body) walk(statement);
  return found.sort((a, b) => a.offset - b.offset);
}

type Report = (code: DiagnosticCode, offset: number, message: string) => void;

function checkWord(node: Node, report: Report): void {
  if (node.kind === 'filter' && !FILTERS.has(node.name)) {
    report('unknown-filter', node.offset, `there is no filter '${node.name}'${suggest(node.name, FILTERS.keys())}`);
  }
  if (node.kind === 'test' && !TESTS.has(node.name)) {
    report('unknown-test', node.offset, `there is no test '${node.name}'${suggest(node.name, TESTS.keys())}`);
  }
}

function checkName(
  { name, offset }: Name,
  called: boolean,
  known: ReadonlySet<string> | undefined,
  report: Report,
): void {
  if (name.includes('stream_state')) return;
  if (called && !known?.has(name))
    report('unknown-macro', offset, `there is no macro '${name}'${suggest(name, GLOBALS.keys())}`);
  else if (known && !known.has(name)) {
    report(
      'unknown-name',
      offset,
      `the name '${name}' is not known here (known: ${[...known].join(', ')})${suggest(name, [...known, ...GLOBALS.keys()])}`,
    );
  }
}
