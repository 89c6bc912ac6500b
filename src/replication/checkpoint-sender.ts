import type { CheckpointRing } from '../runtime/checkpoint-ring.js';
import type { Link } from './link.js';
import { encodeCheckpoint } from './protocol.js';

/** Sends a standby each checkpoint of this node once, oldest first, as far back as they are kept. */
export class CheckpointSender {
  private readonly checkpoints: CheckpointRing;
  private sentSequence: number;

  constructor(checkpoints: CheckpointRing) {
    this.checkpoints = checkpoints;
    this.sentSequence = 0;
  }

  /** Sends what is new. One look at shared memory when nothing is. */
  send(link: Link): void {
    const newest = this.checkpoints.latest();
    if (newest === undefined) return;
    while (this.sentSequence < newest.sequence) {
      const checkpoint = this.checkpoints.after(this.sentSequence);
      if (checkpoint === undefined) return;
      link.send(encodeCheckpoint(checkpoint));
      this.sentSequence = checkpoint.sequence;
    }
  }
}
