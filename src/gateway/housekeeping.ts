import { RejectCode } from '../core/codes.js';
import { Template } from '../wire/schema.js';
import type { GatewayOptions } from './gateway-options.js';
import { NO_ENTRY } from './report-log.js';
import type { ReportSender } from './report-sender.js';
import type { Session } from './session.js';
import type { SessionTable } from './session-table.js';

/** A session that stays above the soft limit this long does not read; it is dropped. */
const BEHIND_LIMIT_MS = 5000;

/** Looks at every connection from time to time: late logons, silence, slow readers, reports still to be sent again. */
export class Housekeeping {
  private readonly options: GatewayOptions;
  private readonly sessions: SessionTable;
  private readonly sender: ReportSender;

  constructor(options: GatewayOptions, sessions: SessionTable, sender: ReportSender) {
    this.options = options;
    this.sessions = sessions;
    this.sender = sender;
  }

  /** One round at monotonic time `nowMs`. */
  round(nowMs: number): void {
    for (const session of this.sessions.all()) this.look(session, nowMs);
  }

  private look(session: Session, nowMs: number): void {
    const { idleTimeoutMs, logonTimeoutMs, pingIntervalMs } = this.options;
    if (!session.isLoggedOn && nowMs - session.openedAtMs >= logonTimeoutMs) {
      this.sessions.reject(session, RejectCode.LOGON_TIMEOUT, Template.logon, 0);
      this.sessions.close(session, RejectCode.LOGON_TIMEOUT);
      return;
    }
    if (nowMs - session.heardAtMs >= idleTimeoutMs) {
      this.sessions.close(session, RejectCode.IDLE_TIMEOUT);
      return;
    }
    if (!session.isBehind()) session.behindSinceMs = 0;
    else if (session.behindSinceMs === 0) session.behindSinceMs = nowMs;
    else if (nowMs - session.behindSinceMs >= BEHIND_LIMIT_MS) {
      this.sessions.onOverflow(session);
      return;
    }
    const quietSinceMs = Math.max(session.heardAtMs, session.pingedAtMs);
    if (nowMs - quietSinceMs >= pingIntervalMs) {
      session.pingedAtMs = nowMs;
      session.socket.ping();
    }
    if (session.resendEntry !== NO_ENTRY) this.sender.resendMore(session);
  }
}
