import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_FRAME_BYTES } from '../../journal/frame.js';
import { Prng } from '../../src/base/prng.js';
import { Counter } from '../../src/runtime/counters.js';
import { ChaosProxy } from '../support/chaos-proxy.js';
import { MemoryJournal, makeRecords } from '../support/replication/memory-journal.js';
import { sameRecords, settle, TestPrimary, TestStandby, until } from '../support/replication/nodes.js';

let dataDir: string;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringfence-replication-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startPrimary(journal: MemoryJournal, overrides = {}): Promise<TestPrimary> {
  const primary = await new TestPrimary(journal, overrides).start();
  cleanups.push(() => primary.replicator.close());
  return primary;
}

async function startStandby(...args: ConstructorParameters<typeof TestStandby>): Promise<TestStandby> {
  const standby = await new TestStandby(...args).start();
  cleanups.push(() => standby.stop());
  return standby;
}

async function startProxy(targetPort: number): Promise<ChaosProxy> {
  const proxy = await new ChaosProxy({ targetPort, seed: 1 }).start();
  cleanups.push(() => proxy.close());
  return proxy;
}

function journalOf(count: number, epoch = 1, maxFrame = 16): MemoryJournal {
  const journal = new MemoryJournal(7, epoch);
  journal.append(count, maxFrame);
  return journal;
}

describe('replication stream', () => {
  it('goes from catch-up to live without a gap while the journal grows', async () => {
    const journal = journalOf(5000);
    const primary = await startPrimary(journal);
    const standby = await startStandby(primary.replicator.port, dataDir);
    for (let i = 0; i < 200; i++) {
      primary.append(1 + (i % 37));
      if (i % 5 === 0) await settle(1);
    }
    await until(() => standby.records.length === journal.lastSequence, 'the standby has everything');
    expect(sameRecords(journal.records, standby.records)).toBe(true);
    expect(standby.receiver.position).toEqual({
      sequence: journal.lastSequence,
      chain: journal.chain,
      epoch: 1,
    });
    expect(standby.counters.get(Counter.inputPublished)).toBe(journal.lastSequence);
    expect(standby.counters.get(Counter.epoch)).toBe(1);
  });

  it('never sends a frame beyond the journal-written counter', async () => {
    const journal = journalOf(64, 1, 1);
    const primary = new TestPrimary(journal);
    primary.counters.set(Counter.journalWritten, 40);
    await primary.start();
    cleanups.push(() => primary.replicator.close());
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => standby.records.length === 40, 'what is written is there');
    await settle();
    expect(standby.records.length).toBe(40);
    primary.counters.set(Counter.journalWritten, 64);
    await until(() => standby.records.length === 64, 'the rest follows');
  });

  it('wakes when the journal-written counter moves, without waiting for a heartbeat', async () => {
    const primary = await startPrimary(journalOf(10), { heartbeatMs: 600_000 });
    const standby = await startStandby(primary.replicator.port, dataDir, undefined, { heartbeatMs: 600_000 });
    await until(() => primary.received === 10, 'attached');
    for (let i = 0; i < 20; i++) {
      primary.append(1);
      await until(() => primary.durable === primary.journal.lastSequence, `record ${i} is acknowledged`);
    }
    expect(standby.records.length).toBe(30);
  });

  it('carries a frame of the largest size', async () => {
    const journal = new MemoryJournal(3);
    for (let i = 0; i < 3; i++)
      journal.appendRecords(makeRecords(new Prng(i), journal.lastSequence + 1, 4096));
    expect(journal.frames[0]!.byteLength).toBe(MAX_FRAME_BYTES);
    const primary = await startPrimary(journal);
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => standby.records.length === 3 * 4096, 'all three frames are there');
    expect(sameRecords(journal.records, standby.records)).toBe(true);
  });

  it('resumes in the middle of a primary frame, and verifies the part that it skips', async () => {
    const journal = new MemoryJournal(11);
    journal.appendRecords(makeRecords(new Prng(1), 1, 30));
    journal.appendRecords(makeRecords(new Prng(2), 31, 30));
    const primary = await startPrimary(journal);
    const position = { sequence: 41, chain: journal.chains[41]!, epoch: 1 };
    const standby = new TestStandby(primary.replicator.port, dataDir, position);
    expect(standby.counters.get(Counter.inputPublished)).toBe(41);
    await standby.start();
    cleanups.push(() => standby.stop());
    await until(() => standby.records.length === 19, 'the rest is there');
    expect(sameRecords(journal.records.slice(41), standby.records)).toBe(true);
    expect(standby.receiver.position.chain).toBe(journal.chain);
  });

  it('goes on after a cut connection, with nothing lost and nothing doubled', async () => {
    const primary = await startPrimary(journalOf(500));
    const proxy = await startProxy(primary.replicator.port);
    const standby = await startStandby(proxy.port, dataDir);
    for (let i = 0; i < 5; i++) {
      await until(() => standby.records.length === primary.journal.lastSequence, 'caught up');
      proxy.cut();
      primary.append(100);
    }
    await until(() => primary.durable === primary.journal.lastSequence, 'caught up again');
    expect(sameRecords(primary.journal.records, standby.records)).toBe(true);
  });
});

