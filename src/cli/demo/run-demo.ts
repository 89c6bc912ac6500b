/**
 * The demo: a pair of nodes, order flow, a crash under load, a promotion by hand, and an audit.
 *
 * ```
 *  set-up -> load on the primary -> SIGKILL -> promote the standby -> load on the new primary -> stop -> audit
 * ```
 *
 * Nothing in it is staged: the nodes are processes of their own, the flow goes over binary WebSocket, and the report is
 * made from the journals that the two nodes leave behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { LevelBook } from '../../base/level-book.js';
import { Side } from '../../core/codes.js';
import { resolveConfig } from '../../node/config.js';
import type { NodeStatus } from '../../node/node-status.js';
import { CliError, ExitCode } from '../failure.js';
import type { FlowCommand } from '../import/flow-command.js';
import { type FlowFormat, openFlowFile } from '../import/read-flow.js';
import { initDataDir } from '../init-data-dir.js';
import { LoadFlow } from '../load-flow.js';
import { type Market, openMarket } from '../market.js';
import { auditJournal, compareWithAcknowledged } from './demo-audit.js';
import { DemoNode } from './demo-node.js';
import { DemoScreen, type DemoView, SHOWN_TRADES } from './demo-screen.js';
import { DemoTraffic } from './demo-traffic.js';

export interface DemoOptions {
  /** Order flow to replay; null = the seeded generator. */
  readonly file: string | null;
  readonly format: FlowFormat;
  /** Seconds of load, before and after the crash together. */
  readonly seconds: number;
  /** Commands each second. */
  readonly rate: number;
  readonly accounts: number;
  readonly seed: number;
  /** Acknowledgement policy of the pair; the promoted node goes on with `disk`. */
  readonly ackPolicy: string;
  /** Keep the data directories. */
  readonly keep: boolean;
  /** Where progress goes. */
  readonly output: NodeJS.WriteStream;
}

export interface DemoReport {
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  /** From the kill to the first acknowledgement by the new primary. */
  readonly pauseMs: number;
  /** Hashes at `comparedSequence`, the last checkpoint that both nodes had reached before the crash. */
  readonly comparedSequence: number;
  readonly primaryStateHash: string;
  readonly standbyStateHash: string;
  readonly replayStateHash: string;
  /** The promoted node at its end, live and replayed from its journal. */
  readonly finalSequence: number;
  readonly finalStateHash: string;
  readonly finalReplayStateHash: string;
  readonly rejected: number;
  readonly fills: number;
  /** At first, while the hot code of both nodes is being compiled. */
  readonly coldLatencyMs: DemoLatency;
  /** From then up to the crash. */
  readonly latencyMs: DemoLatency;
  readonly directory: string | null;
}

/** From when a command was due to its acknowledgement, in milliseconds. */
export interface DemoLatency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const FREE_PORTS = { port: '0', adminPort: '0', replicationPort: '0' } as const;
const FUNDS = 1_000_000_000;
/** Shares of the load: while both nodes compile their hot code, and from then up to the crash. The rest comes after it. */
const COLD_SHARE = 0.5;
const STEADY_SHARE = 0.25;
/** The nodes compare hashes every 4,096 commands; enough of the load comes before the crash for one comparison at least. */
const LEAST_FILE_COMMANDS = 9_000;
const SCREEN_MS = 250;
const TICK = { mantissa: 1, exponent: -2 };

