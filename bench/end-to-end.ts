/**
 * Orders over WebSocket through a whole node (or pair), each node in a process of its own, the client in this one.
 *
 * ```
 * [this process] --one message a frame, on schedule--> gateway -> ring -> journal + sync -> core -> gate -> gateway --+
 *       +<---------------------------------------- first report of each command --------------------------------------+
 * ```
 * Open loop: command i is due at start + i / rate, and its latency counts from then. Before a figure is printed every
 * command must have been answered, and the journal must replay to the live state hash.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Histogram } from 'hdr-histogram-js';
import { rawPublicKey } from '../journal/raw-public-key.js';
import { replayJournal } from '../replay/replay-journal.js';
import { DemoNode } from '../src/cli/demo/demo-node.js';
import { initDataDir } from '../src/cli/init-data-dir.js';
import { LoadFlow } from '../src/cli/load-flow.js';
import { connectAdmin } from '../src/cli/market.js';
import { Permission } from '../src/core/codes.js';
import { ACKNOWLEDGEMENT_POLICIES } from '../src/runtime/acknowledgement-policy.js';
import { measureEcho, measureSyncedWrite } from './baselines.js';
import { LoadSession } from './load-session.js';

const FUNDS = 1_000_000_000_000;
const ROUND_TRIPS = 3000;
/** Any free ports, no limit of messages, little log. */
export const NODE_FLAGS = {
  port: '0',
  adminPort: '0',
  replicationPort: '0',
  messagesPerSecond: '10000000',
  logLevel: 'warn',
} as const;

export interface EndToEndOptions {
  readonly policies: readonly string[];
  readonly rates: readonly number[];
  readonly seconds: number;
  /**
   * How long the highest rate is sent before anything is measured: a node that has just started compiles its hot code
   * in the background, which takes up to a core away from it for some seconds.
   */
  readonly warmUpSeconds: number;
  readonly seed: number;
  readonly backend: string;
  /** Prints the whole percentile distribution of each run. */
  readonly onDistribution?: (title: string, histogram: Histogram) => void;
  readonly onLine?: (line: string) => void;
}

export interface Percentiles {
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly p9999Us: number;
  readonly maxUs: number;
}

export interface PolicyFigures {
  readonly policy: string;
  /** One command at a time, as the echo and the synced write are measured. */
  readonly roundTrip: Percentiles;
  readonly runs: readonly EndToEndRun[];
}

export interface EndToEndRun extends Percentiles {
  readonly policy: string;
  readonly offeredPerSecond: number;
  readonly answeredPerSecond: number;
  readonly commands: number;
  readonly rejected: number;
}

/** Runs the ladder of rates under each policy. Throws when a command stays unanswered or the replay differs. */
export async function runEndToEnd(options: EndToEndOptions): Promise<object> {
  const echo = percentilesOf(await measureEcho());
  const syncedWrite = percentilesOf(measureSyncedWrite());
  options.onLine?.(`bare ws echo          ${text(echo)}`);
  options.onLine?.(`one synced 4 KiB write ${text(syncedWrite)}`);
  const policies: PolicyFigures[] = [];
  for (const policy of options.policies) policies.push(await runPolicy(policy, options));
  return { echo, syncedWrite, policies };
}

