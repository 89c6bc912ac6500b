import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProof } from '../../src/replication/authentication.js';
import {
  decodeWelcome,
  encodeHello,
  encodeJoin,
  encodeProof,
  MessageType,
  PROTOCOL_VERSION,
  Role,
  writeMessageHeader,
} from '../../src/replication/protocol.js';
import { decodeRefusal, refusalName } from '../../src/replication/refusal.js';
import { SCHEMA_VERSION } from '../../src/wire/schema.js';
import { MemoryJournal } from '../support/replication/memory-journal.js';
import { CLUSTER_ID, KEY, settle, TestPrimary, TestStandby, until } from '../support/replication/nodes.js';
import { RawPrimary, RawStandby } from '../support/replication/raw-peer.js';

let dataDir: string;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringfence-replication-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startPrimary(count = 20, epoch = 1, overrides = {}): Promise<TestPrimary> {
  const journal = new MemoryJournal(7, epoch);
  journal.append(count);
  const primary = await new TestPrimary(journal, overrides).start();
  cleanups.push(() => primary.replicator.close());
  return primary;
}

async function connectTo(primary: TestPrimary): Promise<RawStandby> {
  const standby = await RawStandby.connect(primary.replicator.port);
  cleanups.push(() => standby.socket.destroy());
  return standby;
}

async function startStandby(port: number, overrides = {}, position = undefined): Promise<TestStandby> {
  const standby = await new TestStandby(port, dataDir, position, overrides).start();
  cleanups.push(() => standby.stop());
  return standby;
}

async function startRawPrimary(epoch = 1): Promise<RawPrimary> {
  const primary = await new RawPrimary(epoch).start();
  cleanups.push(() => primary.close());
  return primary;
}

