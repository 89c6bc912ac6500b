/** Progress on standard error: a bar that is drawn over itself on a terminal, a line now and then elsewhere. */

const BAR_CHARS = 30;
const TERMINAL_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5000;

export class ProgressLine {
  private readonly label: string;
  private readonly unit: string;
  private readonly isTerminal = process.stderr.isTTY === true;
  private readonly startMs = performance.now();
  private lastMs = 0;

  /** `unit` is what is counted, for the rate: "commands". */
  constructor(label: string, unit: string) {
    this.label = label;
    this.unit = unit;
    this.lastMs = this.isTerminal ? 0 : this.startMs;
  }

  /** Shows `done` of `total` (0 = not known), if enough time has passed since the last showing. */
  show(done: number, total: number): void {
    const nowMs = performance.now();
    if (nowMs - this.lastMs < (this.isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    this.lastMs = nowMs;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const rate = Math.round((done * 1000) / Math.max(1, nowMs - this.startMs)).toLocaleString('en-US');
    const percent = `${Math.floor(share * 100)} %`;
    const counts = `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${this.unit}, ${rate}/s`;
    if (total === 0) {
      const text = `${this.label}: ${done.toLocaleString('en-US')} ${this.unit}, ${rate}/s`;
      process.stderr.write(this.isTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
      return;
    }
    if (!this.isTerminal) {
      process.stderr.write(`${this.label}: ${percent}, ${counts}\n`);
      return;
    }
    const filled = Math.round(share * BAR_CHARS);
    const bar = '#'.repeat(filled) + '.'.repeat(BAR_CHARS - filled);
    process.stderr.write(`\r\u001b[2K${this.label} [${bar}] ${percent.padStart(5)}  ${counts}`);
  }

  /** Removes the bar from a terminal. */
  clear(): void {
    if (this.isTerminal) process.stderr.write('\r\u001b[2K');
  }
}
