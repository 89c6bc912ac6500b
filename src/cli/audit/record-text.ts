/** Records of history and audit for people, from their JSON lines. */

/** Columns that start a line; all other fields follow as name=value. */
const LEADING = new Set(['sequence', 'time', 'type']);

/** One line: sequence, time, type, then the other fields by name. Ends with a newline. */
export function recordText(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(record)
    .filter(([name]) => !LEADING.has(name))
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' && value.includes(' ') ? JSON.stringify(value) : value}`,
    );
  const sequence = String(record['sequence']).padStart(10);
  return `${sequence}  ${record['time']}  ${String(record['type']).padEnd(16)} ${rest.join(' ')}\n`;
}
