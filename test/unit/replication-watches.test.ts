import { describe, expect, it } from 'vitest';
import { makeProof, proofsEqual } from '../../src/replication/authentication.js';
import { CheckpointComparison } from '../../src/replication/checkpoint-comparison.js';
import { LagWatch } from '../../src/replication/lag-watch.js';
import {
  decodeRefusal,
  encodeRefusal,
  RefusalCode,
  refusalName,
  refusalText,
} from '../../src/replication/refusal.js';
import { CheckpointRing } from '../../src/runtime/checkpoint-ring.js';

describe('lag watch', () => {
  it('tells once when the standby is too many records behind, and once when it is not any more', () => {
    const watch = new LagWatch(100, 1000);
    expect([50, 100, 101, 500, 101, 100, 0].map((behind) => watch.observe(0, behind, 0))).toEqual([
      0, 0, 1, 0, 0, -1, 0,
    ]);
  });

  it('tells when a record waits too long, even if there are few', () => {
    const watch = new LagWatch(100, 1000);
    expect(watch.observe(10, 1, 5000)).toBe(0);
    expect(watch.observe(10, 1, 6000)).toBe(0);
    expect(watch.observe(10, 1, 6001)).toBe(1);
    expect(watch.observe(11, 0, 6002)).toBe(-1);
  });

  it('a standby that is always a little behind, but moves on, does not lag', () => {
    const watch = new LagWatch(100, 1000);
    for (let i = 0; i < 100; i++) expect(watch.observe(i * 10, 5, i * 500)).toBe(0);
  });
});

describe('checkpoint comparison', () => {
  const checkpoint = (sequence: number, stateHashLow: number) => ({
    sequence,
    stateHashLow,
    stateHashHigh: 1,
    outputHashLow: 2,
    outputHashHigh: 3,
  });
  const make = () => {
    const own = new CheckpointRing(CheckpointRing.allocate());
    return { own, comparison: new CheckpointComparison(own) };
  };

  it('waits for the own checkpoint of the same sequence', () => {
    const { own, comparison } = make();
    comparison.add(checkpoint(8192, 5));
    own.record(4096, 9, 9, 9, 9);
    expect(comparison.compare()).toBeUndefined();
    expect([comparison.pendingCount, comparison.equalCount]).toEqual([1, 0]);
    own.record(8192, 5, 1, 2, 3);
    expect(comparison.compare()).toBeUndefined();
    expect([comparison.pendingCount, comparison.equalCount]).toEqual([0, 1]);
  });

  it.each([0, 1, 2, 3])('finds a difference in half %i of the hashes', (half) => {
    const { own, comparison } = make();
    const hashes = [5, 1, 2, 3] as [number, number, number, number];
    hashes[half]! += 1;
    comparison.add(checkpoint(4096, 5));
    own.record(4096, ...hashes);
    expect(comparison.compare()).toEqual({ primary: checkpoint(4096, 5), standby: own.find(4096) });
  });

  it('passes over what is no longer kept, and compares the next', () => {
    const { own, comparison } = make();
    comparison.add(checkpoint(4096, 5));
    comparison.add(checkpoint(100 * 4096, 6));
    for (let i = 1; i <= 100; i++) own.record(i * 4096, 7, 1, 2, 3);
    expect(comparison.compare()?.primary.sequence).toBe(100 * 4096);
  });

  it('holds a bounded number, the newest ones', () => {
    const { comparison } = make();
    for (let i = 1; i <= 1000; i++) comparison.add(checkpoint(i * 4096, i));
    expect(comparison.pendingCount).toBe(256);
  });
});

describe('checkpoint ring, read in order', () => {
  it('gives the oldest kept checkpoint after a sequence', () => {
    const ring = new CheckpointRing(CheckpointRing.allocate());
    expect(ring.after(0)).toBeUndefined();
    for (let i = 1; i <= 70; i++) ring.record(i * 4096, i, 0, 0, 0);
    expect(ring.after(0)?.sequence).toBe(7 * 4096);
    expect(ring.after(7 * 4096)?.sequence).toBe(8 * 4096);
    expect(ring.after(70 * 4096)).toBeUndefined();
  });
});

describe('refusals', () => {
  it('have a name, a sentence and a stable number each', () => {
    const codes = Object.values(RefusalCode);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => code >= 6000 && code < 7000)).toBe(true);
    for (const [name, code] of Object.entries(RefusalCode)) {
      expect(refusalName(code)).toBe(name);
      const text = refusalText({ code, epoch: 1, sequence: 2, ownValue: 3, peerValue: 4 });
      expect(text).not.toContain('does not know');
    }
    expect(refusalName(6999)).toBe('CODE_6999');
  });

  it('cross the wire with both values', () => {
    const refusal = {
      code: 6008,
      epoch: 0xffffffff,
      sequence: 2 ** 53 - 1,
      ownValue: 0xfedcba98,
      peerValue: 0,
    };
    expect(decodeRefusal(encodeRefusal(refusal), 8)).toEqual(refusal);
    expect(refusalText(refusal)).toContain('fedcba98');
  });
});

describe('proofs', () => {
  const key = Buffer.alloc(32, 1);
  const nonces = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)] as const;
  const proof = makeProof(key, 1, 4n, ...nonces);

  it('depend on the key, the role, the cluster and both nonces in their places', () => {
    const others = [
      makeProof(Buffer.alloc(32, 9), 1, 4n, ...nonces),
      makeProof(key, 2, 4n, ...nonces),
      makeProof(key, 1, 5n, ...nonces),
      makeProof(key, 1, 4n, Buffer.alloc(32, 9), nonces[1]),
      makeProof(key, 1, 4n, nonces[0], Buffer.alloc(32, 9)),
      makeProof(key, 1, 4n, nonces[1], nonces[0]),
    ];
    for (const other of others) expect(proofsEqual(proof, other)).toBe(false);
    expect(proofsEqual(proof, makeProof(key, 1, 4n, ...nonces))).toBe(true);
  });

  it('of another length are unequal, not an error', () => {
    expect(proofsEqual(proof, proof.subarray(1))).toBe(false);
    expect(proofsEqual(Buffer.alloc(0), Buffer.alloc(0))).toBe(false);
  });
});