async function runPolicy(policy: string, options: EndToEndOptions): Promise<PolicyFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-e2e-'));
  const nodes: DemoNode[] = [];
  try {
    const primaryDir = join(directory, 'primary');
    const flags = { ...NODE_FLAGS, ackPolicy: policy, journalBackend: options.backend };
    initDataDir({ dataDir: primaryDir, join: undefined, replicationKey: undefined, flags });
    const primary = await DemoNode.start(primaryDir);
    nodes.push(primary);
    if (policy !== 'disk' && policy !== 'memory') {
      const dataDir = join(directory, 'standby');
      const standbyFlags = { ...flags, primaryAddress: primary.replication! };
      initDataDir({ dataDir, join: primaryDir, replicationKey: undefined, flags: standbyFlags });
      nodes.push(await DemoNode.start(dataDir));
    }
    const figures = await measure(primary, policy, options);
    await verify(primary);
    return figures;
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A market on a fresh node, and a session that may trade there. */
export async function openLoad(node: DemoNode): Promise<{ session: LoadSession; instrumentId: number }> {
  const admin = await connectAdmin([node.admin], join(node.dataDir, 'keys', 'admin.pem'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const listing = {
    symbol: 'AAPL-USD',
    base: 'AAPL',
    quote: 'USD',
    tickMantissa: 1,
    tickExponent: -2,
    lotMantissa: 1,
    lotExponent: 0,
    baseDecimals: 0,
    quoteDecimals: 2,
    marketProtectionPpm: 0,
  };
  const { instrumentId } = (await admin.listInstrument(listing)).fields;
  const accountId = 1;
  await admin.openAccount({ accountId });
  await admin.deposit({ accountId, asset: 'USD', amount: FUNDS, transferId: 1n });
  await admin.deposit({ accountId, asset: 'AAPL', amount: FUNDS, transferId: 2n });
  const raw = rawPublicKey(publicKey);
  const key = await admin.registerApiKey({ accountId, permissions: Permission.trade, publicKey: raw });
  await admin.close();

  const session = await LoadSession.open(node.client, key.fields.apiKeyId, privateKey);
  return { session, instrumentId };
}

async function measure(node: DemoNode, policy: string, options: EndToEndOptions): Promise<PolicyFigures> {
  const { session, instrumentId } = await openLoad(node);
  const flow = new LoadFlow({ seed: options.seed, accounts: 1 });
  await session.run(flow, instrumentId, Math.max(...options.rates), options.warmUpSeconds);
  const roundTrip = percentilesOf(await session.roundTrips(flow, instrumentId, ROUND_TRIPS));
  options.onLine?.(`${policy.padEnd(13)} one at a time                          ${text(roundTrip)}`);
  const runs: EndToEndRun[] = [];
  for (const rate of options.rates) {
    const result = await session.run(flow, instrumentId, rate, options.seconds);
    const run = {
      policy,
      offeredPerSecond: rate,
      answeredPerSecond: Math.round((result.answered * 1000) / result.elapsedMs),
      commands: result.sent,
      rejected: result.rejected,
      ...percentilesOf(result.latencies),
    };
    runs.push(run);
    options.onLine?.(
      `${policy.padEnd(13)} ${String(rate).padStart(7)}/s offered, ${String(run.answeredPerSecond).padStart(7)}/s answered  ${text(run)}`,
    );
    options.onDistribution?.(`${policy}, ${rate}/s, microseconds`, result.latencies);
  }
  await session.close();
  return { policy, roundTrip, runs };
}

/** The live state hash must be what the journal replays to. */
async function verify(node: DemoNode): Promise<void> {
  for (;;) {
    const { checkpoint, processed, durable } = await node.status();
    if (checkpoint !== null && checkpoint.sequence === processed && durable >= processed) {
      const replayed = replayJournal({ directory: join(node.dataDir, 'journal'), toSequence: processed });
      if (replayed.stateHash === checkpoint.stateHash) return;
      throw new Error(
        `at ${processed} the live state is ${checkpoint.stateHash}, the replay ${replayed.stateHash}`,
      );
    }
    await delay(20);
  }
}

export function percentilesOf(histogram: Histogram): Percentiles {
  return {
    p50Us: histogram.getValueAtPercentile(50),
    p90Us: histogram.getValueAtPercentile(90),
    p99Us: histogram.getValueAtPercentile(99),
    p999Us: histogram.getValueAtPercentile(99.9),
    p9999Us: histogram.getValueAtPercentile(99.99),
    maxUs: histogram.maxValue,
  };
}

export function text({ p50Us, p90Us, p99Us, p999Us, p9999Us, maxUs }: Percentiles): string {
  return `us: p50 ${p50Us}  p90 ${p90Us}  p99 ${p99Us}  p99.9 ${p999Us}  p99.99 ${p9999Us}  max ${maxUs}`;
}

export const endToEnd = {
  summary:
    'orders over WebSocket through a whole node, open loop (--rates, --seconds, --warm-up, --policies, --backend, --histogram)',
  async run(args: readonly string[], json: boolean): Promise<object> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rates: { type: 'string', default: '1000,10000,50000' },
        seconds: { type: 'string', default: '5' },
        'warm-up': { type: 'string', default: '25' },
        policies: { type: 'string', default: 'memory,disk,disk+replica,two-disks' },
        backend: { type: 'string', default: 'mmap' },
        seed: { type: 'string', default: '1' },
        histogram: { type: 'boolean', default: false },
      },
    });
    const policies = values.policies.split(',');
    for (const policy of policies) {
      if (!ACKNOWLEDGEMENT_POLICIES.some((known) => known === policy)) {
        throw new RangeError(`--policies ${policy}; allowed: ${ACKNOWLEDGEMENT_POLICIES.join(', ')}`);
      }
    }
    const rates = values.rates.split(',').map(Number);
    if (!rates.every((rate) => rate > 0))
      throw new RangeError(`--rates ${values.rates}; allowed: numbers above 0`);
    return runEndToEnd({
      policies,
      rates,
      seconds: Number(values.seconds),
      warmUpSeconds: Number(values['warm-up']),
      seed: Number(values.seed),
      backend: values.backend,
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
