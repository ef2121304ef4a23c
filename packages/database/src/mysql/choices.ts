const ESCAPED: Readonly<Record<string, string>> = { '0': '\0', n: '\n', r: '\r' };

/**
 * The values of an ENUM or SET by its declared type, `enum('a','it''s','x,y')`, in their order; undefined for other types. The driver
 * would part them at every comma.
 */
export function choicesOf(declared: string): string[] | undefined {
  const inside = /^(?:enum|set)\((.*)\)/is.exec(declared)?.[1];
  if (inside === undefined) return undefined;
  return [...inside.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, text]) =>
    text!.replace(/''|\\(.)/gs, (_, escaped?: string) => (escaped === undefined ? "'" : (ESCAPED[escaped] ?? escaped))),
  );
}
