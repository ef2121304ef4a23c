import type { CheckContext } from './check-context.js';
import { type Finding, valueAt } from './schema-errors.js';
import { nearest } from './suggestion.js';
import { isObject, own } from './tree.js';
import { either, list } from './words.js';

/** Says that a field is missing; returns the misspelt field that was probably meant to be it. */
export function sayMissing(context: CheckContext, { path, params }: Finding): string | undefined {
  const node = valueAt(context.tree, path);
  const field = String(params.missingProperty);
  const type = isObject(node) ? own(node, 'type') : undefined;
  const owner = typeof type === 'string' ? type : 'this mapping';
  const known = context.vocabulary.words.get(owner)?.fields;
  const strangers = isObject(node) && known ? Object.keys(node).filter((key) => !known.has(key)) : [];
  const stranger = nearest(
    field,
    strangers.filter((key) => key !== 'type' && key !== '$parameters'),
  );
  if (stranger === undefined) {
    context.say(path, 'missing-field', `${owner} needs the field '${field}'`);
    return undefined;
  }
  const message = `${owner} needs the field '${field}', and has an unknown field '${stranger}'`;
  context.say([...path, stranger], 'missing-field', message, { atKey: true, suggestion: field });
  return [...path, stranger].join('/');
}

/** Fields that every component once had under another name. */
const RENAMED: Readonly<Record<string, string>> = { $options: '$parameters' };

/** Says that a component does not know a field, and where the field would be known. */
export function sayUnknownField(context: CheckContext, { path, params }: Finding): void {
  const node = valueAt(context.tree, path);
  const field = String(params.additionalProperty);
  if (!isObject(node) || !context.positions.isWritten(node, field)) return;
  const at = [...path, field];
  if (typeof node.type !== 'string') {
    context.warn(at, 'unknown-field', `unknown field '${field}'`, { atKey: true });
    return;
  }
  const fields = [...(context.vocabulary.words.get(node.type)?.fields ?? [])].filter(
    (name) => name !== 'type' && name !== '$parameters',
  );
  const suggestion =
    RENAMED[field] ??
    nearest(
      field,
      fields.filter((name) => !Object.hasOwn(node, name)),
    );
  const home = suggestion === undefined ? homeOf(context, field, path) : undefined;
  const hint = home ?? (fields.length === 0 ? ' (it takes none)' : ` (has: ${list(fields)})`);
  context.warn(at, 'unknown-field', `unknown field '${field}' in ${node.type}${hint}`, {
    atKey: true,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

/** The component that a misplaced field belongs to: one above it first, else the few that have it. */
function homeOf(context: CheckContext, field: string, path: readonly string[]): string | undefined {
  const { words } = context.vocabulary;
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const above = valueAt(context.tree, path.slice(0, depth));
    const type = isObject(above) ? own(above, 'type') : undefined;
    if (typeof type === 'string' && words.get(type)?.fields.has(field))
      return `; it is a field of the ${type} around it`;
  }
  const owners = [...words].filter(([, word]) => !word.open && word.fields.has(field)).map(([type]) => type);
  return owners.length > 0 && owners.length <= 4 ? `; it is a field of ${either(owners)}` : undefined;
}
