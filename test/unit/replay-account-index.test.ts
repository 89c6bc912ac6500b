/** Questions about an account that the index answers, and those that it must leave to a replay. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ACCOUNT_INDEX_DIRECTORY, accountIndexName } from '../../journal/account-index-store.js';
import { type AccountAsOf, accountAsOf } from '../../replay/account-as-of.js';
import { asOf, type Moment } from '../../replay/as-of.js';
import { readInt64 } from '../../src/base/int64.js';
import { Core } from '../../src/core/core.js';
import { queryAccount } from '../../src/core/queries.js';
import { HeaderWord, SLOT_WORDS } from '../../src/wire/slot.js';
import { indexedJournal } from '../support/indexed-journal.js';
import { removeTemporaryDirectories } from '../support/journal-storages.js';
import { CORE, randomSlots } from '../support/snapshot-journal.js';

const COUNT = 700;
const SNAPSHOT = 300;
const NEXT_BLOCK = 500;
const words = randomSlots(COUNT, 11);
const ACCOUNTS = [1, 2, 3, 4];

afterAll(removeTemporaryDirectories);

function ask(directory: string, accountId: number, moment: Moment, from = {}): AccountAsOf {
  const found = accountAsOf(accountId, { directory, moment, core: new Core(CORE), from });
  const { core, sequence, timestampUs } = asOf({ directory, moment, core: new Core(CORE) });
  // However it was found: it is what a replay tells.
  expect(found.view).toEqual(queryAccount(core, accountId));
  expect([found.sequence, found.timestampUs]).toEqual([sequence, timestampUs]);
  return found;
}

function blockFile(directory: string, firstSequence: number): string {
  return join(directory, ACCOUNT_INDEX_DIRECTORY, accountIndexName(firstSequence));
}

function timeOf(sequence: number): number {
  return readInt64(words, (sequence - 1) * SLOT_WORDS + HeaderWord.timestampUs);
}

/** A journal of which the first commands are the same as `words`, and the rest is of other accounts. */
function forked(same: number): Int32Array {
  const other = words.slice();
  for (let n = same; n < COUNT; n++) other[n * SLOT_WORDS + HeaderWord.accountId]! ^= 3;
  return other;
}

describe('the index of accounts', () => {
  const directory = indexedJournal(words, [SNAPSHOT, NEXT_BLOCK]);

  test('answers about any command from the snapshot before it on, or from the first one on', () => {
    for (const sequence of [1, 30, SNAPSHOT - 1, SNAPSHOT, SNAPSHOT + 1, NEXT_BLOCK, NEXT_BLOCK + 1, COUNT]) {
      for (const account of ACCOUNTS) {
        const found = ask(directory, account, { sequence });
        expect(found).toMatchObject({ source: 'index', reason: '' });
        const base = sequence >= NEXT_BLOCK ? NEXT_BLOCK : sequence >= SNAPSHOT ? SNAPSHOT : 0;
        expect(found.snapshotSequence).toBe(base);
        expect(ask(directory, account, { sequence }, { sequence: 0 })).toMatchObject({
          source: 'index',
          snapshotSequence: 0,
        });
      }
    }
    expect(ask(directory, 1, {})).toMatchObject({ source: 'index', sequence: COUNT });
  });

  test('answers about any time, between commands too', () => {
    for (const sequence of [1, 2, SNAPSHOT, SNAPSHOT + 1, NEXT_BLOCK - 1, NEXT_BLOCK, NEXT_BLOCK + 1, 650]) {
      for (const timeUs of [timeOf(sequence), timeOf(sequence + 1) - 1]) {
        expect(ask(directory, 2, { timeUs }, { sequence: 0 }).source).toBe('index');
        expect(ask(directory, 2, { timeUs }).source).toBe('index');
      }
    }
    expect(ask(directory, 2, { timeUs: timeOf(COUNT) + 1e9 })).toMatchObject({
      source: 'index',
      sequence: COUNT,
    });
  });

  test('leaves to the replay what nothing can be said about', () => {
    const core = () => new Core(CORE);
    const before = { directory, moment: { timeUs: timeOf(1) - 1 }, core: core() };
    expect(() => accountAsOf(1, before)).toThrow(/nothing had happened by then/);
    const beyond = { directory, moment: { sequence: COUNT + 1 }, core: core() };
    expect(() => accountAsOf(1, beyond)).toThrow(/there is no command 701/);
    const { view, source } = accountAsOf(999, { directory, moment: { sequence: COUNT }, core: core() });
    expect([view, source]).toEqual([undefined, 'index']);
  });

  test('knows assets and instruments that came after the snapshot', () => {
    const late = indexedJournal(words, [3]);
    for (const account of ACCOUNTS) {
      const found = ask(late, account, { sequence: COUNT });
      expect(found).toMatchObject({ source: 'index', snapshotSequence: 3 });
      const symbols = found.listings.instruments.map(({ symbol }) => symbol);
      expect(symbols).toEqual(expect.arrayContaining(['AAA-USD', 'BBB-USD', 'AAA-BBB', 'EDGE-USD']));
    }
  });
});

