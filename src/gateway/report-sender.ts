import { blockLengthOf, MAX_SBE_MESSAGE_BYTES, writeEventFrame } from '../wire/sbe.js';
import { SBE_HEADER_BYTES } from '../wire/schema.js';
import { templateOf } from '../wire/slot.js';
import { adminListKey } from './event-record.js';
import { GONE, NO_ENTRY, type ReportLog } from './report-log.js';
import type { Session } from './session.js';
import type { SessionTable } from './session-table.js';

/** Bytes of reports sent again before the socket is given time to take them. */
const RESEND_CHUNK_BYTES = 32_768;

/** List of the report log that a session gets its reports from. */
export function listKeyOf(session: Session): number {
  const key = session.key!;
  return key.accountId === 0 ? adminListKey(key.apiKeyId) : key.accountId;
}

/**
 * Sends reports to sessions: live ones as they come, and those that a session missed from the report log, in pieces
 * that its socket can take. Until a session has caught up it gets everything from the log, so the order stays and
 * nothing comes twice.
 */
export class ReportSender {
  private readonly sessions: SessionTable;
  private readonly log: ReportLog;
  /** Reports sent since the last `takeSentCount`. */
  private sentCount: number;

  constructor(sessions: SessionTable, log: ReportLog) {
    this.sessions = sessions;
    this.log = log;
    this.sentCount = 0;
  }

  /** Stages the event in the slot at word `wordIndex` for a session. */
  send(session: Session, words: Int32Array, wordIndex: number): void {
    const offset = session.claim(SBE_HEADER_BYTES + blockLengthOf[templateOf(words[wordIndex]!)]!);
    writeEventFrame(words, wordIndex, session.words, offset >> 2);
    this.sentCount++;
  }

  /** Reports sent since this was last asked. */
  takeSentCount(): number {
    const count = this.sentCount;
    this.sentCount = 0;
    return count;
  }

  /** Sends a session the reports behind number `lastSeen`, or says that a snapshot is required. */
  resendAfter(session: Session, lastSeen: number): void {
    const first = this.log.firstAfter(listKeyOf(session), lastSeen);
    if (first === GONE) {
      this.requireSnapshot(session);
      return;
    }
    session.resendEntry = first;
    if (first === NO_ENTRY) this.complete(session);
    else this.resendMore(session);
  }

  /** Goes on sending; called when the socket has taken what was sent before. */
  resendMore(session: Session): void {
    // A session that is behind is looked at again when its socket has taken something, and by housekeeping.
    if (session.isClosed || session.resendEntry === NO_ENTRY || session.isBehind()) return;
    let left = RESEND_CHUNK_BYTES;
    while (left > 0) {
      const entry = session.resendEntry;
      if (!this.log.isKept(entry)) {
        session.resendEntry = NO_ENTRY;
        this.requireSnapshot(session);
        return;
      }
      this.send(session, this.log.words, this.log.wordIndex(entry));
      left -= MAX_SBE_MESSAGE_BYTES;
      const next = this.log.next(entry);
      if (next === NO_ENTRY) {
        session.resendEntry = NO_ENTRY;
        this.complete(session);
        return;
      }
      session.resendEntry = next;
    }
    // Sent at once, so that the socket asks for more when it has taken this.
    session.flush();
  }

  private complete(session: Session): void {
    const lastReportSequence = this.log.newestNumber(listKeyOf(session));
    this.sessions.stage(session, 'resendComplete', { lastReportSequence });
  }

  private requireSnapshot(session: Session): void {
    const lastReportSequence = this.log.newestNumber(listKeyOf(session));
    this.sessions.stage(session, 'snapshotRequired', { lastReportSequence });
  }
}