describe('handshake, seen by the primary', () => {
  it('welcomes a standby that proves the key, with its epoch, node id and last sequence', async () => {
    const primary = await startPrimary(20, 3);
    const standby = await connectTo(primary);
    await standby.join();
    const welcome = decodeWelcome(await standby.take(MessageType.welcome), 0);
    expect(welcome).toEqual({
      epoch: 3,
      nodeId: 1,
      written: 20,
      heartbeatMs: 20,
      schemaVersion: SCHEMA_VERSION,
      features: 0,
    });
    await standby.take(MessageType.frame);
  });

  it('refuses a wrong key with a code and a log line, and tells nothing else', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    await standby.authenticate({ key: Buffer.alloc(32, 8) });
    const body = await standby.take(MessageType.refused);
    const { code, ...values } = decodeRefusal(body, 0);
    expect(refusalName(code)).toBe('AUTHENTICATION_FAILED');
    expect(values).toEqual({ epoch: 0, sequence: 0, ownValue: 0, peerValue: 0 });
    await until(() => standby.isClosed, 'closed');
    expect(standby.messages).toEqual([]);
    expect(primary.log.codes()).toEqual(['AUTHENTICATION_FAILED']);
    expect(primary.log.text()).not.toContain(KEY.toString('hex'));
    expect(primary.isAttached).toBe(false);
  });

  it('refuses the proof of an earlier connection: its nonce is used up', async () => {
    const primary = await startPrimary();
    const honest = await connectTo(primary);
    await honest.join();
    await honest.take(MessageType.welcome);
    honest.socket.destroy();
    const thief = await connectTo(primary);
    for (const message of honest.sent) thief.send(message);
    expect(await thief.refusal()).toBe('AUTHENTICATION_FAILED');
  });

  it('gives every connection another nonce', async () => {
    const primary = await startPrimary();
    const nonces = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const standby = await connectTo(primary);
      await standby.authenticate();
      nonces.add(standby.primaryNonce.toString('hex'));
    }
    expect(nonces.size).toBe(5);
  });

  it('refuses a proof that was made for the role of a primary', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    await standby.authenticate({ proofRole: Role.primary });
    expect(await standby.refusal()).toBe('AUTHENTICATION_FAILED');
  });

  it('refuses a node of another cluster, without giving it a proof', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    await standby.authenticate({ clusterId: CLUSTER_ID + 1n });
    expect(await standby.refusal()).toBe('OTHER_CLUSTER');
    expect(standby.messages.some((message) => message.type === MessageType.proof)).toBe(false);
  });

  it('refuses a proof that was signed for another cluster than the claimed one', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    const { nonce } = standby;
    standby.send(
      encodeHello({ protocolVersion: PROTOCOL_VERSION, role: Role.standby, clusterId: CLUSTER_ID, nonce }),
    );
    const challenge = await standby.take(MessageType.challenge);
    const proof = makeProof(KEY, Role.standby, CLUSTER_ID + 1n, nonce, challenge.subarray(8));
    standby.send(encodeProof(proof));
    expect(await standby.refusal()).toBe('AUTHENTICATION_FAILED');
  });

  it('refuses its own node id', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    await standby.join({ nodeId: 1 });
    expect(await standby.refusal()).toBe('SAME_NODE');
  });

  it('refuses another version of the protocol', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    const { nonce } = standby;
    standby.send(encodeHello({ protocolVersion: 2, role: Role.standby, clusterId: CLUSTER_ID, nonce }));
    expect(await standby.refusal()).toBe('UNSUPPORTED_PROTOCOL');
  });

  it('refuses a standby whose chain differs at its last record, and both sides can read both values', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    await standby.join({ sequence: 10, chain: 0x1234, epoch: 1 });
    const refusal = decodeRefusal(await standby.take(MessageType.refused), 0);
    expect(refusalName(refusal.code)).toBe('JOURNAL_DIVERGED');
    expect(refusal.sequence).toBe(10);
    expect(refusal.ownValue).toBe(primary.journal.chains[10]);
    expect(refusal.peerValue).toBe(0x1234);
    expect(primary.log.text()).toContain('00001234');
    expect(primary.isAttached).toBe(false);
  });

  it('refuses a standby with a chain at sequence 0 that is not genesis', async () => {
    const primary = await startPrimary();
    const standby = await connectTo(primary);
    await standby.join({ sequence: 0, chain: 1 });
    expect(await standby.refusal()).toBe('JOURNAL_DIVERGED');
  });

  it('refuses a standby that is ahead of its journal', async () => {
    const primary = await startPrimary(20);
    const standby = await connectTo(primary);
    await standby.join({ sequence: 21, chain: 0, epoch: 1 });
    const refusal = decodeRefusal(await standby.take(MessageType.refused), 0);
    expect(refusalName(refusal.code)).toBe('STANDBY_AHEAD');
    expect([refusal.ownValue, refusal.peerValue]).toEqual([20, 21]);
  });

  it.each([
    ['promised', { promisedEpoch: 4 }],
    ['recorded', { epoch: 4 }],
  ])('a standby that has %s a higher epoch fences this primary', async (_name, join) => {
    const primary = await startPrimary(20, 3);
    const standby = await connectTo(primary);
    await standby.join({ sequence: 10, chain: primary.journal.chains[10]!, epoch: 3, ...join });
    expect(await standby.refusal()).toBe('STALE_EPOCH');
    expect(primary.higherEpochs).toEqual([4]);
    expect(primary.isAttached).toBe(false);
  });

  it('a higher epoch from somebody without the key fences nothing', async () => {
    const primary = await startPrimary(20, 3);
    const standby = await connectTo(primary);
    await standby.authenticate({ key: Buffer.alloc(32, 8) });
    standby.send(encodeJoin({ nodeId: 2, promisedEpoch: 9, sequence: 0, chain: 0, epoch: 0 }));
    expect(await standby.refusal()).toBe('AUTHENTICATION_FAILED');
    await settle();
    expect(primary.higherEpochs).toEqual([]);
  });

  it('closes a connection that does not finish the handshake in time', async () => {
    const primary = await startPrimary(20, 1, { handshakeTimeoutMs: 30 });
    const silent = await connectTo(primary);
    expect(await silent.refusal()).toBe('HANDSHAKE_TIMEOUT');
    const halfway = await connectTo(primary);
    await halfway.authenticate();
    await halfway.take(MessageType.proof);
    expect(await halfway.refusal()).toBe('HANDSHAKE_TIMEOUT');
    await until(() => halfway.isClosed, 'closed');
  });

  it('a connection that does not speak the protocol harms nobody', async () => {
    const primary = await startPrimary();
    const stranger = await connectTo(primary);
    stranger.send(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await until(() => stranger.isClosed, 'closed');
    const wrongMagic = await connectTo(primary);
    const hello = Buffer.alloc(56);
    writeMessageHeader(hello, 0, MessageType.hello, 48);
    wrongMagic.send(hello);
    expect(await wrongMagic.refusal()).toBe('PROTOCOL_VIOLATION');
    const standby = await startStandby(primary.replicator.port);
    await until(() => primary.received === 20, 'an honest standby is served');
    expect(standby.records.length).toBe(20);
  });

  it('takes no join, no acknowledgement and no refusal from somebody unauthenticated', async () => {
    const primary = await startPrimary();
    for (const type of [MessageType.join, MessageType.ack, MessageType.refused, MessageType.diverged]) {
      const standby = await connectTo(primary);
      const header = Buffer.alloc(8);
      writeMessageHeader(header, 0, type, 24);
      standby.send(header);
      expect(await standby.refusal()).toBe('PROTOCOL_VIOLATION');
    }
  });

  it.each([
    ['beyond what was sent', 21, 0],
    ['durable beyond received', 10, 11],
    ['of no sequence at all', -1, 0],
  ])('an acknowledgement %s does not count and ends the connection', async (_name, received, durable) => {
    const primary = await startPrimary(20);
    const standby = await connectTo(primary);
    await standby.join();
    await standby.take(MessageType.frame);
    const ack = Buffer.alloc(24);
    writeMessageHeader(ack, 0, MessageType.ack, 16);
    ack.writeBigInt64LE(BigInt(received), 8);
    ack.writeBigInt64LE(BigInt(durable), 16);
    standby.send(ack);
    expect(await standby.refusal()).toBe('PROTOCOL_VIOLATION');
    expect([primary.received, primary.durable]).toEqual([0, 0]);
  });

  it('detaches a standby that says nothing more, and its acknowledgements no longer count', async () => {
    const primary = await startPrimary(20, 1, { peerTimeoutMs: 100 });
    const standby = await connectTo(primary);
    await standby.join({ sequence: 20, chain: primary.journal.chain, epoch: 1 });
    await standby.take(MessageType.welcome);
    const ack = Buffer.alloc(24);
    writeMessageHeader(ack, 0, MessageType.ack, 16);
    ack.writeBigInt64LE(20n, 8);
    ack.writeBigInt64LE(20n, 16);
    standby.send(ack);
    await until(() => primary.durable === 20, 'acknowledged');
    await until(() => standby.isClosed, 'given up');
    expect([primary.received, primary.durable, primary.isAttached]).toEqual([0, 0, false]);
    expect(primary.log.text()).toContain('standby is silent');
  });

  it('acknowledgements may not go back within a connection', async () => {
    const primary = await startPrimary(20);
    const standby = await connectTo(primary);
    await standby.join({ sequence: 20, chain: primary.journal.chain, epoch: 1 });
    await standby.take(MessageType.welcome);
    for (const received of [15, 14]) {
      const ack = Buffer.alloc(24);
      writeMessageHeader(ack, 0, MessageType.ack, 16);
      ack.writeBigInt64LE(BigInt(received), 8);
      standby.send(ack);
      if (received === 15) await until(() => primary.received === 15, 'the first counts');
    }
    expect(await standby.refusal()).toBe('PROTOCOL_VIOLATION');
    expect(primary.received).toBe(0);
  });

  it('listens on the loopback unless told otherwise, and says which port is taken', async () => {
    const primary = await startPrimary();
    const port = primary.replicator.port;
    const second = new TestPrimary(new MemoryJournal(1), { port });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE', address: '127.0.0.1', port });
  });

  it('takes no key that is too short to be a secret', () => {
    expect(() => new TestPrimary(new MemoryJournal(1), { key: Buffer.alloc(8) })).toThrow(/8 bytes/);
    expect(() => new TestStandby(1, dataDir, undefined, { key: Buffer.alloc(8) })).toThrow(/8 bytes/);
  });
});

