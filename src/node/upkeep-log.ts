import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { UpkeepEvent, UpkeepRules } from '../../journal/upkeep.js';
import type { NodeConfig } from './config.js';

const HOUR_MS = 3_600_000;

/** What `status` shows of the upkeep of the journal, since the start. */
export interface UpkeepFigures {
  /** Passes of the background scrub that came to their end, and copies that were bad in the last one. */
  readonly scrubPasses: number;
  readonly damagedCopies: number;
  readonly repairs: number;
  readonly archivedSegments: number;
  readonly removedSegments: number;
  /** What went wrong last; empty = nothing. */
  readonly lastProblem: string;
}

/** Writes what the upkeep of the journal does to the log, and counts it. */
export class UpkeepLog {
  figures: UpkeepFigures = {
    scrubPasses: 0,
    damagedCopies: 0,
    repairs: 0,
    archivedSegments: 0,
    removedSegments: 0,
    lastProblem: '',
  };
  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
  }

  note(event: UpkeepEvent): void {
    const figures = this.figures;
    const log = this.log;
    switch (event.type) {
      case 'problem':
        this.figures = { ...figures, lastProblem: event.message };
        log.error({ code: event.code }, event.message);
        return;
      case 'archived':
        this.figures = { ...figures, archivedSegments: figures.archivedSegments + 1 };
        log.info({ segment: event.segment }, 'segment archived');
        return;
      case 'removed': {
        const removedSegments = figures.removedSegments + event.segments;
        this.figures = { ...figures, removedSegments };
        log.info(
          { segments: event.segments, lastSequence: event.lastSequence },
          'old segments removed; history begins later',
        );
        return;
      }
      case 'repaired':
        this.figures = { ...figures, repairs: figures.repairs + 1 };
        log.warn(
          { file: event.file, from: event.from },
          'a bad copy of a segment was replaced, byte-identical',
        );
        return;
      case 'scrubbed':
        this.figures = { ...figures, scrubPasses: figures.scrubPasses + 1, damagedCopies: event.damaged };
        log.info({ copies: event.copies, bytes: event.bytes, damaged: event.damaged }, 'scrub done');
    }
  }
}

/** The directory of the configuration for archives, made when the node archives by itself; '' = it does not. */
export function archiveDirectoryOf({ archiveAfterHours, archiveDir, dataDir }: NodeConfig): string {
  if (archiveAfterHours === 0) return '';
  const directory = resolve(dataDir, archiveDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

export function upkeepRulesOf(config: NodeConfig): UpkeepRules {
  return {
    scrubBytesPerSecond: config.scrubBytesPerSecond,
    scrubPauseMs: config.scrubPauseMs,
    archiveAfterMs: config.archiveAfterHours * HOUR_MS,
    retainMs: config.retainHours * HOUR_MS,
    retainBytes: config.retainBytes,
  };
}
