import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTROL_FILE } from '../../journal/control-file.js';
import { crc32c } from '../../journal/crc32c.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { SEGMENT_HEADER_BYTES, segmentName } from '../../journal/segment.js';
import { verifyJournal } from '../../journal/verify.js';
import { replayJournal } from '../../replay/replay-journal.js';
import { SCHEMA_VERSION } from '../../src/wire/schema.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { IDENTITY, openWriter, SEGMENT_BYTES } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { SimulatedDisk } from '../support/simulated-disk.js';
import { GOLDEN_CONTROL, GOLDEN_OUTPUT_HASH, GOLDEN_SEGMENT, GOLDEN_STATE_HASH } from './journal-v1.js';

const SEGMENT = segmentName(1, 1);
/** Places in the header page; see journal/segment.ts. */
const SCHEMA_VERSION_BYTE = 72;
const HEADER_CRC_WORD = 3;
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

/** Makes the header page of a segment say schema version 1, with the checksum that goes with it. */
function markAsSchemaVersion1(segment: Uint8Array): void {
  const page = segment.subarray(0, SEGMENT_HEADER_BYTES);
  const words = new Int32Array(page.buffer, page.byteOffset, page.length / 4);
  expect(page[SCHEMA_VERSION_BYTE]).toBe(SCHEMA_VERSION);
  page[SCHEMA_VERSION_BYTE] = 1;
  words[HEADER_CRC_WORD] = 0;
  words[HEADER_CRC_WORD] = crc32c(0, page, 0, page.length);
}

describe('the golden journal of format 1', () => {
  test('is written today with the same bytes, but for the version of the schema in the header', () => {
    const disk = writtenToday();
    markAsSchemaVersion1(disk.contents(SEGMENT));
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
