/** Lines of a table: a head, a rule, the rows; columns as wide as they need to be. `right`: columns of numbers. */
export function table(head: readonly string[], rows: readonly string[][], right: ReadonlySet<number>): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
