/**
 * The smallest WebSocket client that a load generator needs: frames are made beforehand and written many at a time,
 * so that the client costs the machine as little as it can. One frame still carries one message.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';

const OPCODE_BINARY = 0x82;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Connects and hands the socket over after the upgrade. */
export function openRawWebSocket(url: string, subprotocol: string): Promise<RawWebSocket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const upgrade = request({
      host: hostname,
      port,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': subprotocol,
      },
    });
    upgrade.on('upgrade', (_response, socket, head) => resolve(new RawWebSocket(socket as Socket, head)));
    upgrade.on('response', (response) => reject(new Error(`${url} answered ${response.statusCode}`)));
    upgrade.on('error', reject);
    upgrade.end();
  });
}

/** A binary frame as a client sends it, masked with zeros: the payload stands in it as it is. */
export function clientFrame(payload: Uint8Array): Uint8Array {
  const isShort = payload.length < LENGTH_16;
  const header = isShort ? 6 : 8;
  const frame = new Uint8Array(header + payload.length);
  frame[0] = OPCODE_BINARY;
  if (isShort) frame[1] = MASKED | payload.length;
  else {
    frame[1] = MASKED | LENGTH_16;
    frame[2] = payload.length >> 8;
    frame[3] = payload.length & 0xff;
  }
  frame.set(payload, header);
  return frame;
}

export class RawWebSocket {
  /** Called with the place of each binary message from the server; the bytes are good until it returns. */
  onMessage: (bytes: Buffer, offset: number, length: number) => void = () => {};
  onClose: () => void = () => {};
  private readonly socket: Socket;
  private rest: Buffer;

  constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    this.rest = Buffer.from(head);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('close', () => this.onClose());
    socket.on('error', () => {});
    if (head.length > 0) setImmediate(() => this.take(Buffer.alloc(0)));
  }

  /** Writes frames made by `clientFrame`, any number of them one behind the other. */
  write(frames: Uint8Array): void {
    this.socket.write(frames);
  }

  /** Bytes that the socket has not taken yet. */
  get bufferedAmount(): number {
    return this.socket.writableLength;
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    for (;;) {
      if (bytes.length - at < 2) break;
      const short = bytes[at + 1]! & 0x7f;
      const header = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10;
      if (bytes.length - at < header) break;
      const length =
        short < LENGTH_16
          ? short
          : short === LENGTH_16
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2));
      if (short === LENGTH_64 && length > 1 << 30) throw new Error(`a frame of ${length} bytes`);
      if (bytes.length - at - header < length) break;
      if (bytes[at] === OPCODE_BINARY) this.onMessage(bytes, at + header, length);
      at += header + length;
    }
    this.rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }
}
