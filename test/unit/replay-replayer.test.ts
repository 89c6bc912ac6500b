import { describe, expect, test } from 'vitest';
import { Replayer } from '../../replay/replayer.js';
import { readInt64 } from '../../src/base/int64.js';
import { HeaderWord, SLOT_WORDS } from '../../src/wire/slot.js';
import { makeRecords, START_US } from '../support/journal-records.js';

/** Feeds 20 records in batches of 7 and returns the sequences that reached the business logic. */
function replay(limits: { toSequence?: number; toTimeUs?: number }): { seen: number[]; replayer: Replayer } {
  const seen: number[] = [];
  const replayer = new Replayer(
    {
      onCommands(words, at, count) {
        for (let i = 0; i < count; i++)
          seen.push(readInt64(words, at + i * SLOT_WORDS + HeaderWord.sequence));
      },
    },
    limits,
  );
  const words = makeRecords(1, 20);
  for (let done = 0; done < 20; done += 7) replayer.feed(words, done * SLOT_WORDS, Math.min(7, 20 - done));
  return { seen, replayer };
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe('the replayer', () => {
  test('passes every command once and in order', () => {
    const { seen, replayer } = replay({});
    expect(seen).toEqual(upTo(20));
    expect(replayer).toMatchObject({
      commands: 20,
      lastSequence: 20,
      lastTimestampUs: START_US + 20,
      isDone: false,
    });
  });

  test('stops after the last sequence wanted, wherever the batches end', () => {
    for (let last = 0; last <= 20; last++) {
      const { seen, replayer } = replay({ toSequence: last });
      expect(seen).toEqual(upTo(last));
      expect(replayer.lastSequence).toBe(last);
      expect(replayer.isDone).toBe(true);
    }
  });

  test('stops before the first command that is later than the time wanted', () => {
    for (let last = 0; last <= 20; last++) {
      const { seen } = replay({ toTimeUs: START_US + last });
      expect(seen).toEqual(upTo(last));
    }
    expect(replay({ toTimeUs: START_US - 1 }).seen).toEqual([]);
  });

  test('takes nothing more once a limit was met', () => {
    const { replayer } = replay({ toSequence: 3 });
    expect(replayer.feed(makeRecords(1, 1), 0, 1)).toBe(0);
  });
});
