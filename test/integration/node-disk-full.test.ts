/** A live node on a disk that fills up: alarm, orders refused, cancels taken, recovery, controlled stop. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { manifestFaults, readManifest } from '../../journal/manifest.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openStorage } from '../../journal/open-storage.js';
import { verifyJournal } from '../../journal/verify.js';
import { initDataDir } from '../../src/cli/init-data-dir.js';
import { type Market, openMarket } from '../../src/cli/market.js';
import { OrderType, RejectCode, Side, TimeInForce } from '../../src/core/codes.js';
import { resolveConfig } from '../../src/node/config.js';
import type { RunningNode } from '../../src/node/node.js';
import { SmallDisk } from '../support/small-disk.js';

const MIB = 1 << 20;
const BURST = 500;
/** In the last segment: few between two looks of the node at its disk. */
const SLOW_BURST = 100;
const disk = SmallDisk.mount('8m');
afterAll(() => disk?.unmount());

function order(market: Market, clientOrderId: bigint) {
  return market.sessions[0]!.newOrder({
    clientOrderId,
    instrumentId: market.instrumentId,
    side: Side.buy,
    orderType: OrderType.limit,
    timeInForce: TimeInForce.GTC,
    priceTicks: 100,
    quantityLots: 1,
  });
}

/** Cancels that find no order: they fill the journal and change nothing. */
async function cancels(market: Market, count = BURST): Promise<unknown[]> {
  const { instrumentId } = market;
  const answers = Array.from({ length: count }, () =>
    market.sessions[0]!.cancelOrder({ clientOrderId: 99n, instrumentId }).catch((error: unknown) => error),
  );
  return Promise.all(answers);
}

test.skipIf(disk === undefined)(
  'a full disk refuses orders, takes cancels, recovers with room, and ends in a controlled stop',
  async () => {
    const dataDir = join(disk!.directory, 'node');
    const ballast = join(disk!.directory, 'ballast');
    const flags = {
      port: '0',
      adminPort: '0',
      replicationPort: '0',
      segmentBytes: `${MIB}`,
      minFreeBytes: '0',
    };
    initDataDir({
      dataDir,
      join: undefined,
      replicationKey: undefined,
      flags: { ...flags, logLevel: 'silent' },
    });
    const { startNode } = (await import('../../dist/src/node/node.js' as string)) as {
      startNode(config: unknown): Promise<RunningNode>;
    };
    const node = await startNode(resolveConfig({ dataDir }, {}));
    const until = async (isReached: () => boolean, work: () => Promise<unknown>): Promise<void> => {
      for (let i = 0; !isReached(); i++) {
        if (i > 2000) throw new Error(`not reached: ${JSON.stringify(node.status().journal)}`);
        await work();
      }
    };
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    const market = await openMarket({
      adminUrls: [node.addresses.admin],
      urls: [node.addresses.client],
      adminKeyFile: join(dataDir, 'keys', 'admin.pem'),
      symbol: 'AAPL-USD',
      base: 'AAPL',
      quote: 'USD',
      tickSize: { mantissa: 1, exponent: -2 },
      firstAccount: 1,
      accounts: 1,
      quoteFunds: 1_000_000,
      baseFunds: 1_000_000,
    });
    await until(() => node.status().journal.preparedSegments === 2, pause);
    expect((await order(market, 1n)).name).toBe('accepted');

    writeFileSync(ballast, new Uint8Array(node.status().journal.freeBytes - MIB / 2));
    await until(
      () => node.status().journal.lowDiskSpace,
      () => cancels(market),
    );
    expect(node.status().journal).toMatchObject({ preparerErrno: 28, lowDiskAlarms: 1 });
    await expect(order(market, 2n)).rejects.toMatchObject({ code: RejectCode.LOW_DISK_SPACE });
    const cancelled = await market.sessions[0]!.cancelOrder({
      clientOrderId: 1n,
      instrumentId: market.instrumentId,
    });
    expect(cancelled.name).toBe('cancelled');

    rmSync(ballast);
    await until(() => !node.status().journal.lowDiskSpace, pause);
    expect((await order(market, 3n)).name).toBe('accepted');

    const storage = openStorage(join(dataDir, 'journal'), 'positional');
    await until(() => readManifest(storage).length > 0, pause);
    const publicKey = signerOf(readFileSync(join(dataDir, 'keys', 'node.pem'), 'utf8')).publicKey;
    expect(manifestFaults(readManifest(storage), publicKey)).toEqual([]);

    await until(() => node.status().journal.preparedSegments === 2, pause);
    writeFileSync(ballast, new Uint8Array(node.status().journal.freeBytes - MIB / 2));
    let exitCode: number | undefined;
    void node.closed.then((code) => {
      exitCode = code;
    });
    await until(
      () => exitCode !== undefined,
      async () => {
        const isLastSegment = node.status().journal.preparedSegments === 0;
        await Promise.race([cancels(market, isLastSegment ? SLOW_BURST : BURST), node.closed]);
        if (isLastSegment) await pause();
      },
    );
    expect(exitCode).toBe(1);
    expect(node.failureReason?.message).toMatch(/disk of .* is full .* free some space/);
    await market.close();
    const report = verifyJournal(storage);
    expect(report).toMatchObject({ ok: true, tornBytes: 0 });
    expect(report.lastSequence).toBe(node.status().durable);
  },
  60_000,
);
