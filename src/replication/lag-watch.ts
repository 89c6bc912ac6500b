/**
 * Tells when a standby falls too far behind: by records, or by the time that a record has been waiting for its
 * acknowledgement. Only reports; what the journal holds for a slow standby is not buffered anywhere else.
 */
export class LagWatch {
  isLagging: boolean;
  private readonly maxRecords: number;
  private readonly maxMs: number;
  /** A sequence that was written at `markMs` and not acknowledged then; -1 = nothing is outstanding. */
  private markSequence: number;
  private markMs: number;

  constructor(maxRecords: number, maxMs: number) {
    this.isLagging = false;
    this.maxRecords = maxRecords;
    this.maxMs = maxMs;
    this.markSequence = -1;
    this.markMs = 0;
  }

  /**
   * Looks at the standby: it has acknowledged `received`, and `behind` more records are written.
   * @returns 1 when it begins to lag, -1 when it has caught up, 0 when nothing changed.
   */
  observe(received: number, behind: number, nowMs: number): number {
    if (received >= this.markSequence) {
      this.markSequence = behind > 0 ? received + behind : -1;
      this.markMs = nowMs;
    }
    const isLate = this.markSequence >= 0 && nowMs - this.markMs > this.maxMs;
    const isLagging = behind > this.maxRecords || isLate;
    if (isLagging === this.isLagging) return 0;
    this.isLagging = isLagging;
    return isLagging ? 1 : -1;
  }
}