describe('acknowledgements', () => {
  it('received follows the ring, durable follows the local journal', async () => {
    const primary = await startPrimary(journalOf(100));
    const standby = await startStandby(primary.replicator.port, dataDir);
    standby.isDraining = false;
    await until(() => primary.received === 100, 'all received');
    await settle();
    expect(primary.durable).toBe(0);
    standby.isDraining = true;
    await until(() => primary.durable === 100, 'all durable');
  });

  it('counters are zero before a standby is attached and again after it has gone', async () => {
    const primary = await startPrimary(journalOf(100));
    expect([primary.received, primary.durable, primary.isAttached]).toEqual([0, 0, false]);
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.durable === 100, 'acknowledged');
    expect(primary.isAttached).toBe(true);
    await standby.stop();
    await until(() => !primary.isAttached, 'detached');
    expect([primary.received, primary.durable]).toEqual([0, 0]);
  });

  it('a standby that is cut off silently is detached and its acknowledgements no longer count', async () => {
    const primary = await startPrimary(journalOf(100), { peerTimeoutMs: 150 });
    const proxy = await startProxy(primary.replicator.port);
    const standby = await startStandby(proxy.port, dataDir, undefined, { peerTimeoutMs: 150 });
    await until(() => primary.received === 100, 'acknowledged');
    proxy.goSilent();
    await until(() => primary.received === 0, 'the primary has detached it');
    await until(() => standby.log.text().includes('the primary is silent'), 'the standby has noticed');
    await until(() => primary.received === 100, 'attached again');
  });

  it('a standby that comes back displaces its own dead connection at once', async () => {
    const primary = await startPrimary(journalOf(100));
    const proxy = await startProxy(primary.replicator.port);
    const first = await startStandby(proxy.port, dataDir);
    await until(() => primary.received === 100, 'acknowledged');
    proxy.goSilent();
    first.halt();
    const again = await startStandby(primary.replicator.port, dataDir);
    await until(
      () => again.records.length === 100 && primary.received === 100,
      'the new connection is served',
    );
    expect(primary.log.codes()).toContain('DISPLACED');
  });

  it('a second standby is refused while one is attached, and served when that one has gone', async () => {
    const primary = await startPrimary(journalOf(100));
    const first = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 100, 'the first is attached');
    const otherDir = mkdtempSync(join(tmpdir(), 'ringfence-replication-'));
    cleanups.push(() => rmSync(otherDir, { recursive: true, force: true }));
    const second = await startStandby(primary.replicator.port, otherDir, undefined, { nodeId: 3 });
    await until(() => second.log.codes().includes('STANDBY_ATTACHED'), 'the second is refused');
    expect(second.records.length).toBe(0);
    await first.stop();
    await until(() => second.records.length === 100, 'the second is served');
  });
});

