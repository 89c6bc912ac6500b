/**
 * Rows under a head, in columns as wide as they need; a head that starts with ">" stands over a column that is aligned to
 * the right. Each line ends with a newline.
 */
export function textTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = heads.map((head) => head.replace('>', ''));
  const widths = names.map((name, i) =>
    rows.reduce((width, row) => Math.max(width, row[i]!.length), name.length),
  );
  return [names, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (heads[i]!.startsWith('>') ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
