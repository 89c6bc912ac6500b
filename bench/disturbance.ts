/**
 * What the work beside the orders costs them: end-to-end latency at a steady rate while segments are rolled, archived and
 * scrubbed, and snapshots taken, beside the same without.
 *
 * Two nodes (policy disk) stand side by side through the whole run. The calm one has segments so large that it never rolls
 * any; the rolling one has small segments, each sealed and signed as it ends. Both hold many resting orders, so that a
 * snapshot has a size. In every round each kind of work gets one interval of the same flow, in an order that rotates:
 *
 * ```
 *   base       calm node, nothing else            archiving  rolling node, `ringfence journal archive` in a loop
 *   snapshots  calm node, one after the other     scrubbing  rolling node, `ringfence journal scrub` in a loop
 *   rolling    rolling node, nothing else
 * ```
 *
 * So a machine that drifts does it to all kinds alike. The ratio is that of the median over the rounds of p99.9 to that of
 * the base intervals; the distributions (`--histogram`) are those of all rounds together.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Histogram } from 'hdr-histogram-js';
import { callControl } from '../src/cli/control-client.js';
import { DemoNode } from '../src/cli/demo/demo-node.js';
import { initDataDir } from '../src/cli/init-data-dir.js';
import { LoadFlow } from '../src/cli/load-flow.js';
import { newHistogram } from './baselines.js';
import { NODE_FLAGS, openLoad, type Percentiles, percentilesOf, text } from './end-to-end.js';
import type { LoadSession } from './load-session.js';
import { restingOrders } from './resting-orders.js';

const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const MIB = 1 << 20;
/** What a command takes in the journal at most, with its share of a frame. */
const JOURNALED_BYTES = 192;
const RESTING_RATE = 20_000;
/** Between two snapshots, and between two runs of a command. */
const PAUSE_MS = 500;
/** The load client answers no pings, and its sessions stand idle while the other node has its interval. */
const PATIENCE_MS = String(3_600_000);

export interface DisturbanceOptions {
  readonly rate: number;
  /** Length of an interval. */
  readonly seconds: number;
  readonly rounds: number;
  /** How long each node gets the flow before anything is measured, so that its hot code is compiled. */
  readonly warmUpSeconds: number;
  /** Names of the kinds of work to measure, beside the base. */
  readonly kinds: readonly string[];
  readonly seed: number;
  /** Orders that rest in the book of each node and do nothing. */
  readonly resting: number;
  /** Size of the segments of the rolling node, MiB; small, so that several are rolled in each interval. */
  readonly segmentMebibytes: number;
  readonly onLine?: (line: string) => void;
  readonly onDistribution?: (title: string, histogram: Histogram) => void;
}

/** All intervals of one kind of work. */
export interface DisturbanceRun extends Percentiles {
  readonly name: string;
  readonly commands: number;
  /** p99.9 of each interval, microseconds, in the order of the rounds. */
  readonly p999sUs: readonly number[];
  /** Median of these over that of the base intervals. */
  readonly ratio: number;
}

/** Work that is done again and again until it is stopped. */
interface WorkBeside {
  stop(): Promise<void>;
}

interface Kind {
  readonly name: string;
  readonly isRolling: boolean;
  readonly start?: (dataDir: string) => WorkBeside;
}

const KINDS: readonly Kind[] = [
  { name: 'base', isRolling: false },
  { name: 'rolling', isRolling: true },
  { name: 'snapshots', isRolling: false, start: (dataDir) => new SnapshotLoop(dataDir) },
  {
    name: 'archiving',
    isRolling: true,
    start: (dataDir) =>
      new CommandLoop([
        'journal',
        'archive',
        '--keep',
        '1',
        '--to',
        archiveOf(dataDir),
        '--data-dir',
        dataDir,
      ]),
  },
  {
    name: 'scrubbing',
    isRolling: true,
    start: (dataDir) => new CommandLoop(['journal', 'scrub', '--rate', '16MiB', '--data-dir', dataDir]),
  },
];

