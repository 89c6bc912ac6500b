import { statfsSync } from 'node:fs';

/** What a DiskSpaceGuard looks at; all of it is cheap to ask for. */
export interface DiskSpaceSources {
  /** Segments made ahead: how many, and why the last one could not be made (0 = it could). */
  readonly prepared: { ready(): number; errno(): number };
  /** Free bytes on the disk of the journal; -1 when that is not known. */
  readonly freeBytes: () => number;
  /** Bytes left in the segment written to; 0 when there is none. */
  readonly segmentRoom: () => number;
  readonly segmentBytes: number;
  /** Free bytes below which the disk is called nearly full; 0 = only the segments made ahead count. */
  readonly minFreeBytes: number;
}

/** Segments that should be ready; with fewer, a failure to make one is the beginning of the end. */
const WANTED_SEGMENTS = 2;
/** The last segment is given up when so much of it is left, so that what is under way still finds room. */
const LAST_ROOM_SHARE = 1 / 4;

/**
 * Decides what a filling disk means. Three marks, from early to late:
 * - low: less than `minFreeBytes` free, or a segment could not be made and fewer than two are ready. New orders are
 *   refused, cancels pass;
 * - no longer low: two segments are ready, none has failed, and two more would fit above the mark, so that orders are not
 *   taken and refused in turn;
 * - the reserve is ending: no segment is ready, none can be made, and the last one is nearly full.
 */
export class DiskSpaceGuard {
  isLow = false;
  isReserveEnding = false;
  /** Free bytes at the last look. */
  freeBytes = -1;
  private readonly sources: DiskSpaceSources;

  constructor(sources: DiskSpaceSources) {
    this.sources = sources;
  }

  /** Looks once and brings the fields up to date. */
  look(): void {
    const { prepared, segmentBytes, minFreeBytes } = this.sources;
    const ready = prepared.ready();
    const hasFailed = prepared.errno() !== 0;
    this.freeBytes = this.sources.freeBytes();
    const isKnown = this.freeBytes >= 0;
    const room = this.sources.segmentRoom();
    this.isReserveEnding = hasFailed && ready <= 0 && room > 0 && room < segmentBytes * LAST_ROOM_SHARE;
    if ((hasFailed && ready < WANTED_SEGMENTS) || (isKnown && this.freeBytes < minFreeBytes)) {
      this.isLow = true;
    } else if (this.isLow) {
      const resumeBytes = minFreeBytes + WANTED_SEGMENTS * segmentBytes;
      this.isLow = hasFailed || ready < WANTED_SEGMENTS || (isKnown && this.freeBytes < resumeBytes);
    }
  }
}

/** Free bytes for this user on the file system of `path`; -1 when the system does not say. */
export function freeBytesOf(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return -1;
  }
}
