/**
 * Characters that Python's `repr` shows as they are: all but separators (the space excepted), controls and unassigned
 * ones.
 */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;
const NEEDS_ESCAPE = /[^ -~]|[\\']/u;

/** Python's `repr` of text: single quotes, unless only those occur within. */
export function quote(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return `'${value}'`;
  const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
  let out = '';
  for (const char of value) out += escaped(char, mark);
  return mark + out + mark;
}

function escaped(char: string, mark: string): string {
  if (char === mark || char === '\\') return `\\${char}`;
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  if (char === '\t') return '\\t';
  if (char === ' ' || !UNPRINTABLE.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Whether every character is one that `repr` shows as it is. */
export function isPrintable(value: string): boolean {
  for (const char of value) if (char !== ' ' && UNPRINTABLE.test(char)) return false;
  return true;
}

/** Python's `ascii(text)`: the repr with everything beyond ASCII escaped. */
export function asciiOnly(value: string): string {
  let out = '';
  for (const char of value) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) out += char;
    else if (code < 0x100) out += `\\x${code.toString(16)}`;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return out;
}
