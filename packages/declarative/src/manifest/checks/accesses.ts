/** One way in which a template reaches into a name: `config['a']['b']` is `['a', 'b']`. */
export interface Access {
  keys: string[];
  /** True for `name.get('a', …)`: the author reckons with its absence. */
  isOptional: boolean;
}

/** Signs that the template reckons with fields that are not there. */
const GUARD = /\bis\s+(?:not\s+)?defined\b|\bdefault\s*\(|\bin\s+(?:config|parameters)\b/;
const STEP = /\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\])/y;
const GET = /\s*\.\s*get\(\s*(?:'([^'\\]*)'|"([^"\\]*)")/y;

/**
 * The constant keys under which a template reads a name, such as those of the configuration. Only looks at the text: what
 * is computed is not seen, and a chain ends at the first method.
 */
export function accesses(template: string, name: string): Access[] {
  const found: Access[] = [];
  const isGuarded = GUARD.test(template);
  const start = new RegExp(`(?<![\\w.'"\\]])${name}(?=\\s*[.[])`, 'g');
  for (const text of segments(template)) {
    for (const match of text.matchAll(start)) {
      const access = chain(text, match.index + name.length);
      if (access.keys.length > 0) found.push({ ...access, isOptional: access.isOptional || isGuarded });
    }
  }
  return found;
}

function chain(text: string, from: number): Access {
  const keys: string[] = [];
  let at = from;
  for (;;) {
    GET.lastIndex = at;
    const got = GET.exec(text);
    if (got) return { keys: [...keys, got[1] ?? got[2] ?? ''], isOptional: true };
    STEP.lastIndex = at;
    const step = STEP.exec(text);
    // A name with a bracket after it is a method, not a key.
    if (!step || text[STEP.lastIndex] === '(') return { keys, isOptional: false };
    keys.push(step[1] ?? step[2] ?? step[3] ?? '');
    at = STEP.lastIndex;
  }
}

/** What stands between `{{` and `}}`, or `{%` and `%}`. */
function* segments(template: string): Generator<string> {
  for (let at = template.indexOf('{'); at >= 0; at = template.indexOf('{', at + 1)) {
    const kind = template[at + 1];
    if (kind !== '{' && kind !== '%') continue;
    const end = template.indexOf(kind === '{' ? '}}' : '%}', at + 2);
    if (end < 0) return;
    yield template.slice(at + 2, end);
    at = end;
  }
}
