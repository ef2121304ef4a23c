import type { Expression, Scope } from '../../component/index.js';

/**
 * A credential as it was written: a key such as `12e45` must not become the number that it looks like. Throws where the template
 * reads something that is not there; nothing at all is an empty text.
 */
export function credential(template: Expression, scope?: Scope): string {
  const text = template.text(scope);
  if (text === '') return text;
  const written = template.evaluateAs('string', scope);
  return typeof written === 'string' ? written : text;
}
