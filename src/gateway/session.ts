import type { FrameTarget } from '../publish/frame-target.js';
import { sbeToMsgpack } from '../wire/msgpack-encoder.js';
import type { ClientSocket } from './client-socket.js';
import type { ApiKey } from './key-table.js';
import { NO_ENTRY } from './report-log.js';
import type { TokenBucket } from './token-bucket.js';

/** Staged bytes that are sent at once instead of at the end of the turn; keeps frames of a size that all clients take. */
const FRAME_BYTES_MAX = 65_536;
const FRAME_BYTES_FIRST = 1024;

/** What a session tells its table. */
export interface SessionOwner {
  /** It has something to flush now. */
  onStaged(session: Session): void;
  /** It reads too slowly: drop it. */
  onOverflow(session: Session): void;
  /** The kernel has taken a frame of a session that is being resent reports. */
  onFlushed(session: Session): void;
}

/** One connection: its socket, its limits, and, once logged on, its key. */
export class Session implements FrameTarget {
  readonly connectionId: number;
  readonly socket: ClientSocket;
  readonly remoteAddress: string;
  /** Permission that its listener asks for: Permission.trade or Permission.admin. */
  readonly permission: number;
  readonly isMsgpack: boolean;
  readonly bucket: TokenBucket;
  readonly openedAtMs: number;
  /** Set as soon as the session is over; whatever the socket delivers afterwards is dropped. */
  isClosed = false;
  /** The key is proved; from now on the session is the one of its key. */
  isLoggedOn = false;
  /** logonAccepted was sent; from now on commands are taken. */
  isAdmitted = false;
  /** The key that proved itself; set before `isLoggedOn`. */
  key: ApiKey | undefined = undefined;
  /** The challenge of the one logon that it may answer. */
  nonce: Uint8Array | undefined = undefined;
  /** Its logon asked that the orders of the account are cancelled when it ends without a logout. */
  cancelsOnDisconnect = false;
  /** It has said logout. */
  isLoggedOut = false;
  /** The lastReportSequence of its logon. */
  resumeAfter = 0;
  /** Next entry of the report log to be sent again; NO_ENTRY when the session is live. */
  resendEntry = NO_ENTRY;
  heardAtMs: number;
  pingedAtMs: number;
  /** Since when more than the soft limit waits to be sent; 0 = it does not. */
  behindSinceMs = 0;
  breaches = 0;
  breachesSinceMs = 0;
  /** Staged SBE messages; see `claim`. */
  bytes: Uint8Array;
  /** The same as words: every message begins at one. */
  words: Int32Array;
  private length = 0;
  private readonly owner: SessionOwner;
  private readonly softLimitBytes: number;
  private readonly hardLimitBytes: number;

  constructor(
    owner: SessionOwner,
    socket: ClientSocket,
    facts: {
      connectionId: number;
      remoteAddress: string;
      permission: number;
      isMsgpack: boolean;
      bucket: TokenBucket;
      nowMs: number;
      softLimitBytes: number;
      hardLimitBytes: number;
    },
  ) {
    this.owner = owner;
    this.socket = socket;
    this.connectionId = facts.connectionId;
    this.remoteAddress = facts.remoteAddress;
    this.permission = facts.permission;
    this.isMsgpack = facts.isMsgpack;
    this.bucket = facts.bucket;
    this.openedAtMs = facts.nowMs;
    this.heardAtMs = facts.nowMs;
    this.pingedAtMs = facts.nowMs;
    this.softLimitBytes = facts.softLimitBytes;
    this.hardLimitBytes = facts.hardLimitBytes;
    this.bytes = new Uint8Array(FRAME_BYTES_FIRST);
    this.words = new Int32Array(this.bytes.buffer);
  }

  /** Stages `size` bytes of messages: the caller writes them into `bytes` from the returned offset on. */
  claim(size: number): number {
    if (this.length + size > FRAME_BYTES_MAX) this.flush();
    if (this.length + size > this.bytes.length) {
      const grown = new Uint8Array(Math.min(FRAME_BYTES_MAX, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
      this.words = new Int32Array(grown.buffer);
    }
    if (this.length === 0) this.owner.onStaged(this);
    const offset = this.length;
    this.length += size;
    return offset;
  }

  /** Sends what was staged as one frame. A session that cannot take it any more is dropped. */
  flush(): void {
    const length = this.length;
    if (length === 0) return;
    this.length = 0;
    if (this.isClosed) return;
    const frame = this.isMsgpack ? sbeToMsgpack(this.bytes, 0, length) : this.bytes.subarray(0, length);
    if (this.socket.bufferedAmount + frame.length > this.hardLimitBytes) {
      this.owner.onOverflow(this);
      return;
    }
    if (this.resendEntry === NO_ENTRY) this.socket.send(frame);
    else this.socket.send(frame, () => this.owner.onFlushed(this));
  }

  /** True while so much waits to be sent that market data has to stop. */
  isBehind(): boolean {
    return this.socket.bufferedAmount + this.length > this.softLimitBytes;
  }
}
