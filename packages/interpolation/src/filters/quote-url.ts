import { Failure } from '../error.js';

/** Python's `urllib.parse.quote`: all but letters, digits, `_.-~` and the given characters as `%XX` of UTF-8. */
export function quoteUrl(text: string, safe: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new Failure('UnicodeError', 'surrogates not allowed');
  const quoted = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return safe === '/' ? quoted.replaceAll('%2F', '/') : quoted;
}