describe('a question that the index is of no use for is answered by replay, and says why', () => {
  test('without an index, and with one that does not go so far', () => {
    const directory = indexedJournal(words, [SNAPSHOT]);
    rmSync(blockFile(directory, SNAPSHOT + 1));
    expect(ask(directory, 1, { sequence: SNAPSHOT - 10 }).source).toBe('index');
    expect(ask(directory, 1, {}).reason).toBe(`the index of accounts does not hold command ${SNAPSHOT + 1}`);
    rmSync(blockFile(directory, 1));
    expect(ask(directory, 1, {}).reason).toBe(`the index of accounts ends at command ${SNAPSHOT}`);
    rmSync(join(directory, ACCOUNT_INDEX_DIRECTORY), { recursive: true });
    expect(ask(directory, 1, {})).toMatchObject({
      source: 'replay',
      reason: 'there is no index of accounts',
    });
  });

  test('with a block missing in the middle', () => {
    const directory = indexedJournal(words, [SNAPSHOT, NEXT_BLOCK]);
    rmSync(blockFile(directory, SNAPSHOT + 1));
    const { reason } = ask(directory, 1, { sequence: COUNT }, { sequence: SNAPSHOT });
    expect(reason).toBe(`the index of accounts does not hold command ${SNAPSHOT + 1}`);
  });

  test('with a damaged byte anywhere', () => {
    const directory = indexedJournal(words, [SNAPSHOT]);
    const path = blockFile(directory, SNAPSHOT + 1);
    const whole = readFileSync(path);
    let replayed = 0;
    for (let at = 0; at < whole.length; at += at < 128 ? 5 : 211) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x20;
      writeFileSync(path, damaged);
      const { source, reason } = ask(directory, 1 + (at % 4), { sequence: 600 });
      if (source === 'replay') replayed++;
      if (source === 'replay' || at < 128)
        expect(reason).toMatch(/is damaged at offset|account index format/);
    }
    expect(replayed).toBeGreaterThan(26);
    writeFileSync(path, whole.subarray(0, whole.length - 8));
    expect(ask(directory, 1, { sequence: 600 }).reason).toMatch(/damaged/);
    const newer = Buffer.from(whole);
    newer[8] = 2;
    writeFileSync(path, newer);
    expect(ask(directory, 1, { sequence: 600 }).reason).toMatch(
      /has account index format 2, this release supports up to 1/,
    );
  });

  test('with blocks of a journal that was the same for a while', () => {
    const directory = indexedJournal(words, [SNAPSHOT]);
    // Block and snapshot are the same up to the snapshot; after it the journals part.
    const other = indexedJournal(forked(400), [SNAPSHOT]);
    copyFileSync(blockFile(other, SNAPSHOT + 1), blockFile(directory, SNAPSHOT + 1));
    for (const account of ACCOUNTS) {
      for (const moment of [{ sequence: 650 }, { sequence: COUNT }, { timeUs: timeOf(650) }]) {
        expect(ask(directory, account, moment).reason).toMatch(/is of another journal: chain \d+, here \d+/);
      }
    }
  });

  test('with a block of another journal before one of its own', () => {
    const directory = indexedJournal(words, [SNAPSHOT]);
    const other = indexedJournal(forked(200), [SNAPSHOT]);
    copyFileSync(blockFile(other, 1), blockFile(directory, 1));
    for (const account of ACCOUNTS) {
      const { reason } = ask(directory, account, { sequence: COUNT }, { sequence: 0 });
      expect(reason).toMatch(/accounts-0+301\.idx is of another journal: chain \d+ before it, not \d+/);
    }
  });
});
