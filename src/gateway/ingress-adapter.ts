import { Permission, RejectCode } from '../core/codes.js';
import { LogicVersion } from '../core/logic-version.js';
import type { MarketData } from '../publish/market-data.js';
import type { Clock } from '../runtime/clock.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import type { MsgpackDecoder } from '../wire/msgpack-decoder.js';
import { readSbeHeader, readSbeInt64 } from '../wire/sbe.js';
import { decodeFrames } from '../wire/sbe-frames.js';
import { messages, offsetOf, SBE_HEADER_BYTES, Template } from '../wire/schema.js';
import type { GatewayOptions } from './gateway-options.js';
import { monotonicMs } from './monotonic-ms.js';
import type { ReportSender } from './report-sender.js';
import type { Sequencer } from './sequencer.js';
import type { Session } from './session.js';
import type { Leadership, SessionOpener } from './session-opener.js';
import type { SessionTable } from './session-table.js';

/** Breaches of the rate limit are counted over this time. */
const BREACH_WINDOW_MS = 10_000;
const LOGIC_VERSION_OFFSET = offsetOf('activateLogic', 'logicVersion');

/** Permission that a command asks for by template id; 0 = not a command that clients send. */
const permissionOf = new Uint8Array(512);
for (const message of messages) {
  if (message.kind !== 'command' || message.sentBy !== 'client') continue;
  permissionOf[message.templateId] = message.sender === 'admin' ? Permission.admin : Permission.trade;
}

/** Whether a template, any 16 bits, is a command that clients send. */
function isCommand(templateId: number): boolean {
  return templateId < permissionOf.length && permissionOf[templateId] !== 0;
}

/** The collaborators of an IngressAdapter. */
export interface IngressAdapterParts {
  readonly clock: Clock;
  readonly options: GatewayOptions;
  readonly leadership: Leadership;
  readonly sessions: SessionTable;
  readonly opener: SessionOpener;
  readonly sequencer: Sequencer;
  readonly sender: ReportSender;
  readonly marketData: MarketData;
  readonly msgpack: MsgpackDecoder;
  readonly counters: NodeCounters;
  /** Called after commands were staged: they are to be published before this turn of the event loop ends. */
  readonly onStaged: () => void;
}

/**
 * Takes the frames of clients apart and passes commands on. A frame that cannot be followed to its end is refused
 * whole and ends its session; a message that is whole but wrong is refused alone.
 */
export class IngressAdapter {
  private readonly parts: IngressAdapterParts;
  /** Time and `lowDiskSpace` when bytes last came. */
  private nowMs: number;
  private isDiskLow: boolean;
  /** Commands received since the last `takeCommandCount`. */
  private commandCount: number;

  constructor(parts: IngressAdapterParts) {
    this.parts = parts;
    this.nowMs = 0;
    this.isDiskLow = false;
    this.commandCount = 0;
  }

  /** Commands received since this was last asked. */
  takeCommandCount(): number {
    const count = this.commandCount;
    this.commandCount = 0;
    return count;
  }

  /** Something has come from a session: to be called before each message, or once for all that came together. */
  onBytes(session: Session): void {
    this.nowMs = monotonicMs(this.parts.clock);
    this.isDiskLow = this.parts.counters.get(Counter.lowDiskSpace) !== 0;
    session.heardAtMs = this.nowMs;
  }

