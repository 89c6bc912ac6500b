/**
 * The journal without syncs, beside what the machine can do with the same bytes: appending beside a memory copy into the
 * same mapping, reading and verifying beside reading the file and running the checksum alone.
 */
import { crc32cWords } from '../journal/crc32c.js';
import { FRAME_HEADER_BYTES, RECORD_BYTES } from '../journal/frame.js';
import { JournalReader } from '../journal/journal-reader.js';
import { JournalWriter } from '../journal/journal-writer.js';
import { openStorage } from '../journal/open-storage.js';
import { PREPARER_STATE_BYTES, PreparerCell, preparedName } from '../journal/prepared-segments.js';
import { recover, segmentNames } from '../journal/recover.js';
import type { JournalIdentity } from '../journal/segment.js';
import { readFully, type Storage } from '../journal/storage.js';

export interface JournalLimits {
  /** Bytes a second each; medians of the rounds. */
  readonly append: number;
  readonly copyIntoMapping: number;
  readonly verify: number;
  readonly readAndChecksum: number;
}

const IDENTITY: JournalIdentity = { clusterId: 1n, nodeId: 1 };
const SEGMENT_BYTES = 64 * 1024 * 1024;
/** One segment a round, so that no row pays for a roll. */
const FILL = 0.95;
const ROUNDS = 5;
/** For the compiler. */
const WARM_UP_ROUNDS = 3;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Measures all four in turns. @param fill writes the records of the batch that begins with the given sequence
 * @param directory empty, gone afterwards only as far as its owner removes it
 */
export function measureLimits(
  directory: string,
  records: Int32Array,
  batch: number,
  fill: (firstSequence: number) => void,
): JournalLimits {
  const storage = openStorage(directory, 'mmap');
  const frameBytes = FRAME_HEADER_BYTES + batch * RECORD_BYTES;
  const batches = Math.floor((SEGMENT_BYTES * FILL) / frameBytes);
  const rates = {
    append: [] as number[],
    copy: [] as number[],
    verify: [] as number[],
    checksum: [] as number[],
  };
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const measured = {
      append: append(storage, records, batch, batches, fill),
      copy: copy(storage, frameBytes, batches),
      verify: verify(storage),
      checksum: checksum(storage, frameBytes * batches),
    };
    for (const name of segmentNames(storage)) storage.remove(name);
    storage.remove('durable.ctl');
    if (round < 0) continue;
    for (const key of ['append', 'copy', 'verify', 'checksum'] as const) {
      rates[key].push((frameBytes * batches) / measured[key]);
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  return {
    append: median(rates.append),
    copyIntoMapping: median(rates.copy),
    verify: median(rates.verify),
    readAndChecksum: median(rates.checksum),
  };
}

/** Seconds to append all batches, not synced. */
function append(
  storage: Storage,
  records: Int32Array,
  batch: number,
  batches: number,
  fill: (firstSequence: number) => void,
): number {
  const prepared = new SharedArrayBuffer(PREPARER_STATE_BYTES);
  for (let i = 0; i < 2; i++) storage.create(preparedName(i), SEGMENT_BYTES, 'zero-fill');
  new Int32Array(prepared)[PreparerCell.made] = 2;
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY), {
    segmentBytes: SEGMENT_BYTES,
    prepared,
  });
  // The first frame begins the segment.
  fill(1);
  writer.appendRecords(records, 0, batch);
  let seconds = 0;
  for (let i = 1; i < batches; i++) {
    fill(1 + i * batch);
    const start = performance.now();
    writer.appendRecords(records, 0, batch);
    seconds += (performance.now() - start) / 1000;
  }
  writer.close();
  storage.remove(preparedName(1));
  return seconds;
}

/** Seconds to copy as many bytes into a fresh mapping of the same kind. */
function copy(storage: Storage, frameBytes: number, batches: number): number {
  const name = preparedName(9);
  storage.create(name, SEGMENT_BYTES, 'zero-fill');
  const file = storage.openForWrite(name);
  const bytes = new Uint8Array(frameBytes).fill(7);
  let seconds = 0;
  for (let i = 0; i < batches; i++) {
    const start = performance.now();
    file.write(i * frameBytes, bytes);
    seconds += (performance.now() - start) / 1000;
  }
  file.sync(0, SEGMENT_BYTES);
  file.close();
  storage.remove(name);
  return seconds;
}

/** Seconds to read all records as a replay does, every check on. */
function verify(storage: Storage): number {
  const { lastSequence } = recover(storage, IDENTITY);
  const start = performance.now();
  const reader = new JournalReader(storage, { toSequence: lastSequence });
  let read = 0;
  while (reader.nextFrame()) read += reader.recordCount;
  reader.close();
  const seconds = (performance.now() - start) / 1000;
  if (read !== lastSequence) throw new Error(`${read} of ${lastSequence} records were read`);
  return seconds;
}

/** Seconds to read as many bytes in large pieces and to sum them, nothing else. */
function checksum(storage: Storage, bytes: number): number {
  const [name] = segmentNames(storage);
  const words = new Int32Array(CHUNK_BYTES / 4);
  const chunk = new Uint8Array(words.buffer);
  const start = performance.now();
  const file = storage.openForRead(name);
  let sum = 0;
  for (let position = 0; position < bytes; position += CHUNK_BYTES) {
    const length = readFully(file, position, chunk, 0, Math.min(CHUNK_BYTES, bytes - position));
    sum = crc32cWords(sum, words, 0, length >> 2);
  }
  file.close();
  const seconds = (performance.now() - start) / 1000;
  if (sum === 0) throw new Error('nothing was summed');
  return seconds;
}