describe('handshake, seen by the standby', () => {
  it('stops at a primary whose records only a newer release can read', async () => {
    const primary = await startRawPrimary();
    primary.schemaVersion = SCHEMA_VERSION + 1;
    const standby = await startStandby(primary.port);
    const peer = await primary.peer();
    await primary.welcome(peer);
    expect(await peer.refusal()).toBe('NEWER_RELEASE');
    await until(() => standby.refusals.length > 0, 'the standby stops');
    expect(standby.refusals).toEqual(['NEWER_RELEASE']);
    expect(standby.promise.epoch).toBe(0);
  });

  it('does not follow a primary that cannot prove the key', async () => {
    const primary = await startRawPrimary();
    primary.key = Buffer.alloc(32, 8);
    const standby = await startStandby(primary.port);
    const peer = await primary.peer();
    await primary.welcome(peer).catch(() => {});
    await until(() => standby.log.codes().includes('AUTHENTICATION_FAILED'), 'refused');
    expect(peer.messages.some((message) => message.type === MessageType.join)).toBe(false);
    expect(standby.isFollowing).toBe(false);
    expect(standby.promise.epoch).toBe(0);
  });

  it('does not accept its own proof back', async () => {
    const primary = await startRawPrimary();
    const standby = await startStandby(primary.port);
    const peer = await primary.peer();
    const hello = await peer.take(MessageType.hello);
    const challenge = Buffer.alloc(48);
    writeMessageHeader(challenge, 0, MessageType.challenge, 40);
    challenge.set(hello.subarray(16, 48), 16);
    peer.send(challenge);
    peer.send(encodeProof(await peer.take(MessageType.proof)));
    await until(() => standby.log.codes().includes('AUTHENTICATION_FAILED'), 'refused');
  });

  it('keeps trying while the primary does not answer, and follows as soon as it does', async () => {
    const primary = new TestPrimary(new MemoryJournal(7));
    await primary.start();
    const { port } = primary.replicator;
    await primary.replicator.close();
    const standby = await startStandby(port);
    await until(() => standby.log.codes().includes('ECONNREFUSED'), 'the failure is logged');
    await settle(60);
    expect(standby.log.codes().filter((code) => code === 'ECONNREFUSED').length).toBe(1);
    const again = await new TestPrimary(new MemoryJournal(7), { port }).start();
    cleanups.push(() => again.replicator.close());
    again.append(5);
    await until(() => standby.records.length === 5, 'it follows');
  });

  it('gives up a primary that accepts the connection and then says nothing', async () => {
    const primary = await startRawPrimary();
    const standby = await startStandby(primary.port, { handshakeTimeoutMs: 30 });
    await primary.peer(2);
    expect(standby.log.codes()).toEqual(['HANDSHAKE_TIMEOUT']);
    expect(primary.peers[0]!.messages.map((message) => message.type)).toEqual([MessageType.hello]);
  });

  it('tells nothing to a primary that has not proved the key, not even that it goes', async () => {
    const primary = await startRawPrimary();
    const standby = await startStandby(primary.port);
    const peer = await primary.peer();
    await peer.take(MessageType.hello);
    await standby.receiver.promote(9);
    await until(() => peer.isClosed, 'closed');
    expect(peer.messages).toEqual([]);
  });

  it.each([
    ['SAME_NODE', { nodeId: 1 }],
    ['OTHER_CLUSTER', { clusterId: 1n }],
  ])('%s is final: the node is told once and does not try again', async (code, overrides) => {
    const primary = await startPrimary();
    const standby = await startStandby(primary.replicator.port, overrides);
    await until(() => standby.refusals.length > 0, 'told');
    await settle();
    expect(standby.refusals).toEqual([code]);
    expect(standby.log.codes()).toContain(code);
    expect(primary.log.codes().filter((seen) => seen === code).length).toBe(1);
  });

  it('joins with its position and promise, and promises the epoch that it follows', async () => {
    const primary = await startRawPrimary(6);
    const standby = new TestStandby(primary.port, dataDir, { sequence: 41, chain: 0xfeedbeef, epoch: 5 });
    standby.promise.raise(5);
    await standby.start();
    cleanups.push(() => standby.stop());
    const peer = await primary.peer();
    const body = await primary.welcome(peer);
    expect(Number(body.readBigInt64LE(0))).toBe(41);
    expect([8, 12, 16, 20].map((at) => body.readUInt32LE(at))).toEqual([2, 5, 5, 0xfeedbeef]);
    await until(() => standby.isFollowing, 'following');
    expect(standby.promise.epoch).toBe(6);
  });

  it('does not follow a primary of a lower epoch than it has promised, and tells it so', async () => {
    const primary = await startRawPrimary(4);
    const standby = new TestStandby(primary.port, dataDir);
    standby.promise.raise(5);
    await standby.start();
    cleanups.push(() => standby.stop());
    const peer = await primary.peer();
    await primary.welcome(peer);
    const refusal = decodeRefusal(await peer.take(MessageType.refused), 0);
    expect(refusalName(refusal.code)).toBe('STALE_EPOCH');
    expect(refusal.epoch).toBe(5);
    expect(standby.isFollowing).toBe(false);
    expect(peer.messages.some((message) => message.type === MessageType.ack)).toBe(false);
  });
});
