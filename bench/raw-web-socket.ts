/**
 * The smallest WebSocket client that a load generator needs: frames are made beforehand and written many at a time,
 * and what arrives is read in place in one buffer, so that the client costs the machine as little as it can. One frame
 * still carries one message.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { viewOf } from '../src/wire/sbe.js';

const OPCODE_BINARY = 0x82;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const RECEIVE_BYTES = 1 << 18;
const NOTHING = Buffer.alloc(0);
const END_OF_HEAD = '\r\n\r\n';

/** Connects, asks for the upgrade and hands the socket over. */
export function openRawWebSocket(url: string, subprotocol: string): Promise<RawWebSocket> {
  const { host, hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let webSocket: RawWebSocket | undefined;
    let head = '';
    const onRead = (length: number, bytes: Uint8Array): boolean => {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, length);
      if (webSocket !== undefined) {
        webSocket.take(chunk);
        return true;
      }
      head += chunk.toString('latin1');
      const end = head.indexOf(END_OF_HEAD);
      if (end < 0) return true;
      if (!head.startsWith('HTTP/1.1 101 ')) {
        reject(new Error(`${url} answered ${head.slice(0, head.indexOf('\r\n'))}`));
        socket.destroy();
        return true;
      }
      webSocket = new RawWebSocket(socket, Buffer.from(head.slice(end + END_OF_HEAD.length), 'latin1'));
      resolve(webSocket);
      return true;
    };
    const socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: { buffer: Buffer.allocUnsafe(RECEIVE_BYTES), callback: onRead },
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${url} closed the connection`)));
    socket.write(
      [
        'GET / HTTP/1.1',
        `Host: ${host}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        `Sec-WebSocket-Protocol: ${subprotocol}`,
        '\r\n',
      ].join('\r\n'),
    );
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
  onMessage: (bytes: DataView, offset: number, length: number) => void = () => {};
  onClose: () => void = () => {};
  private readonly socket: Socket;
  private rest: Buffer;

  /** `head` is what came behind the answer to the upgrade. */
  constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    this.rest = head;
    socket.on('close', () => this.onClose());
    socket.on('error', () => {});
    if (head.length > 0) setImmediate(() => this.take(NOTHING));
  }

  /** The descriptor of the socket, for a thread that writes to it beside this one. */
  get fd(): number {
    return (this.socket as unknown as { _handle: { fd: number } })._handle.fd;
  }

  /** Writes frames made by `clientFrame`, any number of them one behind the other. */
  write(frames: Uint8Array): void {
    this.socket.write(frames);
  }

  close(): void {
    this.socket.destroy();
  }

  /** Takes what was read. */
  take(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const view = viewOf(bytes);
    let at = 0;
    for (;;) {
      if (bytes.length - at < 2) break;
      const short = view.getUint8(at + 1) & 0x7f;
      const header = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10;
      if (bytes.length - at < header) break;
      const length =
        short < LENGTH_16
          ? short
          : short === LENGTH_16
            ? view.getUint16(at + 2)
            : Number(view.getBigUint64(at + 2));
      if (short === LENGTH_64 && length > 1 << 30) throw new Error(`a frame of ${length} bytes`);
      if (bytes.length - at - header < length) break;
      if (view.getUint8(at) === OPCODE_BINARY) this.onMessage(view, at + header, length);
      at += header + length;
    }
    this.rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
  }
}
