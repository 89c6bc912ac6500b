/**
 * Group commit, side by side in one run:
 *
 * ```
 * records in memory --> frame, checksum, chain --> segment --> sync         each backend on each allocation
 * the same bytes    --> write + fdatasync                                   a file that grows: what any log must pay
 * the same bytes    --> write + fdatasync                                   a file of zeros: the limit of the disk
 * the same bytes    --> memory copy                                         the upper limit
 * ```
 * Then the same without syncs (journal-limits.ts), and the ratios.
 * Each row appends batches of the same size, with one sync for each. Afterwards the journal is read back and its chain
 * compared with one computed in memory, or no figure is printed. Segments are made beforehand, as a node does.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as hdr from 'hdr-histogram-js';
import { crc32cWords } from '../journal/crc32c.js';
import { FRAME_HEADER_BYTES, RECORD_BYTES, RECORD_WORDS } from '../journal/frame.js';
import { JournalWriter } from '../journal/journal-writer.js';
import { type BackendName, openStorage } from '../journal/open-storage.js';
import { PREPARER_STATE_BYTES, PreparerCell, preparedName } from '../journal/prepared-segments.js';
import { recover } from '../journal/recover.js';
import { SEGMENT_HEADER_BYTES } from '../journal/segment.js';
import type { Allocation } from '../journal/storage.js';
import { writeInt64 } from '../src/base/int64.js';
import { Template } from '../src/wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION } from '../src/wire/slot.js';
import { type JournalLimits, measureLimits } from './journal-limits.js';

export interface JournalBenchOptions {
  /** Records in one batch, that is, in one frame and one sync. */
  readonly batch: number;
  /** Batches of a row. */
  readonly batches: number;
  /** Where the files go; default a temporary directory. The disk matters. */
  readonly directory?: string;
  readonly onLine?: (line: string) => void;
}

export interface JournalRow {
  readonly name: string;
  readonly recordsPerSecond: number;
  readonly mebibytesPerSecond: number;
  /** Append and sync of one batch. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

export interface JournalFigures {
  readonly batch: number;
  readonly batches: number;
  readonly rows: readonly JournalRow[];
  /** Chain of the records, the same in all journals of the run. */
  readonly chain: string;
  /** The journal's rate over that of the same bytes without a journal; the default backend and allocation. */
  readonly ratios: {
    /** Over appending to a file that grows. */
    readonly groupCommit: number;
    /** Over writing into a file of zeros. */
    readonly groupCommitInPlace: number;
    /** Over a memory copy into the mapping. */
    readonly append: number;
    /** Over reading the file and running the checksum. */
    readonly verify: number;
  };
}

const IDENTITY = { clusterId: 1n, nodeId: 1 };
const SEGMENT_BYTES = 64 * 1024 * 1024;
const BACKENDS: readonly BackendName[] = ['mmap', 'positional'];
const ALLOCATIONS: readonly Allocation[] = ['fallocate', 'zero-fill'];
const WARM_UP_BATCHES = 50;
/** What a node does when nobody tells it otherwise. */
const DEFAULT_ROW = 'mmap zero-fill';
const GROWING_ROW = 'plain append + fdatasync';
const IN_PLACE_ROW = 'plain overwrite + fdatasync';

/** The benchmark as the bench command knows it: `--batch N --batches N --directory DIR`. */
export const journal = {
  summary: 'group commit to disk, both backends beside a plain write + fdatasync loop',
  async run(args: readonly string[], json: boolean): Promise<JournalFigures> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        batch: { type: 'string', default: '64' },
        batches: { type: 'string', default: '2000' },
        directory: { type: 'string' },
      },
    });
    const onLine = json ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) };
    return runJournal({
      batch: positive('batch', values.batch),
      batches: positive('batches', values.batches),
      ...(values.directory === undefined ? {} : { directory: values.directory }),
      ...onLine,
    });
  },
};

