import type { Logger } from 'pino';
import { LogonFlag, RejectCode } from '../core/codes.js';
import type { Clock } from '../runtime/clock.js';
import type { Logon } from '../wire/message-fields.js';
import { Template } from '../wire/schema.js';
import type { GatewayOptions } from './gateway-options.js';
import type { InstrumentNews } from './instrument-news.js';
import type { ApiKey, KeyTable } from './key-table.js';
import { LogonLimiter } from './logon-limiter.js';
import { LogonVerifier, makeNonce } from './logon-verifier.js';
import { monotonicMs } from './monotonic-ms.js';
import type { ReportLog } from './report-log.js';
import { listKeyOf, type ReportSender } from './report-sender.js';
import type { Session } from './session.js';
import type { SessionTable } from './session-table.js';

/** What this node is, as far as a logon is concerned. */
export interface Leadership {
  /** 0 when orders are taken here, otherwise the reject code that says why not. */
  readonly refusal: number;
  /** The epoch in force. */
  readonly epoch: number;
}

/** The collaborators of a SessionOpener. */
export interface SessionOpenerParts {
  readonly clusterId: bigint;
  readonly clock: Clock;
  readonly options: GatewayOptions;
  readonly leadership: Leadership;
  readonly sessions: SessionTable;
  readonly keys: KeyTable;
  readonly reportLog: ReportLog;
  readonly sender: ReportSender;
  /** Slots of the instrumentListed events so far. */
  readonly listings: readonly Int32Array[];
  readonly news: InstrumentNews;
  readonly log: Logger;
}

/** Opens sessions: challenge, logon, and what a session that is open is told first. */
export class SessionOpener {
  private readonly parts: SessionOpenerParts;
  private readonly verifier: LogonVerifier;
  private readonly limiter: LogonLimiter;
  private waiting: Session[];

  constructor(parts: SessionOpenerParts) {
    this.parts = parts;
    this.verifier = new LogonVerifier(parts.keys, parts.clusterId, parts.options.logonWindowMs);
    this.limiter = new LogonLimiter(parts.options.logonsPerSecondPerIp);
    this.waiting = [];
  }

  /** Sends a new connection its challenge. */
  challenge(session: Session): void {
    const { sessions, clusterId, leadership } = this.parts;
    session.nonce = makeNonce();
    sessions.stage(session, 'logonChallenge', {
      nonce: session.nonce,
      clusterId,
      epoch: leadership.epoch,
      isPrimary: leadership.refusal === 0 ? 1 : 0,
    });
  }

  /** Judges a logon. A nonce is for one attempt; a logon that fails ends the connection. */
  logOn(session: Session, logon: Logon): void {
    const nonce = session.nonce;
    session.nonce = undefined;
    if (nonce === undefined) {
      this.parts.sessions.reject(session, RejectCode.ALREADY_LOGGED_ON, Template.logon, 0);
      return;
    }
    const key = this.keyOf(session, logon, nonce);
    if (key === undefined) return;
    session.key = key;
    session.resumeAfter = logon.lastReportSequence;
    session.cancelsOnDisconnect = (logon.flags & LogonFlag.cancelOnDisconnect) !== 0;
    this.parts.sessions.logOn(session);
    // Commands of the session's predecessor may still be under way; the first number to go on with is known when
    // they are answered.
    if (key.answeredSequence < key.sequencedSequence) this.waiting.push(session);
    else this.admit(session);
  }

  /** Admits the sessions whose predecessors' commands have been answered by now. */
  admitWaiting(): void {
    if (this.waiting.length === 0) return;
    const ready = this.waiting.filter(({ key }) => key!.answeredSequence >= key!.sequencedSequence);
    this.waiting = this.waiting.filter((session) => !session.isClosed && !ready.includes(session));
    for (const session of ready) if (!session.isClosed) this.admit(session);
  }

  /** Forgets addresses that have not logged on for a while. */
  prune(): void {
    this.limiter.prune(monotonicMs(this.parts.clock));
  }

  /** The key that a logon proves, or undefined after it was refused. */
  private keyOf(session: Session, logon: Logon, nonce: Uint8Array): ApiKey | undefined {
    const { clock, leadership, log } = this.parts;
    if (leadership.refusal !== 0) return this.refuse(session, leadership.refusal);
    if (!this.limiter.take(session.remoteAddress, monotonicMs(clock))) {
      return this.refuse(session, RejectCode.RATE_LIMITED);
    }
    if (logon.lastReportSequence < -1) {
      return this.refuse(session, RejectCode.BAD_FIELD, 'logon.lastReportSequence is less than -1');
    }
    if ((logon.flags & ~LogonFlag.cancelOnDisconnect) !== 0) {
      return this.refuse(
        session,
        RejectCode.BAD_FIELD,
        'logon.flags has bits that this version does not know',
      );
    }
    const verdict = this.verifier.verify(logon, nonce, session.permission, clock.epochMicroseconds());
    if (verdict.key !== undefined) return verdict.key;
    const { connectionId: connection, remoteAddress } = session;
    log.warn({ connection, remoteAddress, reason: verdict.reason }, 'logon refused');
    return this.refuse(session, RejectCode.LOGON_REFUSED, verdict.text);
  }

  private refuse(session: Session, code: number, text?: string): undefined {
    this.parts.sessions.reject(session, code, Template.logon, 0, text);
    this.parts.sessions.close(session, code);
    return undefined;
  }

  private admit(session: Session): void {
    const { sessions, reportLog, sender, listings, news, options, leadership, log } = this.parts;
    const key = session.key!;
    const newest = reportLog.newestNumber(listKeyOf(session));
    session.isAdmitted = true;
    sessions.stage(session, 'logonAccepted', {
      lastClientSequence: key.answeredSequence,
      lastReportSequence: newest,
      apiKeyId: key.apiKeyId,
      accountId: key.accountId,
      permissions: key.permissions,
      epoch: leadership.epoch,
      pingIntervalMs: options.pingIntervalMs,
      maxMessagesPerFrame: options.maxMessagesPerFrame,
    });
    for (const listing of listings) sender.send(session, listing, 0);
    for (const slot of news.slots()) sender.send(session, slot, 0);
    sender.resendAfter(session, session.resumeAfter === -1 ? newest : session.resumeAfter);
    log.info({ connection: session.connectionId, apiKeyId: key.apiKeyId }, 'logged on');
  }
}
