/** Prints a table on standard output: text to the left, numbers to the right with thousands separated. */
export function printTable(head, rows) {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  const widths = head.map((title, i) => Math.max(title.length, ...texts.map((row) => row[i].length)));
  const line = (cells, isNumber) =>
    cells.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ');
  const isNumber = (i) => typeof rows[0]?.[i] === 'number';
  process.stdout.write(`${line(head, isNumber)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}\n`);
  for (const row of texts) process.stdout.write(`${line(row, isNumber)}\n`);
}
