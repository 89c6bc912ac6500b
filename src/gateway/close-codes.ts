/**
 * The WebSocket close code of a reject code: gateway 1xxx -> 40xx, session 2xxx -> 41xx, so that a client that only
 * sees the close (a browser, say) still learns why. 1000 for a close that was asked for.
 */
export function closeCodeOf(rejectCode: number): number {
  if (rejectCode === 0) return 1000;
  const band = Math.floor(rejectCode / 1000) - 1;
  return 4000 + band * 100 + (rejectCode % 1000);
}
