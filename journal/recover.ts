/**
 * What a journal holds, and whether its end may be trusted: read-only, before anything is written.
 *
 * The decision about bad bytes at the end follows from evidence. D is the highest durable sequence that anything valid
 * names: a frame, the header of a later segment, the control file.
 * - Nothing written after the last frame: a clean end, if it is not before D.
 * - Bad bytes where sequence N should be, N > D: the torn tail of a write that nobody was told about. It is kept aside and
 *   cut when the writer opens, together with whole frames behind it: pages reach the disk in any order, so a good frame
 *   after a bad one proves nothing by itself.
 * - Bad bytes where sequence N should be, N <= D: damage. The start is refused and nothing is written.
 * - A good frame in a wrong place, a missing, swapped or foreign segment: damage, whatever D says.
 *
 * Header pages of all segments and all frames of the last one are checked here. The frames of older segments are checked
 * by whoever reads them, which a start always does, before it writes.
 */
import { CONTROL_FILE, type ControlState, readControlFile } from './control-file.js';
import { JournalCorruptionError } from './errors.js';
import { frameRecordCount } from './frame.js';
import { readManifestLines, removedThrough } from './manifest.js';
import { type JournalIdentity, parseSegmentName, SEGMENT_HEADER_BYTES, SEGMENT_SUFFIX } from './segment.js';
import { ScanStatus, SegmentScanner } from './segment-scanner.js';
import type { Storage } from './storage.js';

/** A plain object: it may cross to a worker. */
export interface RecoveryReport {
  readonly segments: number;
  readonly bytes: number;
  /** First record that is there: 1 unless retention has removed what was before it; 0 when the journal is empty. */
  readonly firstSequence: number;
  /** Last good record; 0 when the journal is empty. */
  readonly lastSequence: number;
  readonly chain: number;
  readonly epoch: number;
  readonly lastTimestampUs: number;
  /** Highest sequence that is proven to have been durable. */
  readonly durableSequence: number;
  /**
   * The journal was closed in good order, or was idle: its last frame says that everything is durable, or, where the
   * segment had no room for such a frame, the control file does.
   */
  readonly clean: boolean;
  /** Segment with a torn tail, empty when there is none; the tail is `tornBytes` from `tornOffset` on. */
  readonly tornFile: string;
  readonly tornOffset: number;
  readonly tornBytes: number;
  /** Newest segment, empty when there is none, and where its frames end. */
  readonly lastFile: string;
  readonly lastFileEnd: number;
  /**
   * Up to here the frames of the newest segment are proven to be on the disk. What follows could be read, but after a
   * sync that failed reads may show pages that the disk never got.
   */
  readonly lastFileProvenEnd: number;
  readonly lastFileFirstSequence: number;
  readonly lastFileEpoch: number;
  readonly isSealed: boolean;
  /** The newest segment was begun by an older release; new records go into a new one. */
  readonly isOutdated: boolean;
  readonly controlGeneration: number;
}

const EMPTY: RecoveryReport = {
  segments: 0,
  bytes: 0,
  firstSequence: 0,
  lastSequence: 0,
  chain: 0,
  epoch: 0,
  lastTimestampUs: 0,
  durableSequence: 0,
  clean: true,
  tornFile: '',
  tornOffset: 0,
  tornBytes: 0,
  lastFile: '',
  lastFileEnd: 0,
  lastFileProvenEnd: 0,
  lastFileFirstSequence: 0,
  lastFileEpoch: 0,
  isSealed: false,
  isOutdated: false,
  controlGeneration: 0,
};

/**
 * Names of the segments in order. Throws when a `.wal` file has no proper name: better to ask than to ignore what may be
 * part of the journal.
 */
export function segmentNames(storage: Storage): string[] {
  const names = storage.list().filter((name) => name.endsWith(SEGMENT_SUFFIX));
  for (const name of names) {
    if (parseSegmentName(name) === undefined) {
      throw new JournalCorruptionError(name, 0, 'a name like 00000000000000000001-0000000001.wal', name);
    }
  }
  return names;
}

