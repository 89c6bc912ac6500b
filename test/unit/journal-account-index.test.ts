/** Files of the index of accounts: what is read back, what damage is found, and which blocks go with a journal. */
import { describe, expect, test } from 'vitest';
import {
  AccountIndexBlock,
  AccountIndexBlockWriter,
  type BlockFacts,
  writeBlock,
} from '../../journal/account-index-file.js';
import {
  accountIndexName,
  accountIndexNames,
  removeAccountIndexThrough,
  resumeAccountIndex,
} from '../../journal/account-index-store.js';
import { AccountIndexDamagedError, JournalVersionError } from '../../journal/errors.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { NumberReader, NumberWriter } from '../../journal/packed-numbers.js';
import { appendBatches, IDENTITY, openWriter } from '../support/journal-records.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

const FACTS: BlockFacts = {
  clusterId: 42n,
  firstSequence: 1,
  lastSequence: 600,
  firstTimeUs: 1_700_000_000_000_000,
  lastTimeUs: 1_700_000_000_005_990,
  chainBefore: 0,
  chain: 0xfedcba98,
  frameOffset: 4096,
};
const times = Array.from({ length: 600 }, (_, n) => FACTS.firstTimeUs + 10 * n);
const none = new Uint8Array(0);

/** Accounts 10, 20 ... 1000; every tenth has a long run too. */
function bytesOf(facts: BlockFacts = FACTS): Uint8Array {
  const writer = new AccountIndexBlockWriter();
  for (let account = 10; account <= 1000; account += 10) {
    const long = account % 100 === 0 ? new Uint8Array(account).fill(account % 251) : none;
    writer.add(account, { brief: Uint8Array.of(account & 255, account >> 8, 7), long });
  }
  return writer.finish(facts, times, '{"assets":[1]}');
}

function diskWith(bytes: Uint8Array, name = accountIndexName(1)): SimulatedDisk {
  const disk = new SimulatedDisk();
  writeBlock(disk, name, bytes);
  return disk;
}

/** Everything that can be read from a block. */
function readAll(disk: SimulatedDisk, name = accountIndexName(1)): unknown[] {
  const block = new AccountIndexBlock(disk, name);
  const found: unknown[] = [block.facts, block.listings(), block.lastWithin(600, Number.MAX_SAFE_INTEGER)];
  for (let account = 10; account <= 1000; account += 10) found.push(block.runsOf(account, false));
  block.close();
  return found;
}

describe('packed numbers', () => {
  test('come back as they were', () => {
    const values = [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
    const writer = new NumberWriter(1);
    for (const value of values) writer.put(value);
    for (const value of values) writer.putSigned(value);
    for (const value of values) writer.putSigned(-value);
    const reader = new NumberReader(writer.written());
    for (const value of values) expect(reader.next()).toBe(value);
    for (const value of values) expect(reader.nextSigned()).toBe(value);
    for (const value of values) expect(reader.nextSigned()).toBe(value === 0 ? 0 : -value);
    expect(reader.isAtEnd).toBe(true);
    expect(() => reader.next()).toThrow(/end too early/);
  });
});

describe('a block of the index of accounts', () => {
  test('tells of each account what was written', () => {
    const block = new AccountIndexBlock(diskWith(bytesOf()), accountIndexName(1));
    expect(block.facts).toEqual(FACTS);
    expect(block.listings()).toBe('{"assets":[1]}'.padEnd(16));
    for (let account = 1; account <= 1001; account++) {
      const runs = block.runsOf(account, false);
      if (account % 10 !== 0) {
        expect(runs).toBeUndefined();
        continue;
      }
      expect([...runs!.brief]).toEqual([account & 255, account >> 8, 7]);
      expect(runs!.long).toEqual(
        account % 100 === 0 ? new Uint8Array(account).fill(account % 251) : new Uint8Array(0),
      );
      expect(block.runsOf(account, true)!.long.length).toBe(0);
    }
  });

  test('knows the last command of a time, and the time of a command', () => {
    const block = new AccountIndexBlock(diskWith(bytesOf()), accountIndexName(1));
    expect(block.lastWithin(600, FACTS.firstTimeUs - 1)).toBeUndefined();
    for (const place of [0, 1, 254, 255, 256, 257, 511, 512, 599]) {
      const found = { sequence: place + 1, timeUs: times[place]! };
      expect(block.lastWithin(600, times[place]! + 9)).toEqual(found);
      expect(block.lastWithin(600, times[place]!)).toEqual(found);
      expect(block.lastWithin(place + 1, Number.MAX_SAFE_INTEGER)).toEqual(found);
    }
  });

  test('is refused for any byte that has changed, and for any that is missing', () => {
    const whole = bytesOf();
    const wanted = readAll(diskWith(whole));
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 1 << (at % 8);
      let found: unknown;
      try {
        found = readAll(diskWith(damaged));
      } catch (error) {
        const isNamed = error instanceof AccountIndexDamagedError || error instanceof JournalVersionError;
        expect(isNamed, `byte ${at}: ${String(error)}`).toBe(true);
        continue;
      }
      expect(found, `byte ${at}`).toBe('an error');
    }
    for (const length of [0, 8, 64, 120, 128, 4096, whole.length - 8]) {
      expect(() => readAll(diskWith(whole.slice(0, length)))).toThrow(AccountIndexDamagedError);
    }
    expect(readAll(diskWith(whole))).toEqual(wanted);
  });

  test('of a newer release is refused by name', () => {
    const bytes = bytesOf();
    bytes[8] = 2;
    expect(() => readAll(diskWith(bytes))).toThrow(
      /accounts-0+1\.idx has account index format 2, this release supports up to 1: use a newer release/,
    );
  });

  test('is there whole or as it was before, wherever the power fails', () => {
    const before = bytesOf({ ...FACTS, chain: 1 });
    for (let step = 1; ; step++) {
      const disk = diskWith(before);
      disk.cutAfterStep = disk.steps + step;
      try {
        writeBlock(disk, accountIndexName(1), bytesOf());
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        for (let seed = 1; seed <= 20; seed++) {
          const [facts] = readAll(disk.afterPowerCut(seededRandom(seed)));
          expect([1, FACTS.chain]).toContain((facts as BlockFacts).chain);
        }
        continue;
      }
      expect(step).toBeGreaterThan(4);
      const [facts] = readAll(disk.afterPowerCut(seededRandom(1), 0));
      expect((facts as BlockFacts).chain).toBe(FACTS.chain);
      return;
    }
  });

  test('leaves nothing behind on a full disk', () => {
    const disk = diskWith(bytesOf());
    disk.capacity = disk.usedBytes() + 100;
    expect(() => writeBlock(disk, accountIndexName(601), bytesOf())).toThrow(/no space/);
    expect(disk.list()).toEqual([accountIndexName(1)]);
  });
});

