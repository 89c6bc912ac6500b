import { WebSocket } from 'ws';
import { logonBytes } from '../../../src/wire/logon-bytes.js';
import { type DecodedMessage, decodeFrames, encodeFrame } from '../../../src/wire/sbe-frames.js';
import { SUBPROTOCOL_SBE } from '../../../src/wire/schema.js';
import { until } from './in-process-node.js';

/** A WebSocket of `ringfence.sbe.v1` without a client behind it: says what the test says and keeps what it hears. */
export class RawSession {
  readonly socket: WebSocket;
  heard: DecodedMessage[] = [];
  /** Code and reason of the close, or undefined while it is open. */
  closed: { code: number; reason: string } | undefined = undefined;
  error: Error | undefined = undefined;

  constructor(url: string, options: { autoPong?: boolean; origin?: string; protocols?: string[] } = {}) {
    const { protocols = [SUBPROTOCOL_SBE], ...rest } = options;
    this.socket = new WebSocket(url, protocols, rest);
    this.socket.on('message', (frame) => {
      this.heard.push(...decodeFrames(frame as Buffer));
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
  }

  /** The first message of a name, waiting for it. */
  async hear<N extends DecodedMessage['name']>(
    name: N,
  ): Promise<Extract<DecodedMessage, { name: N }>['fields']> {
    await until(`${name} was heard`, () => this.heard.some((message) => message.name === name));
    return this.heard.find((message) => message.name === name)!.fields as never;
  }

  /** The logon frame that answers the challenge. */
  async logonFrame(
    apiKeyId: number,
    signer: (bytes: Uint8Array) => Uint8Array,
    change: { offMs?: number; nonce?: Uint8Array } = {},
  ): Promise<Uint8Array> {
    const challenge = await this.hear('logonChallenge');
    const timestampUs = (Date.now() + (change.offMs ?? 0)) * 1000;
    const signed = logonBytes(challenge.clusterId, change.nonce ?? challenge.nonce, apiKeyId, timestampUs);
    return encodeFrame('logon', { timestampUs, lastReportSequence: -1, apiKeyId, signature: signer(signed) });
  }

  /** Logs on and waits for the answer. */
  async logOn(apiKeyId: number, signer: (bytes: Uint8Array) => Uint8Array): Promise<void> {
    this.socket.send(await this.logonFrame(apiKeyId, signer));
    await this.hear('logonAccepted');
  }

  /** Waits until the other side has closed. */
  async end(): Promise<{ code: number; reason: string }> {
    await until('the connection is closed', () => this.closed !== undefined);
    return this.closed!;
  }
}
