/**
 * The traffic of the demo: order flow at a steady rate over binary WebSocket, one session for each account.
 *
 * Sending follows a fixed schedule, so the latency of a command counts from the moment at which it was due, whether or
 * not it could be sent then.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import type { FlowCommand } from '../import/flow-command.js';
import { issueFlowCommand } from '../issue-flow-command.js';
import type { Market } from '../market.js';

const TICK_MS = 1;
/** Highest latency that the histogram tells apart, in microseconds. */
const HIGHEST_US = 60_000_000;

/** A command that was answered by the engine. */
export interface AnsweredCommand {
  readonly sessionId: number;
  readonly clientSequence: number;
  /** Sequence of the command in the journal. */
  readonly sequence: number;
}

export class DemoTraffic {
  /** Latency of answered commands in microseconds, from when they were due; reset by `takeLatencies`. */
  latencies: Histogram;
  readonly acknowledged: AnsweredCommand[];
  /** Commands sent and not answered yet. */
  open: number;
  sent: number;
  rejected: number;
  trades: number;
  /** When the last answer came, in milliseconds of `performance.now`. */
  answeredAtMs: number;
  private readonly market: Market;
  private readonly flow: Iterator<FlowCommand>;
  private readonly perSecond: number;
  private timer: NodeJS.Timeout | undefined;
  private startedAtMs: number;
  private due: number;
  private onIdle: (() => void) | undefined;

  constructor(market: Market, flow: Iterator<FlowCommand>, perSecond: number) {
    this.market = market;
    this.flow = flow;
    this.perSecond = perSecond;
    this.latencies = newHistogram();
    this.acknowledged = [];
    this.open = 0;
    this.sent = 0;
    this.rejected = 0;
    this.trades = 0;
    this.answeredAtMs = 0;
    this.timer = undefined;
    this.startedAtMs = 0;
    this.due = 0;
    this.onIdle = undefined;
    for (const session of market.sessions) session.on('trade', () => this.trades++);
  }

  start(): void {
    this.startedAtMs = performance.now();
    this.timer = setInterval(() => this.sendDue(), TICK_MS);
  }

  /** Sends no more; resolves when everything sent has been answered. */
  async finish(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.open === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  /** The histogram so far; a new one begins. */
  takeLatencies(): Histogram {
    const taken = this.latencies;
    this.latencies = newHistogram();
    return taken;
  }

  private sendDue(): void {
    const dueNow = Math.floor(((performance.now() - this.startedAtMs) * this.perSecond) / 1000);
    while (this.due < dueNow && this.timer !== undefined) {
      const next = this.flow.next();
      if (next.done === true) {
        clearInterval(this.timer);
        this.timer = undefined;
        break;
      }
      this.send(next.value, this.startedAtMs + (this.due * 1000) / this.perSecond);
      this.due++;
    }
    this.tellIfIdle();
  }

  private send(command: FlowCommand, dueAtMs: number): void {
    this.open++;
    this.sent++;
    const session = this.market.sessions[command.account % this.market.sessions.length]!;
    issueFlowCommand(session, this.market.instrumentId, command).then(
      (answer) => {
        const { sessionId, clientSequence, sequence } = answer.fields as AnsweredCommand;
        this.acknowledged.push({ sessionId, clientSequence, sequence });
        this.answered(dueAtMs);
      },
      () => {
        this.rejected++;
        this.answered(dueAtMs);
      },
    );
  }

  private answered(dueAtMs: number): void {
    this.answeredAtMs = performance.now();
    this.latencies.recordValue(
      Math.max(1, Math.min(HIGHEST_US, Math.round((this.answeredAtMs - dueAtMs) * 1000))),
    );
    this.open--;
    this.tellIfIdle();
  }

  private tellIfIdle(): void {
    if (this.open === 0 && this.timer === undefined) this.onIdle?.();
  }
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });
}
