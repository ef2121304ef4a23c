/** What a text with `${NAME}` in it came to. */
export interface Filled {
  value: unknown;
  /** Values that came from the environment: to be kept out of every message. */
  secrets: string[];
  /** Variables that are not set, with where they are asked for. */
  unset: { name: string; path: (string | number)[] }[];
}

const VARIABLE = /\$\$\{|\$\{([^}]*)\}/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Fills `${NAME}` in every text of a tree from the environment; `${NAME:-else}` has a default, `$${` stands for `${`.
 * A variable that is not set, or set to nothing, is reported and never silently empty.
 */
export function fillEnvironment(tree: unknown, environment: NodeJS.ProcessEnv): Filled {
  const filled: Filled = { value: undefined, secrets: [], unset: [] };
  const fill = (value: unknown, path: (string | number)[]): unknown => {
    if (typeof value === 'string') return fillText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]));
  };
  const fillText = (text: string, path: (string | number)[]): string =>
    text.replace(VARIABLE, (whole, inner: string | undefined) => {
      if (inner === undefined) return '${';
      const [, name, otherwise] = NAME.exec(inner) ?? [];
      const value = name === undefined ? undefined : environment[name] || otherwise;
      if (value === undefined) {
        filled.unset.push({ name: name ?? whole, path });
        return '';
      }
      if (value !== '' && environment[name!] === value) filled.secrets.push(value);
      return value;
    });
  filled.value = fill(tree, []);
  return filled;
}
