import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Prng } from '../../src/base/prng.js';
import { readWholeFrames } from '../../src/gateway/whole-frames.js';

const FRAME_BYTES_MAX = 4096;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A frame as a client sends it; without a mask when that is null. */
function frame(first: number, payload: Uint8Array, mask: Uint8Array | null = randomBytes(4)): Buffer {
  const isShort = payload.length < 126;
  const head = Buffer.alloc(isShort ? 2 : 4);
  head[0] = first;
  head[1] = (mask === null ? 0 : 0x80) | (isShort ? payload.length : 126);
  if (!isShort) head.writeUInt16BE(payload.length, 2);
  if (mask === null) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3]!)]);
}

/** What a server of `ws` hears and says, with or without the short way. */
class Heard {
  readonly said: string[] = [];
  /** Messages that came on the short way. */
  fast = 0;
  isClosed = false;
  answered = Buffer.alloc(0);

  /** The code of the close frame, the last thing that it said. */
  get closedWith(): number {
    return this.answered.readUInt16BE(this.answered.length - 2);
  }

  static async of(isFast: boolean): Promise<{ heard: Heard; client: Socket }> {
    const heard = new Heard();
    const limits = { noServer: true, maxPayload: FRAME_BYTES_MAX, maxFragments: 4 };
    const webSockets = new WebSocketServer(limits);
    const http = createServer();
    http.on('upgrade', (request: IncomingMessage, transport: Duplex, head: Buffer) =>
      webSockets.handleUpgrade(request, transport, head, (socket) => heard.listen(socket, transport, isFast)),
    );
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const client = connect({ port: (http.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
    closers.push(() => {
      client.destroy();
      for (const socket of webSockets.clients) socket.terminate();
      http.close();
    });
    client.on('error', () => {});
    client.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await once(client, 'data');
    client.on('data', (chunk) => {
      heard.answered = Buffer.concat([heard.answered, chunk]);
    });
    client.on('end', () => client.end());
    return { heard, client };
  }

  private listen(socket: WebSocket, transport: Duplex, isFast: boolean): void {
    if (isFast) {
      readWholeFrames(transport, FRAME_BYTES_MAX, {
        onBytes: () => {},
        onMessage: ({ buffer, byteOffset }, from, to) => {
          this.fast++;
          this.said.push(`message ${Buffer.from(buffer, byteOffset + from, to - from).toString('hex')}`);
        },
      });
    }
    socket.on('message', (bytes: Buffer) => this.said.push(`message ${bytes.toString('hex')}`));
    socket.on('ping', (bytes) => this.said.push(`ping ${bytes.toString('hex')}`));
    socket.on('pong', (bytes) => this.said.push(`pong ${bytes.toString('hex')}`));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }
}

/** Sends the stream in the given pieces to both servers and waits until both have closed. */
async function compare(stream: Buffer, pieces: readonly number[]): Promise<{ fast: Heard; plain: Heard }> {
  const both = await Promise.all([Heard.of(true), Heard.of(false)]);
  for (const { heard, client } of both) {
    let at = 0;
    for (const piece of pieces) {
      if (at >= stream.length) break;
      client.write(stream.subarray(at, at + piece));
      at += piece;
      // A turn, so that the pieces arrive apart.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (at < stream.length) client.write(stream.subarray(at));
    client.write(frame(0x88, Buffer.from([0x03, 0xe8])));
    while (!heard.isClosed) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { fast: both[0].heard, plain: both[1].heard };
}

const text = Buffer.from('order');

describe('a WebSocket whose whole frames are read on the short way says what ws says', () => {
  test('for binary messages of every length and mask, in pieces cut anywhere', async () => {
    const random = new Prng(20_261_122);
    const frames: Buffer[] = [];
    for (let i = 0; i < 300; i++) {
      const length = [0, 1, 2, 3, 4, 5, 40, 125, 126, 127, 500, FRAME_BYTES_MAX][random.below(12)]!;
      const mask = random.below(3) === 0 ? Buffer.alloc(4) : randomBytes(4);
      frames.push(frame(0x82, randomBytes(length), mask));
      if (random.below(10) === 0)
        frames.push(frame(random.below(2) === 0 ? 0x89 : 0x8a, randomBytes(random.below(126))));
    }
    const stream = Buffer.concat(frames);
    const pieces = Array.from({ length: 400 }, () => 1 + random.below(3000));
    const { fast, plain } = await compare(stream, pieces);
    expect(plain.said.length).toBe(frames.length);
    expect(fast.said).toEqual(plain.said);
    expect(fast.answered).toEqual(plain.answered);
    expect(fast.closedWith).toBe(1000);
    expect(fast.fast).toBe(300);
  });

  test.each([
    ['fragments', [frame(0x02, text), frame(0x80, text)], 1000],
    ['a ping between fragments', [frame(0x02, text), frame(0x89, text), frame(0x80, text)], 1000],
    ['text', [frame(0x81, text)], 1000],
    ['text that is not UTF-8', [frame(0x81, Buffer.from([0xff]))], 1007],
    ['a frame without a mask', [frame(0x82, text, null)], 1002],
    ['a reserved bit', [frame(0xc2, text)], 1002],
    ['an unknown kind', [frame(0x83, text)], 1002],
    ['a ping that is too long', [frame(0x89, Buffer.alloc(126))], 1002],
    ['a ping in fragments', [frame(0x09, text)], 1002],
    ['a continuation of nothing', [frame(0x80, text)], 1002],
    ['a frame over the limit', [frame(0x82, Buffer.alloc(FRAME_BYTES_MAX + 1))], 1009],
    ['too many fragments', Array.from({ length: 6 }, (_, i) => frame(i === 0 ? 0x02 : 0x00, text)), 1008],
  ])('for %s, before and after whole frames', async (_what, odd, closedWith) => {
    const whole = frame(0x82, text);
    const { fast, plain } = await compare(Buffer.concat([whole, whole, ...odd, whole]), []);
    expect(plain.closedWith).toBe(closedWith);
    expect(fast.answered).toEqual(plain.answered);
    expect(fast.said).toEqual(plain.said);
    expect(fast.fast).toBe(2);
  });
});
