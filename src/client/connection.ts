import { LogonFlag, RejectCode } from '../core/codes.js';
import { logonBytes } from '../wire/logon-bytes.js';
import type { LogonAccepted, LogonChallenge } from '../wire/message-fields.js';
import { type DecodedMessage, encodeFrame } from '../wire/sbe-frames.js';
import type { FrameFormat } from './frame-format.js';
import { ConnectionError, RingfenceError } from './ringfence-error.js';
import type { Signer } from './signer.js';
import type { WebSocketConstructor, WebSocketLike } from './web-socket-like.js';

/** What a Connection is made of. */
export interface ConnectionParts {
  readonly url: string;
  readonly webSocket: WebSocketConstructor;
  readonly format: FrameFormat;
  readonly apiKeyId: number;
  readonly signer: Signer;
  readonly logonTimeoutMs: number;
  /** The lastReportSequence of the logon. */
  readonly resumeAfter: number;
  readonly cancelOnDisconnect: boolean;
  /** Called for each frame from the one that logonAccepted is in. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** Called once when the connection ends after logonAccepted, other than by `close`. */
  readonly onLost: () => void;
}

/**
 * One WebSocket to a gateway, with its logon. Frames go out and come in as they are: a load generator needs no more
 * than this.
 */
export class Connection {
  /**
   * Resolves with what the gateway said at logon. Fails with a RingfenceError of the gateway's code when it refuses,
   * with a ConnectionError when it cannot be reached or does not answer in time.
   */
  readonly opened: Promise<LogonAccepted>;
  private readonly parts: ConnectionParts;
  private readonly socket: WebSocketLike;
  private readonly timer: ReturnType<typeof setTimeout>;
  private resolve: (accepted: LogonAccepted) => void;
  private reject: (error: Error) => void;
  private isOpen: boolean;
  private isOver: boolean;

  /** Starts to connect. */
  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.isOpen = false;
    this.isOver = false;
    this.resolve = () => {};
    this.reject = () => {};
    this.opened = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.socket = new parts.webSocket(parts.url, [parts.format.subprotocol]) as WebSocketLike;
    this.socket.binaryType = 'arraybuffer';
    const { url, logonTimeoutMs } = parts;
    this.timer = setTimeout(
      () => this.fail(new ConnectionError(`${url} did not take the logon in ${logonTimeoutMs} ms`)),
      logonTimeoutMs,
    );
    this.socket.addEventListener('message', (event: { readonly data: unknown }) =>
      this.onMessage(event.data),
    );
    this.socket.addEventListener('error', (event: { readonly message?: string }) => {
      this.fail(new ConnectionError(`${url}: ${event.message ?? 'cannot be reached'}`));
    });
    this.socket.addEventListener('close', (event: { readonly code: number; readonly reason: string }) => {
      this.fail(new ConnectionError(`${url} closed the connection (${event.code} ${event.reason})`));
    });
  }

  /** Bytes handed over and not yet sent. */
  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  /** Sends one frame. */
  send(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  /** Closes the connection; nothing is called any more. */
  close(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket.close(1000);
  }

  private fail(error: Error): void {
    if (this.isOver) return;
    this.close();
    if (this.isOpen) this.parts.onLost();
    else this.reject(error);
  }

  private onMessage(received: unknown): void {
    if (this.isOver) return;
    if (!(received instanceof ArrayBuffer)) {
      this.fail(new ConnectionError(`${this.parts.url} sent something that is not a binary frame`));
      return;
    }
    const frame = new Uint8Array(received);
    if (!this.isOpen) for (const message of this.decode(frame)) this.onLogonMessage(message);
    if (this.isOpen) this.parts.onFrame(frame);
  }

  private decode(frame: Uint8Array): DecodedMessage[] {
    try {
      return this.parts.format.decode(frame);
    } catch (error) {
      this.fail(error as Error);
      return [];
    }
  }

  private onLogonMessage(message: DecodedMessage): void {
    if (this.isOpen || this.isOver) return;
    if (message.name === 'logonChallenge') void this.logOn(message.fields);
    else if (message.name === 'sessionReject') {
      this.fail(new RingfenceError(message.fields.code, message.fields.text));
    } else if (message.name === 'logonAccepted') {
      clearTimeout(this.timer);
      this.isOpen = true;
      this.resolve(message.fields);
    }
  }

  private async logOn(challenge: LogonChallenge): Promise<void> {
    const { apiKeyId, cancelOnDisconnect, format, resumeAfter, signer, url } = this.parts;
    if (challenge.isPrimary === 0) {
      this.fail(new RingfenceError(RejectCode.NOT_PRIMARY, `${url} does not take orders`));
      return;
    }
    try {
      const timestampUs = Date.now() * 1000;
      const signed = logonBytes(challenge.clusterId, challenge.nonce, apiKeyId, timestampUs);
      const signature = new Uint8Array(await signer(signed));
      if (this.isOver) return;
      const flags = cancelOnDisconnect ? LogonFlag.cancelOnDisconnect : 0;
      const logon = { timestampUs, lastReportSequence: resumeAfter, apiKeyId, flags, signature };
      this.socket.send(format.outbound(encodeFrame('logon', logon)));
    } catch (error) {
      this.fail(error as Error);
    }
  }
}
