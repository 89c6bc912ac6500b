import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTROL_FILE } from '../../journal/control-file.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { segmentName } from '../../journal/segment.js';
import { verifyJournal } from '../../journal/verify.js';
import { replayJournal } from '../../replay/replay-journal.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { IDENTITY, openWriter, SEGMENT_BYTES } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { SimulatedDisk } from '../support/simulated-disk.js';
import { GOLDEN_CONTROL, GOLDEN_OUTPUT_HASH, GOLDEN_SEGMENT, GOLDEN_STATE_HASH } from './journal-v1.js';

const SEGMENT = segmentName(1, 1);
/** Frames of the golden journal, by their numbers of records. */
const BATCHES = [2, 1, 6, 7, 8];

afterAll(removeTemporaryDirectories);

function unpack(text: string): Uint8Array {
  return inflateRawSync(Buffer.from(text, 'base64'));
}

/** The journal as this build writes it. */
function writtenToday(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const words = goldenCommands();
  const writer = openWriter(disk);
  for (const batch of BATCHES) {
    writer.appendRecords(words, writer.writtenSequence * SLOT_WORDS, batch);
    writer.sync();
  }
  writer.close();
  return disk;
}

describe('the golden journal of format 1', () => {
  test('is written today with the same bytes', () => {
    const disk = writtenToday();
    for (const [name, golden] of [
      [SEGMENT, GOLDEN_SEGMENT],
      [CONTROL_FILE, GOLDEN_CONTROL],
    ] as const) {
      const bytes = Buffer.from(disk.contents(name));
      // For a new format: the text to record.
      if (golden === '') expect.fail(`${name}: ${deflateRawSync(bytes, { level: 9 }).toString('base64')}`);
      expect(bytes.equals(unpack(golden))).toBe(true);
    }
  });

  test('is read today, and replays to the hashes that were recorded with it', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, SEGMENT), unpack(GOLDEN_SEGMENT));
    writeFileSync(join(directory, CONTROL_FILE), unpack(GOLDEN_CONTROL));
    const storage = openStorage(directory);
    expect(recover(storage, IDENTITY)).toMatchObject({
      lastSequence: 24,
      epoch: 3,
      clean: true,
      bytes: SEGMENT_BYTES,
    });
    expect(verifyJournal(storage).problems).toEqual([]);
    expect(replayJournal({ directory })).toMatchObject({
      commands: 24,
      stateHash: GOLDEN_STATE_HASH,
      outputHash: GOLDEN_OUTPUT_HASH,
    });
  });
});
