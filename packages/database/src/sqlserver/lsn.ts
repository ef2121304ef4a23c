/** A log sequence number of SQL Server as 20 hexadecimal digits: texts of this form are ordered as the numbers are. */
export function isLsn(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9A-F]{20}$/.test(text);
}

/** The number right after one, or right before it. */
export function lsnBeside(lsn: string, step: 1 | -1): string {
  const number = BigInt(`0x${lsn}`) + BigInt(step);
  return (number < 0n ? 0n : number).toString(16).toUpperCase().padStart(20, '0');
}

/** As Debezium and Airbyte write it: `00000027:00000ac0:0002`. */
export function lsnInParts(lsn: string): string {
  return `${lsn.slice(0, 8)}:${lsn.slice(8, 16)}:${lsn.slice(16)}`.toLowerCase();
}

/** The other way round; undefined for what has another form. */
export function lsnOfParts(text: unknown): string | undefined {
  const match = typeof text === 'string' ? /^([0-9a-f]{8}):([0-9a-f]{8}):([0-9a-f]{4})$/i.exec(text) : null;
  return match ? match.slice(1).join('').toUpperCase() : undefined;
}
