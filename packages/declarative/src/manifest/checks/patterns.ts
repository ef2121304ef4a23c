import type { CheckContext, Site } from '../check-context.js';
import { constantText } from './stream-facts.js';

const PATTERN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  HttpRequestRegexMatcher: ['url_path_pattern'],
  WaitTimeFromHeader: ['regex'],
  WaitUntilTimeFromHeader: ['regex'],
};

/** Regular expressions that are none. */
export function checkPatterns(context: CheckContext, site: Site): void {
  for (const field of PATTERN_FIELDS[site.type] ?? []) {
    const pattern = constantText(site.node, field);
    const problem = pattern === undefined ? undefined : patternProblem(pattern);
    if (problem !== undefined)
      context.say(
        [...site.path, field],
        'bad-pattern',
        `the regular expression '${pattern}' does not compile: ${problem}`,
      );
  }
}

/** What is wrong with a regular expression in Python's spelling; undefined when it compiles. */
export function patternProblem(pattern: string): string | undefined {
  const translated = pattern
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/^\(\?[aiLmsux]+\)/, '')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$');
  try {
    new RegExp(translated);
    return undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    // The engine repeats the whole expression before the reason.
    return reason.slice(reason.lastIndexOf(': ') + 2).toLowerCase();
  }
}
