const SIMPLE: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/**
 * Python's escapes in a text literal. An escape that is unknown stays as it is, backslash and all; one that is cut
 * short gives undefined. `\N{…}` needs the names of all characters and is refused too.
 */
export function unescapeText(body: string): string | undefined {
  if (!body.includes('\\')) return body;
  let broken = false;
  const out = body.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r\n|[\s\S])|$)/g,
    (whole, octal, hex, short, long, other) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const code = hex ?? short ?? long;
      if (code !== undefined) {
        const value = Number.parseInt(code, 16);
        if (value > 0x10ffff) broken = true;
        return broken ? '' : String.fromCodePoint(value);
      }
      if (other === undefined || 'xuUN'.includes(other)) broken = true;
      return other === undefined || !Object.hasOwn(SIMPLE, other) ? whole : (SIMPLE[other] ?? whole);
    },
  );
  return broken ? undefined : out;
}