  /** Takes one binary WebSocket message of a session: bytes `from` to `to` of `bytes`. */
  onFrame(session: Session, bytes: DataView, from: number, to: number): void {
    if (session.isClosed) return;
    if (session.isMsgpack) {
      const decoder = this.parts.msgpack;
      const code = decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from));
      if (code === 0) this.onMessages(session, decoder.view, 0, decoder.frameBytes);
      else {
        const { errorTemplateId, errorClientSequence, errorText } = decoder;
        this.refuseFrame(session, code, errorTemplateId, errorClientSequence, errorText);
      }
      return;
    }
    const templateId = readSbeHeader(bytes, from, to);
    // One good message and nothing behind it, as nearly all frames are.
    if (templateId > 0 && from + SBE_HEADER_BYTES + blockLengthAt(bytes, from) === to) {
      this.onMessage(session, templateId, bytes, from);
    } else this.onMessages(session, bytes, from, to);
  }

  /** Takes a text message, which no session may send. */
  onText(session: Session): void {
    if (session.isClosed) return;
    this.refuseFrame(session, RejectCode.MALFORMED_FRAME, 0, 0, 'frames are binary, not text');
  }

  /** Counts a ping or pong frame, which cost as much as a message. */
  onControlFrame(session: Session): void {
    if (session.isClosed) return;
    this.onBytes(session);
    if (!session.bucket.take(this.nowMs)) this.countBreach(session);
  }

  private onMessages(session: Session, frame: DataView, from: number, end: number): void {
    if (!this.isWhole(session, frame, from, end)) return;
    let offset = from;
    while (offset < end && !session.isClosed) {
      const templateId = readSbeHeader(frame, offset, end);
      if (templateId > 0) this.onMessage(session, templateId, frame, offset);
      else this.refuseMessage(session, -templateId, frame, offset, end);
      offset += SBE_HEADER_BYTES + blockLengthAt(frame, offset);
    }
  }

  /** Follows the messages of a frame to its end; refuses the frame when that is not possible. */
  private isWhole(session: Session, frame: DataView, from: number, end: number): boolean {
    if (end === from) {
      this.refuseFrame(session, RejectCode.MALFORMED_FRAME, 0, 0, 'the frame is empty');
      return false;
    }
    let offset = from;
    let count = 0;
    while (offset < end) {
      const code = readSbeHeader(frame, offset, end);
      const block = offset + SBE_HEADER_BYTES;
      const isCutShort = block > end || block + blockLengthAt(frame, offset) > end;
      if (isCutShort || (code < 0 && losesSync(-code))) {
        const reason = code < 0 && losesSync(-code) ? -code : RejectCode.MALFORMED_FRAME;
        this.refuseFrame(session, reason, templateIdAt(frame, offset, end), 0);
        return false;
      }
      if (++count > this.parts.options.maxMessagesPerFrame) {
        const clientSequence = clientSequenceAt(frame, offset);
        this.refuseFrame(
          session,
          RejectCode.TOO_MANY_MESSAGES,
          templateIdAt(frame, offset, end),
          clientSequence,
        );
        return false;
      }
      offset = block + blockLengthAt(frame, offset);
    }
    return true;
  }

  private onMessage(session: Session, templateId: number, frame: DataView, offset: number): void {
    if (!session.bucket.take(this.nowMs)) {
      this.parts.sessions.reject(
        session,
        RejectCode.RATE_LIMITED,
        templateId,
        clientSequenceAt(frame, offset),
      );
      this.countBreach(session);
      return;
    }
    if (!session.isAdmitted && templateId !== Template.logon) {
      const clientSequence = clientSequenceAt(frame, offset);
      this.parts.sessions.reject(session, RejectCode.NOT_LOGGED_ON, templateId, clientSequence);
      this.parts.sessions.close(session, RejectCode.NOT_LOGGED_ON);
      return;
    }
    if (isCommand(templateId)) this.onCommand(session, templateId, frame, offset);
    else this.onSessionMessage(session, frame, offset);
  }

  private onCommand(session: Session, templateId: number, frame: DataView, offset: number): void {
    const { leadership, sequencer, sessions } = this.parts;
    this.commandCount++;
    const clientSequence = clientSequenceAt(frame, offset);
    if (permissionOf[templateId] !== session.permission) {
      sessions.reject(session, RejectCode.NOT_PERMITTED, templateId, clientSequence);
      return;
    }
    if (clientSequence < 1) {
      const text = 'clientSequence has to be at least 1';
      sessions.reject(session, RejectCode.BAD_FIELD, templateId, clientSequence, text);
      return;
    }
    if (leadership.refusal !== 0) {
      sessions.reject(session, leadership.refusal, templateId, clientSequence);
      return;
    }
    if (this.isDiskLow && takesRoom(templateId)) {
      sessions.reject(session, RejectCode.LOW_DISK_SPACE, templateId, clientSequence);
      return;
    }
    if (templateId === Template.activateLogic && logicVersionAt(frame, offset) > LogicVersion.newest) {
      // Never journaled: a release that knows the version would not come to the same answer.
      sessions.reject(session, RejectCode.UNKNOWN_LOGIC_VERSION, templateId, clientSequence);
      return;
    }
    const key = session.key!;
    if (!sequencer.stage(templateId, key.accountId, key.apiKeyId, frame, offset + SBE_HEADER_BYTES)) {
      this.parts.counters.add(Counter.gatewayBusy, 1);
      sessions.reject(session, RejectCode.BUSY, templateId, clientSequence);
      return;
    }
    if (clientSequence > key.sequencedSequence) key.sequencedSequence = clientSequence;
    this.parts.onStaged();
  }

  private onSessionMessage(session: Session, frame: DataView, offset: number): void {
    const { clock, marketData, opener, sender, sessions } = this.parts;
    const end = offset + SBE_HEADER_BYTES + blockLengthAt(frame, offset);
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset + offset, end - offset);
    const message = decodeFrames(bytes)[0]!;
    switch (message.name) {
      case 'logon':
        opener.logOn(session, message.fields);
        return;
      case 'ping':
        sessions.stage(session, 'pong', {
          clientTimeUs: message.fields.clientTimeUs,
          serverTimeUs: clock.epochMicroseconds(),
        });
        return;
      case 'subscribe':
      case 'unsubscribe': {
        const { instrumentId, channels } = message.fields;
        const isKnown =
          message.name === 'subscribe'
            ? marketData.subscribe(session, instrumentId, channels)
            : marketData.unsubscribe(session, instrumentId, channels);
        if (!isKnown) sessions.reject(session, RejectCode.UNKNOWN_INSTRUMENT, message.templateId, 0);
        return;
      }
      case 'resendRequest':
        if (message.fields.lastReportSequence >= 0) {
          sender.resendAfter(session, message.fields.lastReportSequence);
          return;
        }
        sessions.reject(
          session,
          RejectCode.BAD_FIELD,
          message.templateId,
          0,
          'lastReportSequence is less than 0',
        );
        return;
      case 'logout':
        session.isLoggedOut = true;
        sessions.close(session, 0);
        return;
      default:
        throw new Error(`${message.name} is not a message of clients`);
    }
  }

  /** Refuses one message that is whole. */
  private refuseMessage(session: Session, code: number, frame: DataView, offset: number, end: number): void {
    const templateId = templateIdAt(frame, offset, end);
    const clientSequence =
      code === RejectCode.BAD_FIELD && isCommand(templateId) ? safe(clientSequenceAt(frame, offset)) : 0;
    const text = code === RejectCode.BAD_FIELD ? 'a 64-bit field is not within +-(2^53-1)' : undefined;
    this.parts.sessions.reject(session, code, templateId, clientSequence, text);
    if (!session.bucket.take(this.nowMs)) this.countBreach(session);
  }

  /** Refuses a whole frame; ends the session when client and gateway do not speak the same language. */
  private refuseFrame(
    session: Session,
    code: number,
    templateId: number,
    clientSequence: number,
    text?: string,
  ): void {
    this.parts.sessions.reject(session, code, templateId, clientSequence, text);
    if (losesSync(code) || !session.isAdmitted) this.parts.sessions.close(session, code);
    else if (!session.bucket.take(this.nowMs)) this.countBreach(session);
  }

  private countBreach(session: Session): void {
    if (this.nowMs - session.breachesSinceMs > BREACH_WINDOW_MS) {
      session.breachesSinceMs = this.nowMs;
      session.breaches = 0;
    }
    session.breaches++;
    if (session.breaches > this.parts.options.rateBreachLimit) {
      this.parts.sessions.close(session, RejectCode.RATE_LIMITED);
    }
  }
}