describe('the blocks of a journal', () => {
  const journal = new SimulatedDisk();
  const writer = openWriter(journal);
  appendBatches(writer, [100, 100, 100, 50]);
  writer.close();
  const chainAt = (sequence: number) => new JournalTail(journal).chainAt(sequence)!;

  function index(
    ranges: readonly (readonly [number, number])[],
    changes: Partial<BlockFacts> = {},
  ): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [firstSequence, lastSequence] of ranges) {
      const chains = {
        chainBefore: chainAt(firstSequence - 1),
        chain: chainAt(lastSequence),
        frameOffset: 0,
      };
      const facts = { ...FACTS, ...IDENTITY, firstSequence, lastSequence, ...chains };
      const isLast = lastSequence === ranges.at(-1)![1];
      const bytes = bytesOf({ ...facts, ...(isLast ? changes : {}) });
      writeBlock(disk, accountIndexName(firstSequence), bytes);
    }
    return disk;
  }
  const resume = (disk: SimulatedDisk, sequence: number) =>
    resumeAccountIndex(disk, journal, IDENTITY.clusterId, { sequence, chain: chainAt(sequence) });
  const firsts = (disk: SimulatedDisk) => accountIndexNames(disk).map((name) => Number(name.slice(9, 29)));

  test('are gone on with where they end without a gap; what is beyond it is removed', () => {
    const whole = index([
      [1, 100],
      [101, 150],
      [151, 300],
    ]);
    expect(resume(whole, 0)).toEqual({ sequence: 300, chain: chainAt(300) });
    expect(resume(whole, 120)).toEqual({ sequence: 300, chain: chainAt(300) });
    // Of the journal only 350 commands are there.
    expect(resume(whole, 320)).toEqual({ sequence: 320, chain: chainAt(320) });
    expect(firsts(whole)).toEqual([1, 101, 151]);
    const gap = index([
      [1, 100],
      [151, 300],
    ]);
    expect(resume(gap, 0)).toEqual({ sequence: 100, chain: chainAt(100) });
    expect(firsts(gap)).toEqual([1]);
    const after = index([[151, 300]]);
    expect(resume(after, 100)).toEqual({ sequence: 100, chain: chainAt(100) });
    expect(firsts(after)).toEqual([]);
  });

  test('of another journal or cluster, or damaged, are made again', () => {
    const cases: Partial<BlockFacts>[] = [{ chain: 5 }, { chainBefore: 5 }, { clusterId: 5n }];
    for (const changes of cases) {
      const disk = index(
        [
          [1, 100],
          [101, 200],
        ],
        changes,
      );
      expect(resume(disk, 0).sequence).toBe(100);
      expect(firsts(disk)).toEqual([1]);
    }
    const damaged = index([[1, 100]]);
    damaged.contents(accountIndexName(1))[40]! ^= 1;
    expect(resume(damaged, 0).sequence).toBe(0);
    expect(damaged.list()).toEqual([]);
  });

  test('lose what a writer left half written', () => {
    const disk = index([[1, 100]]);
    disk.create(`${accountIndexName(101)}.tmp`, 8, 'zero-fill');
    expect(resume(disk, 0).sequence).toBe(100);
    expect(disk.list()).toEqual([accountIndexName(1)]);
  });

  test('go with the segments that retention removes', () => {
    const disk = index([
      [1, 100],
      [101, 200],
      [201, 300],
    ]);
    expect(removeAccountIndexThrough(disk, 150)).toBe(1);
    expect(firsts(disk)).toEqual([101, 201]);
    expect(removeAccountIndexThrough(disk, 200)).toBe(1);
    expect(removeAccountIndexThrough(disk, 1000)).toBe(0);
    expect(firsts(disk)).toEqual([201]);
    expect(removeAccountIndexThrough(undefined, 1000)).toBe(0);
  });
});

describe('the chain of a journal after a record', () => {
  const journal = new SimulatedDisk();
  const writer = openWriter(journal);
  appendBatches(writer, [30, 40, 1, 60]);
  writer.close();

  test('is found by a hint, and without one, and with a wrong one', () => {
    const tail = new JournalTail(journal);
    for (let sequence = 1; sequence <= 131; sequence++) {
      const { chain, offset } = tail.placeOf(sequence)!;
      expect(chain).toBe(tail.chainAt(sequence));
      for (const hint of [offset, offset + 8, offset + 4, 4096, 2 ** 40]) {
        expect(tail.placeOf(sequence, hint)).toEqual({ chain, offset });
      }
    }
  });
});