/** Runs all rows. Throws, without figures, when a journal does not hold what was written. */
export function runJournal(options: JournalBenchOptions): JournalFigures {
  const { batch, batches, onLine } = options;
  const root = mkdtempSync(join(options.directory ?? tmpdir(), 'ringfence-bench-journal-'));
  const rows: JournalRow[] = [];
  let limits: JournalLimits;
  const records = makeRecords(batch);
  const chain = expectedChain(records, batch, batches);
  onLine?.(
    `${batches} batches of ${batch} records (${batch * RECORD_BYTES} bytes), one sync each, in ${root}`,
  );
  try {
    for (const backend of BACKENDS) {
      for (const allocation of ALLOCATIONS) {
        const directory = mkdtempSync(join(root, `${backend}-`));
        rows.push(journalRow(directory, backend, allocation, options, chain));
        rmSync(directory, { recursive: true });
      }
    }
    rows.push(plainRow(join(root, 'plain'), batch, batches));
    rows.push(inPlaceRow(root, batch, batches));
    rows.push(copyRow(records, batch, batches));
    const directory = mkdtempSync(join(root, 'limits-'));
    limits = measureLimits(directory, records, batch, (first) => number(records, batch, first));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  for (const row of rows) onLine?.(describe(row));
  const rate = (name: string) => rows.find((row) => row.name === name)!.recordsPerSecond;
  const ratios = {
    groupCommit: rate(DEFAULT_ROW) / rate(GROWING_ROW),
    groupCommitInPlace: rate(DEFAULT_ROW) / rate(IN_PLACE_ROW),
    append: limits.append / limits.copyIntoMapping,
    verify: limits.verify / limits.readAndChecksum,
  };
  onLine?.(describeLimits(limits));
  onLine?.(describeRatios(ratios));
  return { batch, batches, rows, chain: chain.toString(16).padStart(8, '0'), ratios };
}

function describeLimits(limits: JournalLimits): string {
  const gigabytes = (rate: number) => `${(rate / 1e9).toFixed(2)} GB/s`;
  return (
    `without sync: append ${gigabytes(limits.append)}, copy into the mapping ${gigabytes(limits.copyIntoMapping)}; ` +
    `read and verify ${gigabytes(limits.verify)}, read and checksum alone ${gigabytes(limits.readAndChecksum)}`
  );
}

function describeRatios(ratios: JournalFigures['ratios']): string {
  const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
  return (
    `ratios: group commit ${percent(ratios.groupCommit)} of append + sync, ${percent(ratios.groupCommitInPlace)} of write in place + sync; ` +
    `append ${percent(ratios.append)} of the copy; verify ${percent(ratios.verify)} of the checksum alone`
  );
}

function journalRow(
  directory: string,
  backend: BackendName,
  allocation: Allocation,
  options: JournalBenchOptions,
  chain: number,
): JournalRow {
  const { batch, batches } = options;
  const storage = openStorage(directory, backend);
  const name = `${storage.kind} ${allocation}`;
  const frameBytes = FRAME_HEADER_BYTES + batch * RECORD_BYTES;
  const segments =
    2 + Math.ceil(((batches + WARM_UP_BATCHES) * frameBytes) / (SEGMENT_BYTES - SEGMENT_HEADER_BYTES));
  const prepared = new SharedArrayBuffer(PREPARER_STATE_BYTES);
  for (let i = 0; i < segments; i++) storage.create(preparedName(i), SEGMENT_BYTES, allocation);
  new Int32Array(prepared)[PreparerCell.made] = segments;
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY), {
    segmentBytes: SEGMENT_BYTES,
    allocation,
    prepared,
  });
  const records = makeRecords(batch);
  const row = measure(name, batch, batches, (first) => {
    number(records, batch, first);
    writer.appendRecords(records, 0, batch);
    writer.sync();
  });
  writer.close();
  const report = recover(storage, IDENTITY);
  if (report.lastSequence !== (batches + WARM_UP_BATCHES) * batch || report.chain !== chain) {
    throw new Error(`${name}: the journal holds ${report.lastSequence} records with chain ${report.chain}`);
  }
  return row;
}

