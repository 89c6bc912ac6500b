/**
 * One session that sends pre-made commands at a fixed rate, one message a frame, and times the first answer to each
 * from the moment at which the command was due (so a stall is charged to every command that it delays).
 */
import { type KeyObject, sign } from 'node:crypto';
import type { Histogram } from 'hdr-histogram-js';
import { type FlowCommand, FlowKind } from '../src/cli/import/flow-command.js';
import { Side, TimeInForce } from '../src/core/codes.js';
import { logonBytes } from '../src/wire/logon-bytes.js';
import { readSbeInt64 } from '../src/wire/sbe.js';
import { decodeFrames, encodeFrame } from '../src/wire/sbe-frames.js';
import { messageByName, offsetOf, SBE_HEADER_BYTES, SUBPROTOCOL_SBE, Template } from '../src/wire/schema.js';
import { newHistogram } from './baselines.js';
import { machineMs, PacedWriter } from './paced-writer.js';
import { clientFrame, openRawWebSocket, type RawWebSocket } from './raw-web-socket.js';

const EVENT_CLIENT_SEQUENCE = SBE_HEADER_BYTES + 24 + offsetOf('accepted', 'clientSequence');
const EVENT_SESSION = SBE_HEADER_BYTES + 20;
const FIRST_EVENT = Template.accepted;
const LAST_EVENT = Template.massCancelled;
const GIVE_UP_MS = 30_000;
/** The schedule begins so long after it was handed over. */
const LEAD_MS = 20;

/** Where the commands come from: a LoadFlow, for one. */
export interface CommandSource {
  next(): FlowCommand;
}

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  readonly rejected: number;
  /** From the first command due to the last answer. */
  readonly elapsedMs: number;
  readonly latencies: Histogram;
}

export class LoadSession {
  private readonly socket: RawWebSocket;
  private readonly apiKeyId: number;
  private readonly writer: PacedWriter;
  private nextSequence: number;

  private constructor(socket: RawWebSocket, apiKeyId: number, nextSequence: number) {
    this.socket = socket;
    this.apiKeyId = apiKeyId;
    this.writer = new PacedWriter();
    this.nextSequence = nextSequence;
  }

  /** Logs on with an Ed25519 private key. */
  static async open(url: string, apiKeyId: number, privateKey: KeyObject): Promise<LoadSession> {
    const socket = await openRawWebSocket(url, SUBPROTOCOL_SBE);
    const accepted = await new Promise<number>((resolve, reject) => {
      socket.onClose = () => reject(new Error(`${url} closed the connection at logon`));
      socket.onMessage = (bytes, offset, length) => {
        for (const message of decodeFrames(bytesOf(bytes, offset, length))) {
          if (message.name === 'logonChallenge') {
            const timestampUs = Date.now() * 1000;
            const { clusterId, nonce } = message.fields;
            const signature = sign(null, logonBytes(clusterId, nonce, apiKeyId, timestampUs), privateKey);
            socket.write(
              clientFrame(encodeFrame('logon', { timestampUs, apiKeyId, signature, lastReportSequence: -1 })),
            );
          } else if (message.name === 'logonAccepted') resolve(message.fields.lastClientSequence);
          else if (message.name === 'sessionReject') reject(new Error(message.fields.text));
        }
      };
    });
    return new LoadSession(socket, apiKeyId, accepted + 1);
  }

  /** Sends one command at a time, each when the one before was answered; the round trips in microseconds. */
  async roundTrips(flow: CommandSource, instrumentId: number, count: number): Promise<Histogram> {
    const latencies = newHistogram();
    for (let i = 0; i < count; i++) {
      const clientSequence = this.nextSequence++;
      const frame = clientFrame(this.encode(flow, instrumentId, clientSequence));
      const startedAt = performance.now();
      await new Promise<void>((resolve, reject) => {
        this.socket.onClose = () => reject(new Error('the gateway closed the session'));
        this.socket.onMessage = (message, at) => {
          if (readSbeInt64(message, at + EVENT_CLIENT_SEQUENCE) === clientSequence) resolve();
        };
        this.socket.write(frame);
      });
      latencies.recordValue(Math.max(1, Math.round((performance.now() - startedAt) * 1000)));
    }
    return latencies;
  }

