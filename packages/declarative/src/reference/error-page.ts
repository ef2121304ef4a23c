import { check } from '@tidemark/interpolation';
import { vocabulary } from '../language.js';
import {
  type Diagnostic,
  formatDiagnostic,
  readManifest,
  resolveManifest,
  validateManifest,
} from '../manifest/index.js';
import { manifestValidator } from '../manifest-validator.js';
import type { ErrorCodeFacts } from './error-codes.js';
import { EXAMPLE_MANIFEST } from './example-manifest.js';

/** The page of an error code, Markdown. What the example's message says was said by the validator just now. */
export async function errorPage(code: string, facts: ErrorCodeFacts): Promise<string> {
  const lines = [`# ${code}`, '', facts.meaning, '', facts.mend, ''];
  if (facts.edits) {
    const text = brokenManifest(facts.edits);
    const found = diagnose(text).find((diagnostic) => diagnostic.code === code);
    if (!found) throw new Error(`the example of the error code ${code} does not show it`);
    lines.push('## Example', '', '```yaml', ...around(text, found.at.line), '```', '');
    lines.push('```', formatDiagnostic(found), '```', '');
    lines.push(`Severity: ${found.severity}.`, '');
  } else lines.push('Severity: error.', '');
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The list of all codes. */
export function errorIndex(codes: Record<string, ErrorCodeFacts>): string {
  const rows = Object.entries(codes).map(([code, { meaning }]) => `- [${code}](${code}.md): ${meaning}`);
  const intro =
    'What `tidemark validate` says of a manifest: `file:line:column message`. With `--json` each has its `code`. An error stops the connector; a warning does not.';
  return ['# Error codes', '', intro, '', ...rows, ''].join('\n');
}

/** The example manifest with something wrong in it. */
export function brokenManifest(edits: readonly (readonly [string, string])[]): string {
  return edits.reduce((text, [right, wrong]) => {
    if (!text.includes(right)) throw new Error(`the example manifest does not hold ${JSON.stringify(right)}`);
    return text.replace(right, () => wrong);
  }, EXAMPLE_MANIFEST);
}

/** All that is to be said of a manifest. */
export function diagnose(text: string): Diagnostic[] {
  const resolved = resolveManifest(readManifest(text), vocabulary);
  if (resolved.diagnostics.some(({ code }) => code === 'yaml')) return resolved.diagnostics;
  return validateManifest(resolved, vocabulary, { validator: manifestValidator(), templates: check });
}

/** The line that is told, with two above it and one below. */
function around(text: string, line: number): string[] {
  const lines = text.split('\n');
  const shown = lines
    .slice(Math.max(0, line - 3), line + 1)
    .filter((each, index, all) => each !== '' || index < all.length - 1);
  const indent = Math.min(...shown.filter(Boolean).map((each) => each.search(/\S/)));
  return shown.map((each) => each.slice(indent));
}