/** What any log must pay: one write and one fdatasync of the same bytes into a new, growing file. */
function plainRow(path: string, batch: number, batches: number): JournalRow {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + batch * RECORD_BYTES).fill(7);
  const fd = openSync(path, 'wx', 0o600);
  try {
    return measure(GROWING_ROW, batch, batches, () => {
      writeSync(fd, bytes);
      fdatasyncSync(fd);
    });
  } finally {
    closeSync(fd);
  }
}

/** The same bytes over a file of zeros that has its room: nothing for the file system to do but the data. */
function inPlaceRow(directory: string, batch: number, batches: number): JournalRow {
  const storage = openStorage(directory, 'positional');
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + batch * RECORD_BYTES).fill(7);
  const room = Math.ceil(((batches + WARM_UP_BATCHES) * bytes.length) / SEGMENT_BYTES) * SEGMENT_BYTES;
  storage.create('in-place', room, 'zero-fill');
  const fd = openSync(join(directory, 'in-place'), 'r+');
  let position = 0;
  try {
    return measure(IN_PLACE_ROW, batch, batches, () => {
      writeSync(fd, bytes, 0, bytes.length, position);
      fdatasyncSync(fd);
      position += bytes.length;
    });
  } finally {
    closeSync(fd);
  }
}

/** The upper limit: the records copied to other memory, nothing else. */
function copyRow(records: Int32Array, batch: number, batches: number): JournalRow {
  const target = new Int32Array(SEGMENT_BYTES / 4).fill(1);
  const places = Math.floor(target.length / records.length);
  let place = 0;
  return measure('memory copy', batch, batches, () => {
    target.set(records, (place++ % places) * records.length);
  });
}

/** Times `batches` calls, each with the sequence of its first record, after some for warming up. */
function measure(
  name: string,
  batch: number,
  batches: number,
  append: (firstSequence: number) => void,
): JournalRow {
  const histogram = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000_000,
    numberOfSignificantValueDigits: 3,
  });
  let first = 1;
  for (let i = 0; i < WARM_UP_BATCHES; i++, first += batch) append(first);
  const start = process.hrtime.bigint();
  let before = performance.now();
  for (let i = 0; i < batches; i++, first += batch) {
    append(first);
    const now = performance.now();
    histogram.recordValue(Math.max(1, Math.round((now - before) * 1e6)));
    before = now;
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const us = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    name,
    recordsPerSecond: Math.round((batch * batches) / seconds),
    mebibytesPerSecond: Math.round((batch * batches * RECORD_BYTES) / seconds / 2 ** 20),
    p50Us: us(50),
    p99Us: us(99),
    p999Us: us(99.9),
    maxUs: histogram.maxValue / 1000,
  };
}

function describe(row: JournalRow): string {
  const us = (value: number) => value.toFixed(1).padStart(9);
  return (
    `${row.name.padEnd(28)}${String(row.recordsPerSecond).padStart(12)} records/s ${String(row.mebibytesPerSecond).padStart(7)} MiB/s ` +
    `  us: p50${us(row.p50Us)}  p99${us(row.p99Us)}  p99.9${us(row.p999Us)}  max${us(row.maxUs)}`
  );
}

function makeRecords(count: number): Int32Array {
  const words = new Int32Array(count * RECORD_WORDS);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1);
  for (let i = 0; i < count; i++)
    words[i * RECORD_WORDS] = packTemplate(Template.cancelOrder, RECORD_VERSION, 0);
  return words;
}

function number(words: Int32Array, count: number, firstSequence: number): void {
  for (let i = 0; i < count; i++)
    writeInt64(words, i * RECORD_WORDS + HeaderWord.sequence, firstSequence + i);
}

function expectedChain(records: Int32Array, batch: number, batches: number): number {
  let chain = 0;
  for (let i = 0; i < batches + WARM_UP_BATCHES; i++) {
    number(records, batch, 1 + i * batch);
    chain = crc32cWords(chain, records, 0, batch * RECORD_WORDS);
  }
  return chain;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number above 0`);
  return value;
}
