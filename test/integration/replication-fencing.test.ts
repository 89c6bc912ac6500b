import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { PromisedEpoch } from '../../src/replication/promised-epoch.js';
import { MessageType, readSequence, writeMessageHeader } from '../../src/replication/protocol.js';
import { decodeRefusal, refusalName } from '../../src/replication/refusal.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { Counter } from '../../src/runtime/counters.js';
import { ChaosProxy } from '../support/chaos-proxy.js';
import { buildFrame, MemoryJournal, makeRecords } from '../support/replication/memory-journal.js';
import { sameRecords, settle, TestPrimary, TestStandby, until } from '../support/replication/nodes.js';
import { frameMessage, type RawPeer, RawPrimary } from '../support/replication/raw-peer.js';

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

function journalOf(count: number, epoch = 1): MemoryJournal {
  const journal = new MemoryJournal(7, epoch);
  journal.append(count);
  return journal;
}

/** Sequences acknowledged as received, in order. */
function acknowledged(peer: RawPeer): number[] {
  return peer.messages
    .filter((message) => message.type === MessageType.ack)
    .map((message) => readSequence(message.body, 0));
}

async function follow(epoch = 5): Promise<{ primary: RawPrimary; peer: RawPeer; standby: TestStandby }> {
  const primary = await new RawPrimary(epoch).start();
  cleanups.push(() => primary.close());
  const standby = await startStandby(primary.port, dataDir, undefined, { retryMinMs: 600_000 });
  const peer = await primary.peer();
  await primary.welcome(peer);
  return { primary, peer, standby };
}

/** Three good frames of epoch 5: sequences 1-4, 5-8, 9-12. */
function goodFrames(epoch = 5): Int32Array[] {
  const journal = new MemoryJournal(3, epoch);
  for (let i = 0; i < 3; i++) journal.appendRecords(makeRecords(new Prng(i), journal.lastSequence + 1, 4));
  return journal.frames;
}

function chainAfter(frame: Int32Array): number {
  return frame[11]! >>> 0;
}

describe('frames that must not pass', () => {
  const [first, second, third] = goodFrames() as [Int32Array, Int32Array, Int32Array];
  const flipped = (bit: number) => {
    const frame = second.slice();
    new Uint8Array(frame.buffer)[bit >> 3]! ^= 1 << (bit & 7);
    return frame;
  };
  const records = makeRecords(new Prng(9), 5, 4);
  const unlabelled = makeRecords(new Prng(9), 6, 4);

  it.each([
    ['a sequence gap', third, 'SEQUENCE_GAP'],
    ['a frame a second time', first, 'SEQUENCE_GAP'],
    ['a broken chain', buildFrame(records, 5, 5, 0x1234), 'CHAIN_BROKEN'],
    ['a flipped bit in the header', flipped(8 * 17), 'BAD_FRAME'],
    ['a flipped bit in a record', flipped(8 * 100 + 3), 'CHAIN_BROKEN'],
    ['a lower epoch than the record before', buildFrame(records, 5, 4, chainAfter(first)), 'STALE_EPOCH'],
    ['a higher epoch than the primary leads', buildFrame(records, 5, 6, chainAfter(first)), 'BAD_FRAME'],
    [
      'records that are not what the header counts',
      buildFrame(unlabelled, 5, 5, chainAfter(first)),
      'SEQUENCE_GAP',
    ],
  ])(
    '%s is refused with a code, and nothing of it reaches the ring or is acknowledged',
    async (_name, bad, code) => {
      const { peer, standby } = await follow();
      peer.send(frameMessage(first));
      await until(() => acknowledged(peer).includes(4), 'the good frame is acknowledged');
      peer.send(frameMessage(bad));
      peer.send(frameMessage(second));
      const refused = await peer.refusal();
      expect(refused).toBe(code);
      expect(standby.log.codes()).toContain(code);
      await until(() => peer.isClosed, 'closed');
      standby.drain();
      expect(standby.records.length).toBe(4);
      expect(Math.max(0, ...acknowledged(peer))).toBeLessThanOrEqual(4);
      expect(standby.receiver.position.sequence).toBe(4);
    },
  );

  it.each([
    ['an unknown type', 12, 16],
    ['type 0', 0, 16],
    ['a message of the handshake', MessageType.hello, 48],
    ['a frame with a length that no frame has', MessageType.frame, 100],
    ['a frame without records', MessageType.frame, 48],
    ['a frame longer than any', MessageType.frame, 48 + 4097 * 128],
    ['a length of four gigabytes', MessageType.frame, 0xffffffff],
    ['a heartbeat of a wrong length', MessageType.heartbeat, 24],
  ])('%s ends the connection before its body is taken', async (_name, type, bytes) => {
    const { peer, standby } = await follow();
    await until(() => standby.isFollowing, 'following');
    const header = Buffer.alloc(8);
    writeMessageHeader(header, 0, type, bytes);
    peer.send(header);
    expect(await peer.refusal()).toBe('PROTOCOL_VIOLATION');
  });

  it('control: the same frames in order are all published and acknowledged', async () => {
    const { peer, standby } = await follow();
    for (const frame of [first, second, third]) peer.send(frameMessage(frame));
    await until(() => acknowledged(peer).includes(12), 'acknowledged');
    standby.drain();
    expect(standby.records.length).toBe(12);
  });
});

