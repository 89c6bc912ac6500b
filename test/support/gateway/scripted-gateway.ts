import type { MessageName } from '../../../src/wire/message-fields.js';
import { decodeMsgpackFrame } from '../../../src/wire/msgpack-decoder.js';
import {
  type DecodedMessage,
  decodeFrames,
  encodeFrame,
  type FrameFields,
} from '../../../src/wire/sbe-frames.js';
import { join } from './gateway-rig.js';

type Handler = (event: never) => void;

/**
 * A WebSocket as a browser has it, whose other end is the test: `say` what the gateway says, look at what the client
 * `heard`. Every socket made is in `ScriptedSocket.all`.
 */
export class ScriptedSocket {
  static all: ScriptedSocket[] = [];
  /** Called for each new socket, in a later turn. */
  static onConnect: (socket: ScriptedSocket) => void = () => {};
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly url: string;
  readonly protocols: string[];
  frames: Uint8Array[] = [];
  isClosed = false;
  private readonly handlers = new Map<string, Handler[]>();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
    ScriptedSocket.all.push(this);
    queueMicrotask(() => ScriptedSocket.onConnect(this));
  }

  addEventListener(type: string, handler: Handler): void {
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), handler]);
  }

  send(frame: Uint8Array): void {
    this.frames.push(frame);
  }

  close(): void {
    this.isClosed = true;
  }

  /** What the client sent since this was last called. */
  heard(): DecodedMessage[] {
    const frames = this.frames;
    this.frames = [];
    const decode = this.protocols[0] === 'ringfence.sbe.v1' ? decodeFrames : decodeMsgpackFrame;
    return frames.flatMap((frame) => decode(frame));
  }

  /** The gateway says some messages in one frame. */
  say(...messages: readonly { name: MessageName; fields: object }[]): void {
    const frames = messages.map(({ name, fields }) =>
      encodeFrame(name, fields as Partial<FrameFields[MessageName]>),
    );
    const frame = join(...frames);
    const copy = new ArrayBuffer(frame.length);
    new Uint8Array(copy).set(frame);
    this.fire('message', { data: copy });
  }

  /** The connection breaks. */
  break(): void {
    this.fire('close', { code: 1006, reason: '' });
  }

  private fire(type: string, event: object): void {
    for (const handler of this.handlers.get(type) ?? []) (handler as (event: object) => void)(event);
  }
}

/** Waits until timers and promises that are due have run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
