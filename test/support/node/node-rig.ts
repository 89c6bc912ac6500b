/** Nodes in processes of their own, in a temporary directory, for tests that kill, promote and look at journals. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DemoNode } from '../../../src/cli/demo/demo-node.js';
import { initDataDir } from '../../../src/cli/init-data-dir.js';
import { type Market, openMarket } from '../../../src/cli/market.js';
import type { NodeStatus } from '../../../src/node/node-status.js';

const QUIET = {
  port: '0',
  adminPort: '0',
  replicationPort: '0',
  segmentBytes: '1048576',
  messagesPerSecond: '10000000',
  logLevel: 'warn',
};
const FUNDS = 1_000_000_000;

export class NodeRig {
  readonly directory: string;
  private readonly nodes: DemoNode[] = [];
  private readonly markets: Market[] = [];

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'ringfence-node-'));
  }

  /** Makes the data directory of a primary and returns its path. */
  init(name: string, flags: Record<string, string> = {}): string {
    const dataDir = join(this.directory, name);
    initDataDir({ dataDir, join: undefined, replicationKey: undefined, flags: { ...QUIET, ...flags } });
    return dataDir;
  }

  /** Makes the data directory of a standby of a running primary. */
  initStandby(name: string, primary: DemoNode, flags: Record<string, string> = {}): string {
    const dataDir = join(this.directory, name);
    const all = { ...QUIET, primaryAddress: primary.replication!, ...flags };
    initDataDir({ dataDir, join: primary.dataDir, replicationKey: undefined, flags: all });
    return dataDir;
  }

  async start(
    dataDir: string,
    flags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<DemoNode> {
    const node = await DemoNode.start(dataDir, flags, environment);
    this.nodes.push(node);
    return node;
  }

  /** A market on the first node, whose sessions know the order-entry ports of all. */
  async market(
    nodes: readonly DemoNode[],
    accounts: number,
    symbol = 'AAPL-USD',
    firstAccount = 1,
  ): Promise<Market> {
    const market = await openMarket({
      adminUrls: [nodes[0]!.admin],
      urls: nodes.map((node) => node.client),
      adminKeyFile: join(this.directory, 'primary', 'keys', 'admin.pem'),
      symbol,
      base: symbol.split('-')[0]!,
      quote: symbol.split('-')[1]!,
      tickSize: { mantissa: 1, exponent: -2 },
      firstAccount,
      accounts,
      quoteFunds: FUNDS,
      baseFunds: FUNDS,
    });
    this.markets.push(market);
    return market;
  }

  /** Ends everything that still runs and removes the directory. */
  async close(): Promise<void> {
    await Promise.all(this.markets.map((market) => market.close()));
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The status once `isReached`, looked for until a minute is over. */
export async function statusWhen(
  node: DemoNode,
  isReached: (status: NodeStatus) => boolean,
): Promise<NodeStatus> {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const status = await node.status();
    if (isReached(status)) return status;
    if (performance.now() > giveUpAt)
      throw new Error(`the node did not come to it: ${JSON.stringify(status)}`);
    await delay(20);
  }
}

/** True when the node is at rest and has taken a checkpoint of its last command. */
export function isAtRest(status: NodeStatus): boolean {
  return status.checkpoint?.sequence === status.processed && status.durable >= status.processed;
}
