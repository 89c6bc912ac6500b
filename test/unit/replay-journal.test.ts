import { afterAll, describe, expect, test } from 'vitest';
import { catRecords } from '../../journal/cat.js';
import { openStorage } from '../../journal/open-storage.js';
import { replayJournal } from '../../replay/replay-journal.js';
import { Core } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { openWriter } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';

const SMALL = {
  maxOrders: 1000,
  maxAccounts: 100,
  maxHoldings: 1000,
  maxPositions: 1000,
  maxInstruments: 10,
  maxAssets: 20,
  maxApiKeys: 20,
  maxTransfers: 1000,
};

afterAll(removeTemporaryDirectories);

/** A directory with the journal of `words`, the last record perhaps torn. */
function journalOf(words: Int32Array, isTorn = false): string {
  const directory = temporaryDirectory();
  const storage = openStorage(directory);
  const writer = openWriter(storage);
  for (let at = 0; at < words.length; at += 3 * SLOT_WORDS) {
    writer.appendRecords(words, at, Math.min(3, (words.length - at) / SLOT_WORDS));
    writer.sync();
  }
  if (!isTorn) writer.close();
  return directory;
}

/** Hashes after the first `count` commands, without a journal. */
function live(words: Int32Array, count: number): { stateHash: string; outputHash: string } {
  const processor = new BusinessLogicProcessor(new Core(SMALL), new EventBuffer());
  for (let i = 0; i < count; i++) processor.onCommand(words, i * SLOT_WORDS);
  return { stateHash: processor.stateHash(), outputHash: processor.outputHash() };
}

describe('a replay', () => {
  test('gives the hashes of the live run, at the end and after every command on the way', () => {
    const words = goldenCommands();
    const total = words.length / SLOT_WORDS;
    const directory = journalOf(words);
    const hashes = new Set<string>();
    for (let count = 0; count <= total; count++) {
      const result = replayJournal({ directory, toSequence: count, core: new Core(SMALL) });
      expect(result).toMatchObject({
        ...live(words, count),
        commands: count,
        lastSequence: count,
        journalSequence: total,
      });
      hashes.add(result.stateHash);
    }
    expect(hashes.size).toBeGreaterThan(total / 2);
    expect(replayJournal({ directory, core: new Core(SMALL) })).toMatchObject(live(words, total));
  });

  test('stops at a command time and reports its progress', () => {
    const words = goldenCommands();
    const directory = journalOf(words);
    const progress: number[][] = [];
    const result = replayJournal({
      directory,
      atTimeUs: 1_750_000_000_000_000 + 10_500,
      core: new Core(SMALL),
      onProgress: (...positions) => progress.push(positions),
    });
    expect(result).toMatchObject({
      ...live(words, 10),
      lastSequence: 10,
      lastTimestampUs: 1_750_000_000_010_000,
    });
    expect(progress.at(-1)).toEqual([10, 24]);
  });

  test('of a directory that is not there says so', () => {
    expect(() => replayJournal({ directory: '/nonexistent/journal' })).toThrow(
      /\/nonexistent\/journal: ENOENT/,
    );
  });
});

describe('cat', () => {
  test('shows each command as one decoded JSON line, in a range of sequences or of times', () => {
    const storage = openStorage(journalOf(goldenCommands()));
    const all = [...catRecords(storage)].map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(all.length).toBe(24);
    expect(all.map((record) => record['sequence'])).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(all[0]).toMatchObject({
      type: 'epochStarted',
      frameEpoch: 1,
      clusterId: '42',
      epoch: 1,
      nodeId: 1,
    });
    expect(all[1]).toMatchObject({ type: 'registerApiKey', publicKey: '09'.repeat(32) });
    expect(all[9]).toMatchObject({
      type: 'newOrder',
      account: 8,
      clientOrderId: '17',
      priceTicks: 58_533,
      quantityLots: 100,
    });
    expect(all[21]).toMatchObject({ frameEpoch: 3, clientOrderId: '18446744073709551615' });
    const sequences = (options: Parameters<typeof catRecords>[1]) =>
      [...catRecords(storage, options)].map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    expect(sequences({ fromSequence: 5, toSequence: 7 })).toEqual([5, 6, 7]);
    expect(sequences({ fromSequence: 23, toSequence: 99 })).toEqual([23, 24]);
    const time = (sequence: number) => 1_750_000_000_000_000 + 1000 * sequence;
    expect(sequences({ fromTimeUs: time(4), toTimeUs: time(6) })).toEqual([4, 5, 6]);
    expect(sequences({ fromTimeUs: time(24) + 1 })).toEqual([]);
  });
});
