/** What the demo shows while it runs: a live screen in a terminal, a line now and then elsewhere. */
import type { Histogram } from 'hdr-histogram-js';
import type { LevelBook, LevelSide } from '../../base/level-book.js';
import type { NodeStatus } from '../../node/node-status.js';

const DEPTH = 8;
/** How many trades a view holds. */
export const SHOWN_TRADES = 12;
const LINE_EVERY = 8;

export interface DemoView {
  readonly phase: string;
  readonly commandsPerSecond: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly open: number;
  readonly trades: number;
  readonly latencies: Histogram;
  readonly book: LevelBook | undefined;
  readonly lastTrades: readonly {
    readonly price: number;
    readonly quantity: number;
    readonly isBuy: boolean;
  }[];
  readonly primary: NodeStatus | undefined;
  readonly standby: NodeStatus | undefined;
}

export class DemoScreen {
  private readonly output: NodeJS.WriteStream;
  private readonly isLive: boolean;
  private rounds: number;
  private phase: string;

  constructor(output: NodeJS.WriteStream, isLive: boolean) {
    this.output = output;
    this.isLive = isLive;
    this.rounds = 0;
    this.phase = '';
    if (isLive) this.output.write('\x1b[?25l\x1b[2J');
  }

  show(view: DemoView): void {
    if (this.isLive) {
      this.output.write(
        `\x1b[H${screenLines(view)
          .map((line) => `${line.slice(0, this.output.columns - 1)}\x1b[K\n`)
          .join('')}\x1b[J`,
      );
      return;
    }
    if (view.phase === this.phase && this.rounds++ % LINE_EVERY !== 0) return;
    this.phase = view.phase;
    this.output.write(`${plainLine(view)}\n`);
  }

  /** A line of its own, for what happens once. */
  tell(text: string): void {
    if (!this.isLive) this.output.write(`${text}\n`);
  }

  close(): void {
    if (this.isLive) this.output.write('\x1b[?25h\n');
  }
}

function screenLines(view: DemoView): string[] {
  const asks = sideLines(view.book?.asks).reverse();
  const bids = sideLines(view.book?.bids);
  const trades = view.lastTrades.map(
    ({ price, quantity, isBuy }) =>
      `${isBuy ? 'buy ' : 'sell'} ${String(quantity).padStart(6)} @ ${money(price)}`,
  );
  const rows = [...asks, '  ----------------------------', ...bids];
  const beside = ['  last trades', ...trades];
  return [
    `Ringfence demo: ${view.phase}`,
    '',
    '      orders  quantity     price',
    ...rows.map((row, i) => `${row.padEnd(40)}${beside[i] ?? ''}`),
    '',
    figures(view),
    `latency  ${percentiles(view.latencies)}`,
    nodeLine('primary', view.primary),
    nodeLine('standby', view.standby),
  ];
}

function plainLine(view: DemoView): string {
  const bid = view.book?.bids.priceTicks[0];
  const ask = view.book?.asks.priceTicks[0];
  const best = `bid ${bid === undefined ? '-' : money(bid)} ask ${ask === undefined ? '-' : money(ask)}`;
  return `[${view.phase}] ${figures(view)} | ${best} | ${percentiles(view.latencies)}`;
}

function figures(view: DemoView): string {
  return (
    `${Math.round(view.commandsPerSecond)} commands/s, ${view.acknowledged} acknowledged, ` +
    `${view.open} under way, ${view.trades} fills`
  );
}

/** Percentiles of a histogram of microseconds. */
export function percentiles(histogram: Histogram): string {
  if (histogram.totalCount === 0) return 'no figures yet';
  const at = (percentile: number): string =>
    `${(histogram.getValueAtPercentile(percentile) / 1000).toFixed(2)} ms`;
  return `p50 ${at(50)}, p99 ${at(99)}, p99.9 ${at(99.9)}, max ${(histogram.maxValue / 1000).toFixed(2)} ms`;
}

function nodeLine(name: string, status: NodeStatus | undefined): string {
  if (status === undefined) return `${name}  gone`;
  const { role, epoch, sequence, durable, standby, checkpoint } = status;
  const copy = standby.connected ? `, standby received ${standby.received}, durable ${standby.durable}` : '';
  const hash = checkpoint === null ? '' : `, hash ${checkpoint.stateHash} at ${checkpoint.sequence}`;
  return `${name}  ${role}, epoch ${epoch}, sequence ${sequence}, durable ${durable}${copy}${hash}`;
}

function sideLines(side: LevelSide | undefined): string[] {
  const lines: string[] = [];
  for (let i = 0; i < DEPTH; i++) {
    const price = side?.priceTicks[i];
    lines.push(
      price === undefined
        ? ''
        : `${String(side!.orderCounts[i]).padStart(12)}${String(side!.levelLots[i]).padStart(10)}${money(price).padStart(10)}`,
    );
  }
  return lines;
}

function money(ticks: number): string {
  return (ticks / 100).toFixed(2);
}
