/** Lists the segments of a journal: a quick look that reads frame headers and sums no records. */

import { readInt64 } from '../src/base/int64.js';
import { HeaderWord } from '../src/wire/slot.js';
import { JournalError } from './errors.js';
import { FRAME_HEADER_WORDS, frameRecordCount } from './frame.js';
import { segmentNames } from './recover.js';
import { ScanStatus, SegmentScanner } from './segment-scanner.js';
import type { Storage } from './storage.js';

export interface SegmentInfo {
  readonly file: string;
  readonly bytes: number;
  readonly firstSequence: number;
  /** Last record; `firstSequence - 1` when there is none. */
  readonly lastSequence: number;
  readonly records: number;
  readonly frames: number;
  /** Epoch of the last frame. */
  readonly epoch: number;
  readonly isSealed: boolean;
  readonly createdAtUs: number;
  /** Command times of the first and the last record; 0 = no records. */
  readonly firstTimestampUs: number;
  readonly lastTimestampUs: number;
  readonly release: string;
  /** What stopped the walk, empty for a proper end. */
  readonly problem: string;
}

/** Information about each segment, in order. Damage is shown in `problem`, not thrown. */
export function listSegments(storage: Storage): SegmentInfo[] {
  return segmentNames(storage).map((name) => look(storage, name));
}

function look(storage: Storage, file: string): SegmentInfo {
  let scanner: SegmentScanner;
  try {
    scanner = new SegmentScanner(storage, file);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return { ...UNREADABLE, file, problem: error.message };
  }
  scanner.verifyFrom = Number.MAX_SAFE_INTEGER;
  let records = 0;
  let firstTimestampUs = 0;
  let status: number = ScanStatus.frame;
  let problem = '';
  try {
    while (!scanner.isSealed) {
      status = scanner.step();
      if (status !== ScanStatus.frame) break;
      const count = frameRecordCount(scanner.words, scanner.frameWord);
      if (records === 0 && count > 0) {
        const firstRecord = scanner.frameWord + FRAME_HEADER_WORDS;
        firstTimestampUs = readInt64(scanner.words, firstRecord + HeaderWord.timestampUs);
      }
      records += count;
    }
    if (status === ScanStatus.damaged || status === ScanStatus.misplaced) {
      problem = `at offset ${scanner.position}: expected ${scanner.expected}, found ${scanner.found}`;
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    problem = error.message;
  } finally {
    scanner.close();
  }
  return {
    file,
    bytes: scanner.fileBytes,
    firstSequence: scanner.header.firstSequence,
    lastSequence: scanner.nextSequence - 1,
    records,
    frames: scanner.frames,
    epoch: scanner.epoch,
    isSealed: scanner.isSealed,
    createdAtUs: scanner.header.createdAtUs,
    firstTimestampUs,
    lastTimestampUs: records === 0 ? 0 : scanner.timestampUs,
    release: scanner.header.release,
    problem,
  };
}

const UNREADABLE: SegmentInfo = {
  file: '',
  bytes: 0,
  firstSequence: 0,
  lastSequence: 0,
  records: 0,
  frames: 0,
  epoch: 0,
  isSealed: false,
  createdAtUs: 0,
  firstTimestampUs: 0,
  lastTimestampUs: 0,
  release: '',
  problem: '',
};