describe('epochs', () => {
  it('history of lower epochs is taken from a primary of a higher one', async () => {
    const journal = journalOf(30, 1);
    journal.epoch = 2;
    journal.append(30);
    journal.epoch = 7;
    journal.append(30);
    const primary = await startPrimary(journal);
    const standby = new TestStandby(primary.replicator.port, dataDir);
    standby.promise.raise(6);
    await standby.start();
    cleanups.push(() => standby.stop());
    await until(() => standby.records.length === 90, 'everything is there');
    expect(standby.receiver.position.epoch).toBe(7);
    expect(standby.counters.get(Counter.epoch)).toBe(7);
    expect(standby.promise.epoch).toBe(7);
  });
});

describe('promotion', () => {
  it('hands over at the exact end of what was received, and the ring can be taken over', async () => {
    const primary = await startPrimary(journalOf(300));
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 300, 'caught up');
    const position = await standby.receiver.promote(2);
    expect(position).toEqual({ sequence: 300, chain: primary.journal.chain, epoch: 1 });
    expect(standby.counters.get(Counter.promotedSequence)).toBe(300);
    expect(new RingProducer(standby.ring, new WaitStrategy('blocking')).nextSequence).toBe(301);
  });

  it('tells a primary that still lives, which fences itself', async () => {
    const primary = await startPrimary(journalOf(10));
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 10, 'caught up');
    await standby.receiver.promote(2);
    await until(() => primary.higherEpochs.length > 0, 'fenced');
    expect(primary.higherEpochs).toEqual([2]);
    expect([primary.received, primary.isAttached]).toEqual([0, false]);
  });

  it('publishes every frame that came whole, also those that waited for room in the ring, and acknowledges none of them', async () => {
    const { peer, standby, rest } = await followWithFullRing();
    const acknowledgedBefore = Math.max(...acknowledged(peer));
    expect(acknowledgedBefore).toBe(8);
    const promoted = standby.receiver.promote(6);
    expect(PromisedEpoch.open(dataDir).epoch).toBe(6);
    expect(standby.counters.get(Counter.inputPublished)).toBe(8);
    peer.send(rest);
    await settle();
    standby.isDraining = true;
    const position = await promoted;
    // Frame three came whole; the last byte of frame four came after the promotion.
    expect(position.sequence).toBe(12);
    standby.drain();
    expect(standby.records.length).toBe(12);
    expect(Math.max(...acknowledged(peer))).toBe(acknowledgedBefore);
  });

  async function followWithFullRing(): Promise<{ peer: RawPeer; standby: TestStandby; rest: Buffer }> {
    const primary = await new RawPrimary(5).start();
    cleanups.push(() => primary.close());
    const standby = await startStandby(primary.port, dataDir, undefined, { heartbeatMs: 600_000 }, 8);
    standby.isDraining = false;
    const peer = await primary.peer();
    await primary.welcome(peer);
    const frames = goodFrames();
    for (const frame of frames) peer.send(frameMessage(frame));
    const last = frameMessage(buildFrame(makeRecords(new Prng(8), 13, 4), 13, 5, chainAfter(frames[2]!)));
    peer.send(last.subarray(0, last.length - 1));
    await until(() => acknowledged(peer).includes(8), 'the ring is full');
    await settle();
    return { peer, standby, rest: last.subarray(last.length - 1) };
  }

  it('a zombie primary gets no acknowledgement after the promotion, whatever it sends', async () => {
    const { peer, standby, primary } = await follow(5);
    const [first, second] = goodFrames() as [Int32Array, Int32Array, Int32Array];
    peer.send(frameMessage(first));
    await until(() => acknowledged(peer).includes(4), 'acknowledged');
    const promoted = standby.receiver.promote(6);
    peer.send(frameMessage(second));
    expect((await promoted).sequence).toBe(4);
    expect(await peer.refusal()).toBe('STALE_EPOCH');
    await settle();
    expect(acknowledged(peer)).toEqual([]);
    standby.drain();
    expect(standby.records.length).toBe(4);
    expect(primary.peers.length).toBe(1);
  });

  it('a primary that was unreachable during the promotion is fenced when the node listens to it again', async () => {
    const primary = await startPrimary(journalOf(100), { peerTimeoutMs: 600_000 });
    const proxy = await new ChaosProxy({ targetPort: primary.replicator.port, seed: 1 }).start();
    cleanups.push(() => proxy.close());
    const standby = await startStandby(proxy.port, dataDir);
    await until(() => primary.received === 100, 'caught up');
    proxy.goSilent();
    const position = await standby.receiver.promote(2);
    primary.append(50);
    await settle();
    // What the zombie has written since has no acknowledgement.
    expect(primary.received).toBe(100);
    expect(primary.higherEpochs).toEqual([]);
    standby.halt();

    const restarted = await startStandby(primary.replicator.port, dataDir, position);
    await until(() => primary.higherEpochs.length > 0, 'the zombie is fenced');
    await settle();
    expect(primary.higherEpochs[0]).toBe(2);
    expect(restarted.records.length).toBe(0);
    expect(restarted.log.codes()).toContain('STALE_EPOCH');
    expect([primary.received, primary.isAttached]).toEqual([0, false]);
  });

  it.each([0, 1, 4, 5])(
    'to epoch %i is refused when epoch 5 is known, and following goes on',
    async (epoch) => {
      const primary = await startPrimary(journalOf(10, 5));
      const standby = await startStandby(primary.replicator.port, dataDir);
      await until(() => primary.received === 10, 'caught up');
      await expect(standby.receiver.promote(epoch)).rejects.toMatchObject({ code: 'PROMOTION_REFUSED' });
      primary.append(10);
      await until(() => primary.received === 20, 'still following');
      expect(standby.promise.epoch).toBe(5);
    },
  );

  it('happens once', async () => {
    const primary = await startPrimary(journalOf(10));
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 10, 'caught up');
    await standby.receiver.promote(2);
    await expect(standby.receiver.promote(3)).rejects.toMatchObject({ code: 'PROMOTION_REFUSED' });
  });

  it('works without a primary, also between two attempts to connect', async () => {
    const primary = await startPrimary(journalOf(10));
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 10, 'caught up');
    await primary.replicator.close();
    await until(() => !standby.isFollowing, 'the primary has gone');
    await settle(10);
    expect((await standby.receiver.promote(2)).sequence).toBe(10);
    await settle();
    expect(standby.isFollowing).toBe(false);
  });

  it('is not done when the promise cannot be written: following goes on', async () => {
    const primary = await startPrimary(journalOf(10));
    const standby = await startStandby(primary.replicator.port, dataDir);
    await until(() => primary.received === 10, 'caught up');
    rmSync(dataDir, { recursive: true });
    await expect(standby.receiver.promote(2)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(standby.promise.epoch).toBe(1);
    primary.append(10);
    await until(() => primary.received === 20, 'still following');
  });

  it('the promoted node serves a standby of its own, under the new epoch', async () => {
    const old = await startPrimary(journalOf(100));
    const standby = await startStandby(old.replicator.port, dataDir);
    await until(() => old.received === 100, 'caught up');
    await standby.receiver.promote(2);
    await old.replicator.close();
    standby.drain();

    const journal = new MemoryJournal(21);
    for (const record of standby.records) journal.appendRecords(record);
    journal.epoch = 2;
    journal.append(50);
    const next = await startPrimary(journal, { nodeId: 2 });
    const otherDir = mkdtempSync(join(tmpdir(), 'ringfence-replication-'));
    cleanups.push(() => rmSync(otherDir, { recursive: true, force: true }));
    const rejoined = await startStandby(
      next.replicator.port,
      otherDir,
      { sequence: 100, chain: old.journal.chain, epoch: 1 },
      { nodeId: 1 },
    );
    await until(() => next.received === 150, 'the new standby has everything');
    expect(sameRecords(journal.records.slice(100), rejoined.records)).toBe(true);
  });
});

describe('a node that refuses', () => {
  it('says which values it compared', async () => {
    const { peer } = await follow();
    const [, second] = goodFrames();
    peer.send(frameMessage(second!));
    const refusal = decodeRefusal(await peer.take(MessageType.refused), 0);
    expect(refusalName(refusal.code)).toBe('SEQUENCE_GAP');
    expect([refusal.ownValue, refusal.peerValue]).toEqual([1, 5]);
  });
});
