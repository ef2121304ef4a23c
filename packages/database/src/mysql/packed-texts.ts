/** Types of MariaDB that a statement gives as text, and the log as bytes. */
export function isPackedText(type: string): boolean {
  return /^(?:uuid|inet4|inet6)$/i.test(type);
}

/** The bytes of the log as the text that a statement gives. */
export function packedText(type: string, bytes: Buffer): string {
  if (/^uuid$/i.test(type)) {
    const hex = padded(bytes, 16).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  if (/^inet4$/i.test(type)) return [...padded(bytes, 4).subarray(0, 4)].join('.');
  return inet6(padded(bytes, 16));
}

/** As MariaDB writes it: the longest row of zeros is left out, also a single one, and an IPv4 address behind it keeps its form. */
function inet6(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i));
  const gap = { at: -1, length: 0 };
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && words[to] === 0) to++;
    if (to - from > gap.length) Object.assign(gap, { at: from, length: to - from });
  }
  const parts = words.map((word) => word.toString(16));
  const isMapped = gap.at === 0 && (gap.length === 6 || (gap.length === 5 && words[5] === 0xffff));
  if (isMapped) parts.splice(6, 2, [...bytes.subarray(12)].join('.'));
  if (gap.length === 0) return parts.join(':');
  return `${parts.slice(0, gap.at).join(':')}::${parts.slice(gap.at + gap.length).join(':')}`;
}

/** The log leaves out what fixed texts end with. */
function padded(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length))]);
}
