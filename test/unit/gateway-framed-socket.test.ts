import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FramedSocket } from '../../src/gateway/framed-socket.js';

/** A WebSocket of which only the state is real, and the stream behind it. */
function rig(readyState: number = WebSocket.OPEN) {
  const transport = new PassThrough();
  let writes = 0;
  const write = transport.write.bind(transport);
  transport.write = ((...args: Parameters<typeof write>) => {
    writes++;
    return write(...args);
  }) as typeof transport.write;
  const socket = new FramedSocket({ readyState } as WebSocket, transport);
  return { socket, transport, writes: () => writes };
}

describe('a message', () => {
  it.each([
    [1, [0x82, 1]],
    [125, [0x82, 125]],
    [126, [0x82, 126, 0, 126]],
    [65_535, [0x82, 126, 0xff, 0xff]],
    [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ])('of %i bytes is written at once, behind the head that its length asks for', (length, head) => {
    const { socket, transport, writes } = rig();
    const payload = Uint8Array.from({ length }, (_, index) => index);
    socket.send(payload);
    expect(writes()).toBe(1);
    const written = transport.read() as Buffer;
    expect([...written.subarray(0, head.length)]).toEqual(head);
    expect(Buffer.compare(written.subarray(head.length), payload)).toBe(0);
  });

  it('is a copy: its bytes may be used again', () => {
    const { socket, transport } = rig();
    const payload = Uint8Array.of(1, 2, 3);
    socket.send(payload);
    payload.fill(9);
    expect([...(transport.read() as Buffer)]).toEqual([0x82, 3, 1, 2, 3]);
  });

  it('tells when it was taken', async () => {
    const { socket } = rig();
    await new Promise<void>((resolve) => socket.send(Uint8Array.of(1), () => resolve()));
  });

  it.each([WebSocket.CLOSING, WebSocket.CLOSED])('is not sent behind a close frame (state %i)', (state) => {
    const { socket, writes } = rig(state);
    socket.send(Uint8Array.of(1));
    expect(writes()).toBe(0);
  });
});
