/**
 * Sends order flow to a running node, a session for each account, and measures the answers.
 *
 * Latency counts from the moment at which a command was due, not from when it was sent: a sender that is late, or a
 * node that makes it wait, cannot hide it.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import { RejectCode } from '../core/codes.js';
import type { FlowCommand } from './import/flow-command.js';
import { issueFlowCommand } from './issue-flow-command.js';
import type { Market } from './market.js';

/** Highest latency that the histogram tells apart, in microseconds. */
const HIGHEST_US = 120_000_000;

export interface LatencyReport {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

export class FlowSender {
  /** Commands sent and not answered yet. */
  open = 0;
  sent = 0;
  acknowledged = 0;
  trades = 0;
  /** Rejections by name. */
  readonly rejects: Record<string, number> = {};
  /** Latency in microseconds of the commands that were due from `measureFromMs` on. */
  private readonly latencies: Histogram;
  private readonly market: Market;
  private readonly measureFromMs: number;
  private failure: Error | undefined;
  private onFewer: () => void = () => {};

  /** `measureFromMs`: in the time of `performance.now`; what was due before counts as warm-up. */
  constructor(market: Market, measureFromMs: number) {
    this.market = market;
    this.measureFromMs = measureFromMs;
    this.latencies = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_US,
      numberOfSignificantValueDigits: 3,
    });
    for (const session of market.sessions) session.on('trade', () => this.trades++);
  }

  /** Sends one command that was due at `dueMs`. Throws when a session was lost. */
  send(command: FlowCommand, dueMs: number): void {
    if (this.failure !== undefined) throw this.failure;
    this.open++;
    this.sent++;
    issueFlowCommand(this.market.sessions[command.account]!, this.market.instrumentId, command).then(
      () => {
        this.acknowledged++;
        this.answered(dueMs);
      },
      (error: Error) => {
        if (error.name in RejectCode) this.rejects[error.name] = (this.rejects[error.name] ?? 0) + 1;
        else this.failure ??= error;
        this.answered(dueMs);
      },
    );
  }

  /** Resolves when at most `count` commands wait for their answer; rejects when a session was lost. */
  async atMostOpen(count: number): Promise<void> {
    while (this.open > count && this.failure === undefined) {
      await new Promise<void>((resolve) => {
        this.onFewer = resolve;
      });
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** Percentiles of the latency, in microseconds. */
  latencyUs(): LatencyReport {
    const at = (percentile: number) => this.latencies.getValueAtPercentile(percentile);
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      p9999: at(99.99),
      max: this.latencies.maxValue,
    };
  }

  private answered(dueMs: number): void {
    this.open--;
    if (dueMs >= this.measureFromMs) {
      const latencyUs = Math.round((performance.now() - dueMs) * 1000);
      this.latencies.recordValue(Math.max(1, Math.min(HIGHEST_US, latencyUs)));
    }
    this.onFewer();
  }
}

/** Latencies and rejections as lines for people. */
export function senderText(sender: FlowSender): string {
  const latency = sender.latencyUs();
  const ms = (us: number) => `${(us / 1000).toFixed(2)} ms`;
  const rejects = Object.entries(sender.rejects).sort((a, b) => b[1] - a[1]);
  return (
    `  sent ${sender.sent}, acknowledged ${sender.acknowledged}, fills reported ${sender.trades}, unanswered ${sender.open}\n` +
    `  latency  p50 ${ms(latency.p50)}  p90 ${ms(latency.p90)}  p99 ${ms(latency.p99)}  p99.9 ${ms(latency.p999)}` +
    `  p99.99 ${ms(latency.p9999)}  max ${ms(latency.max)}\n` +
    rejects.map(([name, count]) => `  rejected ${count} ${name}\n`).join('')
  );
}
