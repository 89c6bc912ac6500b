/**
 * What the work beside the orders costs them: end-to-end latency at a steady rate while segments are rolled, archived and
 * scrubbed, beside a run without.
 *
 * Each run is a node of its own (policy disk) that takes the same flow for the same time, in turns: base, rolling,
 * archiving, scrubbing, base again. The rolling node has small segments, each sealed and signed as it ends; archiving and
 * scrubbing add the `ringfence journal` command in a loop beside such a node. The ratio is that of p99.9 to the better of
 * the two base runs; with `--histogram` the whole distributions follow.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Histogram } from 'hdr-histogram-js';
import { DemoNode } from '../src/cli/demo/demo-node.js';
import { initDataDir } from '../src/cli/init-data-dir.js';
import { LoadFlow } from '../src/cli/load-flow.js';
import { NODE_FLAGS, openLoad, type Percentiles, percentilesOf, text } from './end-to-end.js';

const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const MIB = 1 << 20;
const WARM_UP_SECONDS = 2;
const PAUSE_MS = 200;

export interface DisturbanceOptions {
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  /** Size of the segments of the disturbed nodes, MiB; small, so that several are rolled in each second. */
  readonly segmentMebibytes: number;
  readonly onLine?: (line: string) => void;
  readonly onDistribution?: (title: string, histogram: Histogram) => void;
}

export interface DisturbanceRun extends Percentiles {
  readonly name: string;
  readonly commands: number;
  /** p99.9 over that of the better base run. */
  readonly ratio: number;
}

interface Disturbance {
  readonly name: string;
  readonly isRolling: boolean;
  /** Arguments of `ringfence`, run again and again beside the load. */
  readonly command?: (dataDir: string) => readonly string[];
}

const RUNS: readonly Disturbance[] = [
  { name: 'base', isRolling: false },
  { name: 'rolling', isRolling: true },
  {
    name: 'archiving',
    isRolling: true,
    command: (dataDir) => ['journal', 'archive', '--keep', '1', '--to', join(dataDir, '..', 'archive')],
  },
  { name: 'scrubbing', isRolling: true, command: () => ['journal', 'scrub', '--rate', '16MiB'] },
  { name: 'base', isRolling: false },
];

/** Runs all of them. @throws when a command stays unanswered */
export async function runDisturbance(options: DisturbanceOptions): Promise<{ runs: DisturbanceRun[] }> {
  const measured: { name: string; commands: number; latencies: Histogram }[] = [];
  for (const disturbance of RUNS) {
    const run = await measure(disturbance, options);
    measured.push({ name: disturbance.name, ...run });
    const percentiles = percentilesOf(run.latencies);
    options.onLine?.(`${disturbance.name.padEnd(10)} ${text(percentiles)}`);
    options.onDistribution?.(`${disturbance.name}, ${options.rate}/s, microseconds`, run.latencies);
  }
  const p999 = ({ latencies }: { latencies: Histogram }) => latencies.getValueAtPercentile(99.9);
  const base = Math.min(...measured.filter(({ name }) => name === 'base').map(p999));
  const runs = measured.map((run) => ({
    name: run.name,
    commands: run.commands,
    ratio: p999(run) / base,
    ...percentilesOf(run.latencies),
  }));
  for (const { name, ratio } of runs) options.onLine?.(`${name.padEnd(10)} p99.9 x ${ratio.toFixed(2)}`);
  return { runs };
}

async function measure(
  disturbance: Disturbance,
  options: DisturbanceOptions,
): Promise<{ commands: number; latencies: Histogram }> {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-disturbance-'));
  const dataDir = join(directory, 'node');
  mkdirSync(join(directory, 'archive'));
  const segmentBytes = (disturbance.isRolling ? options.segmentMebibytes : 256) * MIB;
  const flags = { ...NODE_FLAGS, ackPolicy: 'disk', segmentBytes: String(segmentBytes) };
  let node: DemoNode | undefined;
  const beside = new CommandLoop();
  try {
    initDataDir({ dataDir, join: undefined, replicationKey: undefined, flags });
    node = await DemoNode.start(dataDir);
    const { session, instrumentId } = await openLoad(node);
    const flow = new LoadFlow({ seed: options.seed, accounts: 1 });
    await session.run(flow, instrumentId, options.rate, WARM_UP_SECONDS);
    if (disturbance.command !== undefined)
      beside.start([...disturbance.command(dataDir), '--data-dir', dataDir]);
    const { sent, latencies } = await session.run(flow, instrumentId, options.rate, options.seconds);
    session.close();
    return { commands: sent, latencies };
  } finally {
    await beside.stop();
    await node?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs one command of the command line again and again. */
class CommandLoop {
  private isStopped = false;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();

  start(args: readonly string[]): void {
    this.ended = this.loop(args);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.child?.kill();
    await this.ended;
  }

  private async loop(args: readonly string[]): Promise<void> {
    while (!this.isStopped) {
      const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' });
      this.child = child;
      await new Promise((resolve) => child.once('exit', resolve));
      if (!this.isStopped) await delay(PAUSE_MS);
    }
  }
}

/** The benchmark as the bench command knows it. */
export const disturbance = {
  summary:
    'latency while segments are rolled, archived, scrubbed (--rate, --seconds, --segment-mib, --histogram)',
  async run(args: readonly string[], json: boolean): Promise<object> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rate: { type: 'string', default: '20000' },
        seconds: { type: 'string', default: '10' },
        'segment-mib': { type: 'string', default: '4' },
        seed: { type: 'string', default: '1' },
        histogram: { type: 'boolean', default: false },
      },
    });
    return runDisturbance({
      rate: Number(values.rate),
      seconds: Number(values.seconds),
      seed: Number(values.seed),
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