describe('slow standby', () => {
  it('a full ring stops the socket; nothing is lost when it drains again, and the primary is not taken for silent', async () => {
    const primary = await startPrimary(journalOf(20_000, 1, 500), { peerTimeoutMs: 200 });
    const standby = await startStandby(
      primary.replicator.port,
      dataDir,
      undefined,
      { peerTimeoutMs: 200 },
      64,
    );
    standby.isDraining = false;
    await until(() => primary.received === 64, 'the ring is full');
    await settle(500);
    expect(primary.received).toBe(64);
    expect(primary.isAttached).toBe(true);
    expect(standby.log.text()).not.toContain('silent');
    standby.isDraining = true;
    await until(() => standby.records.length === 20_000, 'everything is there');
    expect(sameRecords(primary.journal.records, standby.records)).toBe(true);
  });

  it('the primary holds a bounded number of bytes for a standby that does not read, and says that it lags', async () => {
    const journal = new MemoryJournal(5);
    for (let i = 0; i < 40; i++)
      journal.appendRecords(makeRecords(new Prng(i), journal.lastSequence + 1, 4096));
    let readBytes = 0;
    const counting = {
      chainAt: (sequence: number) => journal.chainAt(sequence),
      seek: (sequence: number) => journal.seek(sequence),
      read: (target: Uint8Array, offset: number, limit: number) => {
        const bytes = journal.read(target, offset, limit);
        readBytes += bytes;
        return bytes;
      },
    };
    const primary = await startPrimary(journal, {
      source: counting,
      maxLagMs: 600_000,
      maxLagBytes: 1024 * 1024,
    });
    const standby = await startStandby(primary.replicator.port, dataDir, undefined, {}, 1024);
    standby.isDraining = false;
    await until(() => primary.log.text().includes('standby lags'), 'the lag is reported');
    let held = -1;
    while (held !== readBytes) {
      held = readBytes;
      await settle(150);
    }
    // Two sockets' kernel buffers, three send buffers, one assembler: far from the 20 MiB that are waiting.
    expect(held).toBeLessThan(14 * 1024 * 1024);
    standby.isDraining = true;
    await until(() => standby.records.length === journal.lastSequence, 'everything is there');
    await until(() => primary.log.text().includes('standby has caught up'), 'the end of the lag is reported');
    expect(primary.log.lines.filter((line) => line.message === 'standby lags').length).toBe(1);
  });
});

describe('state checkpoints', () => {
  it('equal checkpoints pass, whichever node comes first', async () => {
    const primary = await startPrimary(journalOf(8192));
    primary.checkpoints.record(4096, 1, 2, 3, 4);
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => standby.records.length === 8192, 'caught up');
    standby.checkpoints.record(4096, 1, 2, 3, 4);
    standby.checkpoints.record(8192, 5, 6, 7, 0xffffffff);
    primary.checkpoints.record(8192, 5, 6, 7, 0xffffffff);
    await until(() => standby.receiver.comparedCount === 2, 'both are compared');
    expect(standby.divergences).toEqual([]);
  });

  it.each([
    ['state hash', [9, 2, 3, 4]],
    ['output hash', [1, 2, 3, 9]],
  ] as const)(
    'a standby with another %s stops and both nodes report both values',
    async (_name, [stateLow, stateHigh, outputLow, outputHigh]) => {
      const primary = await startPrimary(journalOf(5000));
      const standby = await startStandby(primary.replicator.port, dataDir);
      await until(() => primary.received === 5000, 'caught up');
      primary.checkpoints.record(4096, 1, 2, 3, 4);
      standby.checkpoints.record(4096, stateLow, stateHigh, outputLow, outputHigh);
      await until(() => standby.divergences.length === 1 && primary.divergences.length === 1, 'both know');
      const [primaryView, standbyView] = primary.divergences[0]!;
      expect(primaryView).toEqual({
        sequence: 4096,
        stateHashLow: 1,
        stateHashHigh: 2,
        outputHashLow: 3,
        outputHashHigh: 4,
      });
      expect(standbyView.stateHashLow).toBe(stateLow);
      expect(standbyView.outputHashHigh).toBe(outputHigh);
      expect(standby.divergences[0]).toEqual(primary.divergences[0]);
      for (const log of [primary.log, standby.log]) {
        expect(log.codes()).toContain('STATE_DIVERGED');
        expect(log.text()).toContain('0000000200000001');
      }
      await until(() => !primary.isAttached, 'detached');
      await settle();
      expect(standby.isFollowing).toBe(false);
      expect(primary.received).toBe(0);
    },
  );

  it('every kept checkpoint is sent, each once', async () => {
    const primary = await startPrimary(journalOf(100));
    for (let i = 1; i <= 70; i++) primary.checkpoints.record(i * 4096, i, 0, 0, 0);
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 100, 'attached');
    for (let i = 1; i <= 70; i++) standby.checkpoints.record(i * 4096, i, 0, 0, 0);
    await until(() => standby.receiver.comparedCount === 64, 'the kept ones are compared');
    await settle();
    expect(standby.receiver.comparedCount).toBe(64);
  });
});

describe('a journal that cannot be read', () => {
  it('costs the primary its standby and nothing else', async () => {
    const primary = await startPrimary(journalOf(100));
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 100, 'attached');
    primary.journal.failure = new Error('segment 7 is rotten at 4096');
    primary.append(1);
    await until(() => standby.log.codes().includes('HISTORY_UNAVAILABLE'), 'the standby is told');
    expect(primary.log.text()).toContain('segment 7 is rotten at 4096');
    expect(primary.received).toBe(0);
    primary.journal.failure = undefined;
    await until(() => primary.received === 101, 'served again');
    expect(standby.refusals).toEqual([]);
  });
});
