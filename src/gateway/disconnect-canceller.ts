import type { Sequencer } from './sequencer.js';
import type { Session } from './session.js';

/**
 * Cancels the orders of accounts whose sessions have gone without a word, where the session had asked for that at its
 * logon. The cancel is a command of its own: it is journaled and has the same effect in every replay.
 */
export class DisconnectCanceller {
  private readonly sequencer: Sequencer;
  private readonly onStaged: () => void;
  /** Sessions that have ended while the input ring was full. */
  private waiting: Session[];

  /** `onStaged` is called after commands were staged: they are to be published soon. */
  constructor(sequencer: Sequencer, onStaged: () => void) {
    this.sequencer = sequencer;
    this.onStaged = onStaged;
    this.waiting = [];
  }

  /** Takes note of a session that has ended. */
  onEnded(session: Session): void {
    if (!session.isLoggedOn || !session.cancelsOnDisconnect || session.isLoggedOut) return;
    if (!this.sequencer.isLeading) return;
    this.waiting.push(session);
    this.retry();
  }

  /** Stages what had to wait for room in the input ring. */
  retry(): void {
    let staged = 0;
    while (staged < this.waiting.length) {
      const { accountId, apiKeyId } = this.waiting[staged]!.key!;
      if (!this.sequencer.stageDisconnect(accountId, apiKeyId)) break;
      staged++;
    }
    if (staged === 0) return;
    this.waiting.splice(0, staged);
    this.onStaged();
  }
}
