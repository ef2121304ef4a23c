import { ConnectorError } from '@tidemark/source';

// Texts longer than this are not searched as a whole: patterns come from strangers, and time may grow with the length.
const TEXT_MAX = 4096;

/** A regular expression of a manifest. */
export interface Pattern {
  /** The first part of the text that matches; with `atStart` only one that begins where the text begins. */
  find(text: string, atStart?: boolean): string | undefined;
}

/** Compiles a regular expression in the syntax of manifests. Throws ConnectorError (config) when it is not one. */
export function compilePattern(source: string, where: string): Pattern {
  const script = source
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$');
  let anywhere: RegExp;
  let start: RegExp;
  try {
    anywhere = new RegExp(script);
    start = new RegExp(script, 'y');
  } catch (error) {
    throw new ConnectorError('config', `The regular expression of ${where} is not one: ${source}`, { cause: error });
  }
  return {
    find(text, atStart) {
      const regex = atStart ? start : anywhere;
      regex.lastIndex = 0;
      return regex.exec(text.slice(0, TEXT_MAX))?.[0];
    },
  };
}
