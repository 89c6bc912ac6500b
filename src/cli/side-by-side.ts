/** Two lists of events for people: field by field beside each other, what differs marked. */
import { textTable } from './text-table.js';

const ABSENT = '-';

/** A table under the two heads; "*" marks fields that differ. The events are paired in their order. */
export function sideBySide(
  heads: readonly [left: string, right: string],
  left: readonly object[],
  right: readonly object[],
): string {
  const rows: string[][] = [];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const leftFields = left[i] as Record<string, unknown> | undefined;
    const rightFields = right[i] as Record<string, unknown> | undefined;
    if (i > 0) rows.push(['', '', '', '']);
    for (const name of new Set([...Object.keys(leftFields ?? {}), ...Object.keys(rightFields ?? {})])) {
      const cells = [cellOf(leftFields, name), cellOf(rightFields, name)] as const;
      rows.push([cells[0] === cells[1] ? ' ' : '*', name, ...cells]);
    }
  }
  if (rows.length === 0) return '  no event on either side\n';
  return textTable([' ', 'field', ...heads], rows);
}

function cellOf(fields: Record<string, unknown> | undefined, name: string): string {
  const value = fields?.[name];
  return value === undefined ? ABSENT : String(value);
}
