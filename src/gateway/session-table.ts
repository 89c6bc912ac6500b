import type { Logger } from 'pino';
import { Permission, RejectCode, rejectName } from '../core/codes.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import type { SessionName } from '../wire/message-fields.js';
import { rejectText } from '../wire/reject-text.js';
import type { FrameFields } from '../wire/sbe-frames.js';
import { appendFrame } from '../wire/sbe-frames.js';
import { messageByName, SBE_HEADER_BYTES } from '../wire/schema.js';
import { closeCodeOf } from './close-codes.js';
import type { Session, SessionOwner } from './session.js';

const NONE: readonly Session[] = [];

/** All connections, the sessions among them by key and by account, and the ways they end. */
export class SessionTable implements SessionOwner {
  /** Called when the kernel has taken a frame of a session that is being resent reports. */
  onResendFlushed: (session: Session) => void;
  /** Called once for each session that ends, for whatever reason. */
  onEnded: (session: Session) => void;
  private readonly counters: NodeCounters;
  private readonly log: Logger;
  private readonly connected: Set<Session>;
  private readonly byKey: Map<number, Session>;
  private readonly byAccount: Map<number, Session[]>;
  private readonly staged: Session[];

  constructor(counters: NodeCounters, log: Logger) {
    this.onResendFlushed = () => {};
    this.onEnded = () => {};
    this.counters = counters;
    this.log = log;
    this.connected = new Set();
    this.byKey = new Map();
    this.byAccount = new Map();
    this.staged = [];
  }

  /** Takes in a new connection. */
  add(session: Session): void {
    this.connected.add(session);
  }

  /** Every connection that has not ended, logged on or not. */
  all(): Iterable<Session> {
    return this.connected;
  }

  get count(): number {
    return this.connected.size;
  }

  /** The session that is logged on with a key. */
  ofKey(apiKeyId: number): Session | undefined {
    return this.byKey.get(apiKeyId);
  }

  /** The trading sessions of an account. */
  ofAccount(accountId: number): readonly Session[] {
    return this.byAccount.get(accountId) ?? NONE;
  }

  /** Makes a session that has proved its key the one of that key; one that was there before is displaced. */
  logOn(session: Session): void {
    const key = session.key!;
    const displaced = this.byKey.get(key.apiKeyId);
    if (displaced !== undefined) this.close(displaced, RejectCode.SESSION_DISPLACED);
    session.isLoggedOn = true;
    this.byKey.set(key.apiKeyId, session);
    if (session.permission === Permission.trade) {
      const sessions = this.byAccount.get(key.accountId);
      if (sessions === undefined) this.byAccount.set(key.accountId, [session]);
      else sessions.push(session);
    }
    this.counters.set(Counter.gatewaySessions, this.byKey.size);
  }

  /** Stages a message that is the gateway's own. */
  stage<N extends SessionName>(session: Session, name: N, fields: Partial<FrameFields[N]>): void {
    const size = SBE_HEADER_BYTES + messageByName(name).blockLength;
    const offset = session.claim(size);
    appendFrame(session.bytes, offset, name, fields);
  }

  /** Stages a sessionReject. `text` replaces the usual sentence of the code. */
  reject(
    session: Session,
    code: number,
    refTemplateId: number,
    clientSequence: number,
    text = rejectText(code),
  ): void {
    this.counters.add(Counter.gatewayRejects, 1);
    this.stage(session, 'sessionReject', { clientSequence, code, refTemplateId, text });
  }

  /** Says loggedOut to a session that is logged on, sends what is staged and starts the closing handshake. */
  close(session: Session, code: number): void {
    if (session.isClosed) return;
    if (session.isLoggedOn) this.stage(session, 'loggedOut', { code });
    session.flush();
    if (session.isClosed) return;
    this.end(session, code);
    session.socket.close(closeCodeOf(code), code === 0 ? '' : rejectName(code));
  }

  /** Forgets a session; its socket is closed by the caller, or was by the client. */
  end(session: Session, code: number): void {
    if (session.isClosed) return;
    session.isClosed = true;
    this.connected.delete(session);
    const key = session.key;
    if (session.isLoggedOn && key !== undefined) {
      if (this.byKey.get(key.apiKeyId) === session) this.byKey.delete(key.apiKeyId);
      const left = this.ofAccount(key.accountId).filter((other) => other !== session);
      if (left.length === 0) this.byAccount.delete(key.accountId);
      else this.byAccount.set(key.accountId, left);
      this.counters.set(Counter.gatewaySessions, this.byKey.size);
    }
    this.log.info(
      {
        connection: session.connectionId,
        apiKeyId: key?.apiKeyId,
        reason: code === 0 ? 'closed by the client' : rejectName(code),
      },
      'connection ended',
    );
    this.onEnded(session);
  }

  /** Sends everything that was staged, one frame a session. */
  flushAll(): void {
    // Asked after every message; setting a length of 0 to 0 would be most of what it costs.
    if (this.staged.length === 0) return;
    for (let i = 0; i < this.staged.length; i++) this.staged[i]!.flush();
    this.staged.length = 0;
  }

  onStaged(session: Session): void {
    this.staged.push(session);
  }

  onOverflow(session: Session): void {
    this.counters.add(Counter.gatewaySlowReaders, 1);
    this.end(session, RejectCode.SLOW_CONSUMER);
    session.socket.terminate();
  }

  onFlushed(session: Session): void {
    if (!session.isClosed) this.onResendFlushed(session);
  }
}
