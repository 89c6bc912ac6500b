/** Epoch microseconds as ISO 8601 in UTC with all six decimals: "2026-09-21T13:42:00.000250Z". */
export function isoTime(timestampUs: number): string {
  const milliseconds = Math.floor(timestampUs / 1000);
  const rest = String(timestampUs - milliseconds * 1000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}
