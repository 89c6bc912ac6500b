/** What `journal archive`, `journal restore` and `journal scrub` run. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  archivable,
  archiveSegment,
  type MovedSegment,
  removeUnfinished,
  restorable,
  restoreSegment,
} from '../../journal/archive.js';
import { segmentHolding } from '../../journal/journal-reader.js';
import { loadLibc } from '../../journal/libc.js';
import { openFlatStorage } from '../../journal/open-storage.js';
import { MIN_SCRUB_RATE, scrubJournal } from '../../journal/scrub.js';
import { readTiers } from '../../journal/tiers.js';
import { resolveConfig } from '../node/config.js';
import { runInBackground } from '../runtime/background-thread.js';
import { checkedAge, checkedBytes, checkedInteger } from './checked-flags.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';
import { restAMoment } from './rest-a-moment.js';

interface ArchiveFlags {
  readonly dataDir?: string;
  readonly olderThan?: string;
  readonly keep?: string;
  readonly to?: string;
  readonly json?: boolean;
}

const MAX_SEGMENTS = 1_000_000;

/** Moves what the flags choose and prints a line for each segment. */
export function archiveFromFlags(flags: ArchiveFlags): void {
  comeLast();
  const { olderThan, keep } = flags;
  if (olderThan === undefined && keep === undefined) {
    throw new CliError('say what to move: --older-than AGE, --keep NUMBER, or both', ExitCode.usage);
  }
  const choice = {
    ...(keep === undefined ? {} : { keep: checkedInteger('--keep', keep, 0, MAX_SEGMENTS) }),
    ...(olderThan === undefined
      ? {}
      : { sealedBeforeUs: (Date.now() - checkedAge('--older-than', olderThan)) * 1000 }),
  };
  const dataDir = dataDirOf(flags);
  const local = openFlatStorage(journalOf(dataDir), 'positional');
  const directory = archiveDirectory(dataDir, flags.to);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const archive = openFlatStorage(directory, 'positional');
  removeUnfinished(archive);
  const entries = archivable(local, choice);
  const progress = new ProgressLine('archive', 'segments');
  let rawBytes = 0;
  let archivedBytes = 0;
  for (const [index, entry] of entries.entries()) {
    progress.show(index, entries.length);
    const moved = archiveSegment(local, archive, entry, undefined, restAMoment);
    rawBytes += moved.bytes;
    archivedBytes += moved.archivedBytes;
    if (flags.json) print(moved);
  }
  progress.clear();
  if (flags.json) return;
  process.stdout.write(
    `moved ${entries.length} segments to ${directory}: ${rawBytes} bytes as ${archivedBytes}\n`,
  );
}

/** Copies archived segments back and prints a line for each. */
export function restoreFromFlags(flags: {
  dataDir?: string;
  from?: string;
  to?: string;
  json?: boolean;
}): void {
  const last = Number.MAX_SAFE_INTEGER;
  const from = flags.from === undefined ? 1 : checkedInteger('--from', flags.from, 1, last);
  const to = flags.to === undefined ? last : checkedInteger('--to', flags.to, from, last);
  const local = openFlatStorage(journalOf(dataDirOf(flags)), 'positional');
  removeUnfinished(local);
  const progress = new ProgressLine('restore', 'segments');
  let restored = 0;
  for (const directory of readTiers(local)) {
    const archive = openFlatStorage(directory, 'positional');
    const names = restorable(local, archive);
    const wanted = names.slice(segmentHolding(names, from), segmentHolding(names, to) + 1);
    for (const [index, name] of wanted.entries()) {
      progress.show(index, wanted.length);
      const moved = restoreSegment(local, archive, name);
      restored++;
      if (flags.json) print(moved);
    }
  }
  progress.clear();
  if (!flags.json) process.stdout.write(`restored ${restored} segments\n`);
}

/** Reads all copies again and prints what was found; returns the exit code. */
export async function scrubFromFlags(flags: {
  dataDir?: string;
  rate: string;
  json?: boolean;
}): Promise<number> {
  comeLast();
  const bytesPerSecond = checkedRate(flags.rate);
  const local = openFlatStorage(journalOf(dataDirOf(flags)), 'positional');
  const archives = readTiers(local).map((directory) => openFlatStorage(directory, 'positional'));
  const progress = new ProgressLine('scrub', 'bytes');
  const report = await scrubJournal(local, archives, {
    bytesPerSecond,
    rest: (ms) => delay(ms),
    nowMs: () => performance.now(),
    onProgress: (done, total) => progress.show(done, total),
  });
  progress.clear();
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    for (const problem of report.problems) process.stderr.write(`ringfence: ${problem.message}\n`);
    process.stdout.write(
      `${report.ok ? 'whole' : 'DAMAGED'}: ${report.copies} copies of sealed segments, ${report.bytes} bytes\n`,
    );
  }
  return report.ok ? ExitCode.ok : ExitCode.corruption;
}

/** The node beside it comes first, whenever it wants the processor or the disk. */
function comeLast(): void {
  runInBackground();
  loadLibc().libc?.runWhenIdle();
}

function checkedRate(text: string): number {
  const rate = checkedBytes('--rate', text);
  if (rate >= MIN_SCRUB_RATE) return rate;
  throw new CliError(
    `--rate: "${text}" is too little; allowed: ${MIN_SCRUB_RATE} bytes or more, also with KiB, MiB or GiB`,
    ExitCode.usage,
  );
}

function archiveDirectory(dataDir: string, flag: string | undefined): string {
  if (flag !== undefined) return resolve(flag);
  const { archiveDir } = resolveConfig({ dataDir }, process.env);
  if (archiveDir !== '') return resolve(dataDir, archiveDir);
  throw new CliError('--to is missing, and the configuration has no archiveDir', ExitCode.usage);
}

function print(moved: MovedSegment): void {
  process.stdout.write(`${JSON.stringify(moved)}\n`);
}
