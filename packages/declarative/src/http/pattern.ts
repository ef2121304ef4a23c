import { compilePattern as compile } from '@tidemark/interpolation';
import { ConnectorError } from '@tidemark/source';

// Longer texts are not searched as a whole: patterns come from strangers, and time grows with the length.
const TEXT_MAX = 4096;

/** A regular expression of a manifest. */
export interface Pattern {
  /** The first part of the text that matches; with `atStart` only one that begins where the text begins. */
  find(text: string, atStart?: boolean): string | undefined;
}

/** Compiles a regular expression. Throws ConnectorError (config) when it is not one, or when matching it takes too long. */
export function compilePattern(source: string, where: string): Pattern {
  const refused = (error: unknown) =>
    new ConnectorError(
      'config',
      `The regular expression of ${where} cannot be used: ${(error as Error).message} (${source})`,
      { cause: error },
    );
  const guarded = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw refused(error);
    }
  };
  const pattern = guarded(() => compile(source));
  return {
    find: (text, atStart) =>
      guarded(() => (atStart ? pattern.match(text.slice(0, TEXT_MAX)) : pattern.search(text.slice(0, TEXT_MAX)))),
  };
}
