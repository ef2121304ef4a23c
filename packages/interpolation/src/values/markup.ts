import { PythonObject } from './python-object.js';

/** Text that is marked as safe HTML (`safe`, `escape`, `tojson`). Joined with other text it escapes that. */
export class Markup extends PythonObject {
  readonly type = 'Markup';
  constructor(readonly markup: string) {
    super();
  }
}

/** Whether a value is a Python str: text or markup. */
export function isText(value: unknown): value is string | Markup {
  return typeof value === 'string' || value instanceof Markup;
}

/** The plain text of a Python str. */
export function plain(value: string | Markup): string {
  return typeof value === 'string' ? value : value.markup;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' };

/** HTML's five special characters as entities, in markupsafe's spelling. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>'"]/g, (c) => ENTITIES[c] ?? c);
}