/**
 * True for commands that a nearly full disk refuses: those that add risk. Cancels end it, and administrators (who can
 * pay out, for one) know what they do.
 */
function takesRoom(templateId: number): boolean {
  return templateId === Template.newOrder || templateId === Template.replaceOrder;
}

function logicVersionAt(frame: DataView, offset: number): number {
  return frame.getUint32(offset + SBE_HEADER_BYTES + LOGIC_VERSION_OFFSET, true);
}

/** True for mistakes after which the rest of what a client says cannot be trusted to mean what it seems to. */
function losesSync(code: number): boolean {
  return (
    code === RejectCode.MALFORMED_FRAME ||
    code === RejectCode.UNSUPPORTED_SCHEMA ||
    code === RejectCode.BAD_BLOCK_LENGTH
  );
}

function blockLengthAt(frame: DataView, offset: number): number {
  return frame.getUint16(offset, true);
}

function templateIdAt(frame: DataView, offset: number, end: number): number {
  return offset + 4 <= end ? frame.getUint16(offset + 2, true) : 0;
}

/** The first field of every command that has been followed to its end; of any other message it means nothing. */
function clientSequenceAt(frame: DataView, offset: number): number {
  const templateId = frame.getUint16(offset + 2, true);
  return isCommand(templateId) ? readSbeInt64(frame, offset + SBE_HEADER_BYTES) : 0;
}

function safe(value: number): number {
  return Number.isSafeInteger(value) ? value : 0;
}