export interface RecoveryOptions {
  /**
   * The oldest segments may have been removed; whoever asks for that must go on from a snapshot of the command before
   * `firstSequence`, or of a later one. Default: a journal that does not begin with the first command is damaged.
   */
  readonly mayBeginLater?: boolean;
}

/**
 * Looks at the journal and decides what counts. Changes nothing.
 * @param identity whose journal it must be; undefined = anybody's (offline tools)
 * @throws JournalCorruptionError, JournalForeignError, JournalVersionError, JournalIoError, JournalPermissionError
 */
export function recover(
  storage: Storage,
  identity?: JournalIdentity,
  options: RecoveryOptions = {},
): RecoveryReport {
  // The control file first: beside a running writer it may be older than the list of segments, never newer.
  const early = storage.exists(CONTROL_FILE) ? readControlFile(storage) : undefined;
  const names = segmentNames(storage);
  const control = early ?? controlState(storage, names);
  if (control === undefined) return EMPTY;
  if (control.newestSegment !== '' && !names.includes(control.newestSegment)) {
    throw new JournalCorruptionError(control.newestSegment, 0, 'the newest segment', 'no such file');
  }
  if (names.length === 0) return { ...EMPTY, controlGeneration: control.generation };

  let bytes = 0;
  let firstSequence = 1;
  let previous: SegmentScanner | undefined;
  for (const name of names) {
    previous?.close();
    const scanner = new SegmentScanner(storage, name, identity);
    const mayBegin = options.mayBeginLater === true || isDeclaredBeginning(storage, scanner);
    if (previous === undefined && mayBegin) {
      firstSequence = scanner.header.firstSequence;
    } else {
      checkLink(scanner, previous);
    }
    bytes += scanner.fileBytes;
    previous = scanner;
  }
  const last = previous!;
  try {
    const end = findEnd(last, control);
    return {
      ...end,
      segments: names.length,
      bytes,
      firstSequence: last.nextSequence > 1 ? firstSequence : 0,
      lastSequence: last.nextSequence - 1,
      chain: last.chain,
      epoch: last.epoch,
      lastTimestampUs: last.timestampUs,
      lastFile: last.name,
      lastFileFirstSequence: last.header.firstSequence,
      lastFileEpoch: last.header.epoch,
      isSealed: last.isSealed,
      isOutdated: last.header.isOutdated,
      controlGeneration: control.generation,
    };
  } finally {
    last.close();
  }
}

/** The statement of a control file that was not there a moment ago; undefined = a new directory. */
function controlState(storage: Storage, names: readonly string[]): ControlState | undefined {
  if (names.length === 0) return undefined;
  if (storage.exists(CONTROL_FILE)) return readControlFile(storage);
  throw new JournalCorruptionError(CONTROL_FILE, 0, 'the control file beside the segments', 'no such file');
}

/** The error of a journal that begins with a later command although nothing says what was before it. */
export function missingBeginning(storage: Storage): JournalCorruptionError {
  const name = segmentNames(storage)[0]!;
  const first = new SegmentScanner(storage, name);
  first.close();
  return new JournalCorruptionError(
    first.header.previousName,
    0,
    `the segment before ${name}, or a good snapshot of command ${first.header.firstSequence - 1} or a later one`,
    'no such file',
  );
}

/** Whether the journal begins later than its first command because retention says so in the manifest. */
function isDeclaredBeginning(storage: Storage, first: SegmentScanner): boolean {
  const { firstSequence } = first.header;
  return firstSequence > 1 && firstSequence <= removedThrough(readManifestLines(storage)) + 1;
}