/** Runs the demo; resolves with what was found. Removes its directories unless they are to be kept. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-demo-'));
  const demo = new Demo(options, directory);
  try {
    return await demo.run();
  } finally {
    await demo.close();
    if (!options.keep) rmSync(directory, { recursive: true, force: true });
  }
}

class Demo {
  private readonly options: DemoOptions;
  private readonly directory: string;
  private readonly screen: DemoScreen;
  private readonly lastTrades: { price: number; quantity: number; isBuy: boolean }[] = [];
  private primary: DemoNode | undefined;
  private standby: DemoNode | undefined;
  private market: Market | undefined;
  private traffic: DemoTraffic | undefined;
  private phase = 'set-up';
  private status: { primary: NodeStatus | undefined; standby: NodeStatus | undefined } = {
    primary: undefined,
    standby: undefined,
  };
  /** Hashes of the checkpoints that were seen, by sequence. */
  private readonly seen = { primary: new Map<number, string>(), standby: new Map<number, string>() };
  private watcher: Promise<void> | undefined;
  private isWatching = true;
  private lastBook: LevelBook | undefined;
  private lastCount = { atMs: 0, acknowledged: 0 };

  constructor(options: DemoOptions, directory: string) {
    this.options = options;
    this.directory = directory;
    this.screen = new DemoScreen(options.output, options.output.isTTY === true);
  }

  async run(): Promise<DemoReport> {
    const { options, screen } = this;
    const { primaryDir, standbyDir } = await this.startPair();
    const market = await this.openMarket(primaryDir);
    const { flow, perSecond } = await pacedFlow(options);
    const traffic = new DemoTraffic(market, flow, perSecond);
    this.traffic = traffic;
    this.watcher = this.watch();
    const loadMs = options.seconds * 1000;
    const coldMs = loadMs * COLD_SHARE;
    const steadyMs = loadMs * STEADY_SHARE;

    this.phase = 'load on the primary';
    traffic.start();
    await delay(coldMs);
    const cold = traffic.takeLatencies();
    await delay(steadyMs);

    this.phase = 'the primary is killed';
    const steady = traffic.takeLatencies();
    const killedAtMs = performance.now();
    await this.primary!.kill();
    this.status.primary = undefined;
    screen.tell('primary killed with SIGKILL under load; promoting the standby');
    await this.standby!.promote('disk');
    this.phase = 'load on the promoted standby';
    const pauseMs = await this.firstAnswerAfter(killedAtMs);
    await delay(loadMs - coldMs - steadyMs);
    this.phase = 'waiting for the last answers';
    await traffic.finish();
    await market.close();
    this.market = undefined;
    const final = await settledStatus(this.standby!);
    this.isWatching = false;
    await this.watcher;
    await this.standby!.stop();

    this.phase = 'audit';
    const report = this.audit(primaryDir, standbyDir, final, pauseMs);
    return {
      ...report,
      rejected: traffic.rejected,
      fills: traffic.trades,
      coldLatencyMs: latencyOf(cold),
      latencyMs: latencyOf(steady),
      directory: options.keep ? this.directory : null,
    };
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    this.isWatching = false;
    await this.market?.close();
    await this.primary?.kill();
    await this.standby?.kill();
    this.screen.close();
  }

  private async startPair(): Promise<{ primaryDir: string; standbyDir: string }> {
    const primaryDir = join(this.directory, 'primary');
    const standbyDir = join(this.directory, 'standby');
    const { ackPolicy } = this.options;
    const flags = { ...FREE_PORTS, ackPolicy };
    initDataDir({ dataDir: primaryDir, join: undefined, replicationKey: undefined, flags });
    this.primary = await DemoNode.start(primaryDir);
    initDataDir({
      dataDir: standbyDir,
      join: primaryDir,
      replicationKey: undefined,
      flags: { ...flags, primaryAddress: this.primary.replication! },
    });
    this.standby = await DemoNode.start(standbyDir);
    return { primaryDir, standbyDir };
  }

  private async openMarket(primaryDir: string): Promise<Market> {
    const market = await openMarket({
      adminUrls: [this.primary!.admin],
      urls: [this.primary!.client, this.standby!.client],
      adminKeyFile: join(primaryDir, 'keys', 'admin.pem'),
      symbol: 'AAPL-USD',
      base: 'AAPL',
      quote: 'USD',
      tickSize: TICK,
      firstAccount: 1,
      accounts: this.options.accounts,
      quoteFunds: FUNDS,
      baseFunds: FUNDS,
    });
    this.market = market;
    const first = market.sessions[0]!;
    first.subscribe(market.instrumentId);
    first.on('publicTrade', ({ priceTicks, quantityLots, takerSide }) => {
      this.lastTrades.unshift({ price: priceTicks, quantity: quantityLots, isBuy: takerSide === Side.buy });
      this.lastTrades.length = Math.min(this.lastTrades.length, SHOWN_TRADES);
    });
    return market;
  }

  /** Polls both nodes and shows the screen, until the load is over. */
  private async watch(): Promise<void> {
    while (this.isWatching) {
      for (const name of ['primary', 'standby'] as const) {
        const status = await this[name]!.status().catch(() => undefined);
        this.status[name] = status;
        for (const { sequence, stateHash } of status?.checkpoints ?? [])
          this.seen[name].set(sequence, stateHash);
      }
      this.screen.show(this.view());
      await delay(SCREEN_MS);
    }
  }

  private view(): DemoView {
    const traffic = this.traffic!;
    const atMs = performance.now();
    const acknowledged = traffic.acknowledged.length;
    const perSecond = ((acknowledged - this.lastCount.acknowledged) * 1000) / (atMs - this.lastCount.atMs);
    this.lastCount = { atMs, acknowledged };
    return {
      phase: this.phase,
      commandsPerSecond: perSecond,
      sent: traffic.sent,
      acknowledged,
      open: traffic.open,
      trades: traffic.trades,
      latencies: traffic.latencies,
      book: this.book(),
      lastTrades: this.lastTrades,
      primary: this.status.primary,
      standby: this.status.standby,
    };
  }

  /** The book as the first session has it, or had it when it was closed. */
  private book(): LevelBook | undefined {
    const { market } = this;
    if (market !== undefined) this.lastBook = market.sessions[0]!.book(market.instrumentId) ?? this.lastBook;
    return this.lastBook;
  }

  private async firstAnswerAfter(killedAtMs: number): Promise<number> {
    const answeredBefore = this.traffic!.answeredAtMs;
    for (;;) {
      if (this.traffic!.answeredAtMs > Math.max(killedAtMs, answeredBefore)) {
        return Math.round(this.traffic!.answeredAtMs - killedAtMs);
      }
      await delay(1);
    }
  }

  private audit(primaryDir: string, standbyDir: string, final: NodeStatus, pauseMs: number) {
    const { maxOrders } = resolveConfig({ dataDir: standbyDir }, {});
    const { acknowledged } = this.traffic!;
    const whole = auditJournal(standbyDir, maxOrders);
    const comparedSequence = this.lastCommonCheckpoint();
    const old = auditJournal(primaryDir, maxOrders, comparedSequence);
    return {
      acknowledged: acknowledged.length,
      ...compareWithAcknowledged(whole, acknowledged),
      pauseMs,
      comparedSequence,
      primaryStateHash: this.seen.primary.get(comparedSequence) ?? 'none',
      standbyStateHash: this.seen.standby.get(comparedSequence) ?? 'none',
      replayStateHash: old.stateHash,
      finalSequence: final.checkpoint!.sequence,
      finalStateHash: final.checkpoint!.stateHash,
      finalReplayStateHash: auditJournal(standbyDir, maxOrders, final.checkpoint!.sequence).stateHash,
    };
  }

  /** The newest checkpoint that was seen on both nodes while both lived. */
  private lastCommonCheckpoint(): number {
    let newest = 0;
    for (const sequence of this.seen.primary.keys()) {
      if (sequence > newest && this.seen.standby.has(sequence)) newest = sequence;
    }
    return newest;
  }
}