  /** Sends `perSecond` commands each second for `seconds`; resolves when all are answered. */
  async run(
    flow: CommandSource,
    instrumentId: number,
    perSecond: number,
    seconds: number,
  ): Promise<LoadResult> {
    const count = Math.round(perSecond * seconds);
    const { bytes, ends } = this.frames(flow, instrumentId, count);
    const first = this.nextSequence;
    this.nextSequence += count;
    const answeredAtMs = new Float64Array(count);
    const rejectedTemplate = Template.rejected;
    let answered = 0;
    let rejected = 0;
    const intervalMs = 1000 / perSecond;
    const startsAtMs = machineMs() + LEAD_MS;
    const timeout = setTimeout(() => this.socket.close(), seconds * 1000 + GIVE_UP_MS);
    await new Promise<void>((resolve, reject) => {
      this.socket.onClose = () => {
        void this.writer.close();
        reject(new Error(`the gateway closed the session after ${answered} answers`));
      };
      this.socket.onMessage = (message, offset, length) => {
        const nowMs = machineMs();
        for (let at = offset; at < offset + length; ) {
          const template = message.getUint16(at + 2, true);
          const blockLength = message.getUint16(at, true);
          if (
            template >= FIRST_EVENT &&
            template <= LAST_EVENT &&
            message.getUint32(at + EVENT_SESSION, true) === this.apiKeyId
          ) {
            const index = readSbeInt64(message, at + EVENT_CLIENT_SEQUENCE) - first;
            if (index >= 0 && index < count && answeredAtMs[index] === 0) {
              answeredAtMs[index] = nowMs;
              answered += 1;
              if (template === rejectedTemplate) rejected += 1;
            }
          } else if (template === Template.sessionReject) {
            const [reject1] = decodeFrames(bytesOf(message, at, SBE_HEADER_BYTES + blockLength));
            reject(new Error(`the gateway refused a command: ${JSON.stringify(reject1!.fields)}`));
          }
          at += SBE_HEADER_BYTES + blockLength;
        }
        if (answered === count) resolve();
      };
      this.writer.start({ fd: this.socket.fd, bytes, ends, startsAtMs, intervalMs }, reject);
    });
    clearTimeout(timeout);
    this.socket.onClose = () => {};
    // Recorded afterwards: a histogram costs more than all the rest of this client.
    const latencies = newHistogram();
    let lastAnswerAtMs = 0;
    for (let i = 0; i < count; i++) {
      const atMs = answeredAtMs[i]!;
      latencies.recordValue(Math.max(1, Math.round((atMs - startsAtMs - i * intervalMs) * 1000)));
      lastAnswerAtMs = Math.max(lastAnswerAtMs, atMs);
    }
    return { sent: count, answered, rejected, elapsedMs: lastAnswerAtMs - startsAtMs, latencies };
  }

  async close(): Promise<void> {
    this.socket.onClose = () => {};
    await this.writer.close();
    this.socket.close();
  }

  private frames(
    flow: CommandSource,
    instrumentId: number,
    count: number,
  ): { bytes: Uint8Array<SharedArrayBuffer>; ends: Float64Array<SharedArrayBuffer> } {
    const longest = Math.max(
      ...['newOrder', 'replaceOrder', 'cancelOrder'].map((name) => messageByName(name).blockLength),
    );
    const bytes = new Uint8Array(new SharedArrayBuffer(count * (longest + SBE_HEADER_BYTES + 6)));
    const ends = new Float64Array(new SharedArrayBuffer(count * 8));
    let at = 0;
    for (let i = 0; i < count; i++) {
      const frame = clientFrame(this.encode(flow, instrumentId, this.nextSequence + i));
      bytes.set(frame, at);
      at += frame.length;
      ends[i] = at;
    }
    return { bytes, ends };
  }

  private encode(flow: CommandSource, instrumentId: number, clientSequence: number): Uint8Array {
    const { kind, clientOrderId, newClientOrderId, priceTicks, quantityLots, side, timeInForce } =
      flow.next();
    const order = { clientSequence, clientOrderId, instrumentId };
    if (kind === FlowKind.cancelOrder) return encodeFrame('cancelOrder', order);
    if (kind === FlowKind.replaceOrder) {
      return encodeFrame('replaceOrder', { ...order, newClientOrderId, priceTicks, quantityLots });
    }
    return encodeFrame('newOrder', {
      ...order,
      priceTicks,
      quantityLots,
      orderType: 1,
      side: side === Side.sell ? Side.sell : Side.buy,
      timeInForce: timeInForce === TimeInForce.IOC ? TimeInForce.IOC : TimeInForce.GTC,
    });
  }
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