/** Each segment must name the one before it; the first one must name none. */
function checkLink(scanner: SegmentScanner, previous: SegmentScanner | undefined): void {
  const { header, name } = scanner;
  const before = previous?.name ?? '';
  if (header.previousName === before && (before !== '' || header.firstSequence === 1)) {
    if (header.previousChain === header.chain) return;
    throw new JournalCorruptionError(name, 60, `chain ${header.chain}`, `${header.previousChain}`);
  }
  if (header.previousName > before) {
    throw new JournalCorruptionError(header.previousName, 0, `the segment before ${name}`, 'no such file');
  }
  throw new JournalCorruptionError(
    name,
    48,
    `the segment after ${before || 'none'}`,
    `one after ${header.previousName || 'none'}`,
  );
}

type End = Pick<
  RecoveryReport,
  'durableSequence' | 'clean' | 'tornFile' | 'tornOffset' | 'tornBytes' | 'lastFileEnd' | 'lastFileProvenEnd'
>;

/** Walks the last segment and decides about its end. */
function findEnd(last: SegmentScanner, control: ControlState): End {
  let markedSequence = -1;
  const proven = new ProvenEnd();
  let status = last.step();
  let isTorn = false;
  let evidence = 0;
  for (;;) {
    while (status === ScanStatus.frame) {
      // A mark or a seal: it vouches for everything before it.
      const isEmpty = frameRecordCount(last.words, last.frameWord) === 0;
      markedSequence = isEmpty ? last.durableSequence : -1;
      proven.pass(last);
      if (last.isSealed) break;
      status = last.step();
    }
    if (status === ScanStatus.misplaced) {
      throw new JournalCorruptionError(last.name, last.position, last.expected, last.found);
    }
    isTorn = status === ScanStatus.damaged || last.firstNonZero(last.end()) >= 0;
    if (!isTorn || last.isSealed) break;
    evidence = last.durableEvidence(last.position);
    // Beside a running writer the frame may have been whole a moment later: look again before judging it.
    status = last.stepAgain();
    if (status !== ScanStatus.frame) break;
  }
  const position = last.end();
  const expectedSequence = last.nextSequence;
  const durableSequence = Math.max(last.durableSequence, control.durableSequence, isTorn ? evidence : 0);
  if (expectedSequence <= durableSequence) {
    const expected = `sequence ${expectedSequence} (durable up to ${durableSequence})`;
    throw new JournalCorruptionError(
      last.name,
      position,
      expected,
      isTorn ? damage(last, status) : 'the end',
    );
  }
  const tornEnd = isTorn ? last.lastNonZero(position) + 1 : position;
  return {
    durableSequence,
    clean: !isTorn && Math.max(markedSequence, control.durableSequence) === expectedSequence - 1,
    tornFile: isTorn ? last.name : '',
    tornOffset: isTorn ? position : 0,
    tornBytes: tornEnd - position,
    lastFileEnd: position,
    lastFileProvenEnd: proven.upTo(durableSequence),
  };
}

/** Finds the end of the last frame that a durable sequence covers. */
class ProvenEnd {
  /** Frames that nothing has vouched for yet: where they end, and the durable sequence that would prove them. */
  readonly #pending: { readonly sequence: number; readonly end: number }[] = [];
  #end = SEGMENT_HEADER_BYTES;

  pass(scanner: SegmentScanner): void {
    // A frame without records says nothing about itself: only a later record can prove it.
    const isEmpty = frameRecordCount(scanner.words, scanner.frameWord) === 0;
    this.#pending.push({ sequence: scanner.nextSequence - (isEmpty ? 0 : 1), end: scanner.end() });
    this.upTo(scanner.durableSequence);
  }

  upTo(durableSequence: number): number {
    const pending = this.#pending;
    while (pending.length > 0 && pending[0].sequence <= durableSequence) this.#end = pending.shift()!.end;
    return this.#end;
  }
}

function damage(last: SegmentScanner, status: number): string {
  return status === ScanStatus.damaged
    ? `${last.found} instead of ${last.expected}`
    : 'bytes that are no frame';
}
