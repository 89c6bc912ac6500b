import type { Logger } from 'pino';
import { JournalNoSpaceError } from '../../journal/errors.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import type { NodeConfig } from './config.js';
import { DiskSpaceGuard, type DiskSpaceSources, freeBytesOf } from './disk-space-guard.js';

/** What a DiskSpaceAlarm looks at, and what it tells. */
export interface DiskSpaceAlarmParts {
  /** The journal directory. */
  readonly directory: string;
  readonly config: Pick<NodeConfig, 'minFreeBytes' | 'segmentBytes'>;
  readonly prepared: DiskSpaceSources['prepared'];
  /** `lowDiskSpace` is how the gateway learns that it has to refuse new orders. */
  readonly counters: NodeCounters;
  readonly log: Logger;
}

/** Raises and ends the alarm about a full disk, as the DiskSpaceGuard says. */
export class DiskSpaceAlarm {
  private readonly parts: DiskSpaceAlarmParts;
  private readonly guard: DiskSpaceGuard;

  constructor(parts: DiskSpaceAlarmParts) {
    const { directory, config, prepared, counters } = parts;
    this.parts = parts;
    this.guard = new DiskSpaceGuard({
      prepared,
      freeBytes: () => freeBytesOf(directory),
      segmentRoom: () => counters.get(Counter.journalSegmentRoom),
      segmentBytes: config.segmentBytes,
      minFreeBytes: config.minFreeBytes,
    });
  }

  /** Looks once; returns why the node has to stop now, when the last segment is nearly full. */
  look(): JournalNoSpaceError | undefined {
    const { guard } = this;
    const wasLow = guard.isLow;
    guard.look();
    if (guard.isReserveEnding) return JournalNoSpaceError.ofReserve(this.parts.directory);
    if (guard.isLow !== wasLow) this.tell();
    return undefined;
  }

  private tell(): void {
    const { counters, log, prepared } = this.parts;
    const { freeBytes, isLow } = this.guard;
    counters.set(Counter.lowDiskSpace, isLow ? 1 : 0);
    const figures = { freeBytes, preparedSegments: prepared.ready(), preparerErrno: prepared.errno() };
    if (isLow) {
      counters.add(Counter.lowDiskAlarms, 1);
      log.error({ code: 'LOW_DISK_SPACE', ...figures }, 'the disk is nearly full: new orders are refused');
    } else {
      log.warn(figures, 'there is room on the disk again: new orders are taken');
    }
  }
}
