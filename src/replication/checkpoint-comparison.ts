import { hex64 } from '../base/hex.js';
import type { Checkpoint, CheckpointRing } from '../runtime/checkpoint-ring.js';

/** Checkpoints of the primary that may wait for the standby's business logic; more, and the oldest is let go. */
const MAX_PENDING = 256;

/** Both checkpoints of one sequence, which should be equal. */
export interface Divergence {
  readonly primary: Checkpoint;
  readonly standby: Checkpoint;
}

/**
 * Compares the primary's checkpoints with the standby's own, as soon as its business logic has come that far.
 * A checkpoint that the standby no longer keeps is passed over; the next one tells as much, since both hashes
 * run over everything before them.
 */
export class CheckpointComparison {
  /** Checkpoints that were compared and found equal. */
  equalCount: number;
  private readonly own: CheckpointRing;
  private readonly pending: Checkpoint[];

  constructor(own: CheckpointRing) {
    this.equalCount = 0;
    this.own = own;
    this.pending = [];
  }

  get pendingCount(): number {
    return this.pending.length;
  }

  /** Takes a checkpoint of the primary; they come in rising order of sequence. */
  add(primary: Checkpoint): void {
    if (this.pending.length === MAX_PENDING) this.pending.shift();
    this.pending.push(primary);
  }

  /** Compares what can be compared now; returns the first difference. */
  compare(): Divergence | undefined {
    if (this.pending.length === 0) return undefined;
    const newest = this.own.latest()?.sequence ?? 0;
    while (this.pending.length > 0 && this.pending[0]!.sequence <= newest) {
      const primary = this.pending.shift()!;
      const standby = this.own.find(primary.sequence);
      if (standby === undefined) continue;
      if (!areEqual(primary, standby)) return { primary, standby };
      this.equalCount++;
    }
    return undefined;
  }

  /** Forgets what waits: the connection that it came from is gone. */
  clear(): void {
    this.pending.length = 0;
  }
}

function areEqual(a: Checkpoint, b: Checkpoint): boolean {
  return (
    a.stateHashLow === b.stateHashLow &&
    a.stateHashHigh === b.stateHashHigh &&
    a.outputHashLow === b.outputHashLow &&
    a.outputHashHigh === b.outputHashHigh
  );
}

/** A checkpoint as fields for the log: 16 hex digits a hash, high half first. */
export function checkpointFields(checkpoint: Checkpoint): { stateHash: string; outputHash: string } {
  return {
    stateHash: hex64(checkpoint.stateHashLow, checkpoint.stateHashHigh),
    outputHash: hex64(checkpoint.outputHashLow, checkpoint.outputHashHigh),
  };
}