/** Runs all rounds. @throws when a command stays unanswered */
export async function runDisturbance(options: DisturbanceOptions): Promise<{ runs: DisturbanceRun[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-disturbance-'));
  const stations: Station[] = [];
  try {
    const { rate, rounds, seconds, segmentMebibytes, warmUpSeconds } = options;
    const kinds = KINDS.filter(({ name }, i) => i === 0 || options.kinds.includes(name));
    // The whole run in one segment: base and snapshots.
    const calmCommands = options.resting + rate * (warmUpSeconds + 2 * rounds * seconds);
    const calmMebibytes = Math.ceil((calmCommands * JOURNALED_BYTES) / MIB);
    const calm = await Station.open(join(directory, 'calm'), calmMebibytes * MIB, options);
    stations.push(calm);
    const rolling = await Station.open(join(directory, 'rolling'), segmentMebibytes * MIB, options);
    stations.push(rolling);
    const measured = kinds.map((kind) => ({
      kind,
      station: kind.isRolling ? rolling : calm,
      commands: 0,
      latencies: newHistogram(),
      p999sUs: [] as number[],
    }));
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < measured.length; i++) {
        const entry = measured[(round + i) % measured.length]!;
        const latencies = await entry.station.interval(entry.kind, rate, seconds);
        entry.commands += latencies.totalCount;
        entry.latencies.add(latencies);
        entry.p999sUs.push(latencies.getValueAtPercentile(99.9));
        options.onLine?.(`${round + 1}. ${entry.kind.name.padEnd(10)} ${text(percentilesOf(latencies))}`);
      }
    }
    const base = median(measured[0]!.p999sUs);
    return {
      runs: measured.map(({ kind, commands, latencies, p999sUs }) => {
        const ratio = median(p999sUs) / base;
        options.onLine?.(
          `${kind.name.padEnd(13)} ${text(percentilesOf(latencies))}  p99.9 x ${ratio.toFixed(2)}`,
        );
        options.onDistribution?.(`${kind.name}, ${rate}/s, microseconds`, latencies);
        return { name: kind.name, commands, p999sUs, ratio, ...percentilesOf(latencies) };
      }),
    };
  } finally {
    await Promise.all(stations.map((station) => station.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A node with its market, its resting orders and the session that trades there. */
class Station {
  private readonly node: DemoNode;
  private readonly session: LoadSession;
  private readonly flow: LoadFlow;
  private readonly instrumentId: number;

  private constructor(node: DemoNode, session: LoadSession, instrumentId: number, seed: number) {
    this.node = node;
    this.session = session;
    this.flow = new LoadFlow({ seed, accounts: 1 });
    this.instrumentId = instrumentId;
  }

  static async open(dataDir: string, segmentBytes: number, options: DisturbanceOptions): Promise<Station> {
    mkdirSync(archiveOf(dataDir), { recursive: true });
    const flags = {
      ...NODE_FLAGS,
      ackPolicy: 'disk',
      segmentBytes: String(segmentBytes),
      pingIntervalMs: PATIENCE_MS,
      idleTimeoutMs: PATIENCE_MS,
    };
    initDataDir({ dataDir, join: undefined, replicationKey: undefined, flags });
    const node = await DemoNode.start(dataDir);
    try {
      const { session, instrumentId } = await openLoad(node);
      const restingSeconds = options.resting / RESTING_RATE;
      if (restingSeconds > 0) await session.run(restingOrders(), instrumentId, RESTING_RATE, restingSeconds);
      const station = new Station(node, session, instrumentId, options.seed);
      await session.run(station.flow, instrumentId, options.rate, options.warmUpSeconds);
      return station;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** One interval of the flow with the work of this kind beside it. */
  async interval(kind: Kind, rate: number, seconds: number): Promise<Histogram> {
    const beside = kind.start?.(this.node.dataDir);
    try {
      const { latencies } = await this.session.run(this.flow, this.instrumentId, rate, seconds);
      return latencies;
    } finally {
      await beside?.stop();
    }
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.node.stop();
  }
}

/** Has a running node take one snapshot after the other. */
class SnapshotLoop implements WorkBeside {
  private isStopped = false;
  private readonly ended: Promise<void>;

  constructor(dataDir: string) {
    this.ended = this.loop(dataDir);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.ended;
  }

  private async loop(dataDir: string): Promise<void> {
    while (!this.isStopped) {
      await callControl(dataDir, 'POST', '/snapshot');
      if (!this.isStopped) await delay(PAUSE_MS);
    }
  }
}

/**
 * Runs one command of the command line again and again, with the lowest priority, as from a timer: to start a process takes
 * a fifth of a second of a core before any of our code can say that others come first.
 */
class CommandLoop implements WorkBeside {
  private isStopped = false;
  private child: ChildProcess | undefined;
  private readonly ended: Promise<void>;

  constructor(args: readonly string[]) {
    this.ended = this.loop(args);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.child?.kill();
    await this.ended;
  }

  private async loop(args: readonly string[]): Promise<void> {
    while (!this.isStopped) {
      const child = spawn('nice', ['-n', '19', process.execPath, MAIN, ...args], { stdio: 'ignore' });
      this.child = child;
      await new Promise((resolve) => child.once('exit', resolve));
      if (!this.isStopped) await delay(PAUSE_MS);
    }
  }
}

function archiveOf(dataDir: string): string {
  return `${dataDir}-archive`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const DISTURBING = KINDS.slice(1).map(({ name }) => name);

/** The benchmark as the bench command knows it. */
export const disturbance = {
  summary:
    'latency while segments are rolled, archived, scrubbed and snapshots taken (--kinds, --rate, --seconds, --rounds, --warm-up, --resting, --segment-mib, --histogram)',
  async run(args: readonly string[], json: boolean): Promise<object> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rate: { type: 'string', default: '20000' },
        seconds: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '5' },
        kinds: { type: 'string', default: DISTURBING.join(',') },
        'warm-up': { type: 'string', default: '20' },
        resting: { type: 'string', default: '100000' },
        'segment-mib': { type: 'string', default: '4' },
        seed: { type: 'string', default: '1' },
        histogram: { type: 'boolean', default: false },
      },
    });
    const kinds = values.kinds.split(',');
    if (!kinds.every((kind) => DISTURBING.includes(kind)))
      throw new RangeError(`--kinds ${values.kinds}; allowed: ${DISTURBING.join(', ')}`);
    return runDisturbance({
      kinds,
      warmUpSeconds: Number(values['warm-up']),
      rate: Number(values.rate),
      seconds: Number(values.seconds),
      rounds: Number(values.rounds),
      seed: Number(values.seed),
      resting: Number(values.resting),
      segmentMebibytes: Number(values['segment-mib']),
      ...(json ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) }),
      ...(values.histogram
        ? {
            onDistribution: (title: string, histogram: Histogram) =>
              process.stderr.write(`${title}\n${histogram.outputPercentileDistribution(5, 1)}\n`),
          }
        : {}),
    });
  },
};