/** The status of a node that has come to rest: its checkpoint is at its last command. */
async function settledStatus(node: DemoNode): Promise<NodeStatus> {
  for (;;) {
    const status = await node.status();
    if (status.checkpoint?.sequence === status.processed) return status;
    await delay(SCREEN_MS / 5);
  }
}

/** The flow, and its rate: a file that is too short for the rate asked for is spread over the whole time. */
async function pacedFlow(options: DemoOptions): Promise<{ flow: Iterator<FlowCommand>; perSecond: number }> {
  const { file, format, accounts, rate, seconds, seed } = options;
  if (file === null) return { flow: endlessFlow(new LoadFlow({ seed, accounts })), perSecond: rate };
  const commands: FlowCommand[] = [];
  for await (const batch of openFlowFile(file, format, accounts, '').batches()) commands.push(...batch);
  if (commands.length < LEAST_FILE_COMMANDS) {
    throw new CliError(
      `${file} makes ${commands.length} commands; the demo needs ${LEAST_FILE_COMMANDS}, so that both nodes reach a common checkpoint before the crash`,
      ExitCode.usage,
    );
  }
  return { flow: commands.values(), perSecond: Math.min(rate, Math.floor(commands.length / seconds)) };
}

function* endlessFlow(flow: LoadFlow): Generator<FlowCommand> {
  for (;;) yield flow.next();
}

function latencyOf(histogram: Histogram): DemoLatency {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1000 };
}

function latencyText({ p50, p99, p999 }: DemoLatency): string {
  return `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, p99.9 ${p999.toFixed(2)} ms`;
}

/** The report for people. */
export function reportText(report: DemoReport): string {
  const isEqual =
    report.primaryStateHash === report.standbyStateHash && report.standbyStateHash === report.replayStateHash;
  return [
    '',
    `orders acknowledged     ${report.acknowledged}`,
    `orders lost             ${report.lost}`,
    `orders doubled          ${report.doubled}`,
    `pause                   ${report.pauseMs} ms (kill to first acknowledgement by the new primary)`,
    `latency before it       ${latencyText(report.latencyMs)}`,
    `  while code compiled   ${latencyText(report.coldLatencyMs)}`,
    `state at ${report.comparedSequence}: primary ${report.primaryStateHash}, standby ${report.standbyStateHash}, replay ${report.replayStateHash} (${isEqual ? 'equal' : 'DIFFERENT'})`,
    `state at ${report.finalSequence}: promoted node ${report.finalStateHash}, replay ${report.finalReplayStateHash} (${report.finalStateHash === report.finalReplayStateHash ? 'equal' : 'DIFFERENT'})`,
    ...(report.directory === null ? [] : [`data kept in             ${report.directory}`]),
    '',
  ].join('\n');
}

/** True when nothing was lost or doubled and all hashes agree. */
export function isGood(report: DemoReport): boolean {
  return (
    report.lost === 0 &&
    report.doubled === 0 &&
    report.comparedSequence > 0 &&
    report.primaryStateHash === report.standbyStateHash &&
    report.standbyStateHash === report.replayStateHash &&
    report.finalStateHash === report.finalReplayStateHash
  );
}
