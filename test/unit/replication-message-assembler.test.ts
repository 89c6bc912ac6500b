import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FRAME_BYTES } from '../../journal/frame.js';
import { acceptOnly, MessageAssembler } from '../../src/replication/message-assembler.js';
import {
  BODY_BYTES,
  MESSAGE_HEADER_BYTES,
  MessageType,
  readSequence,
  writeMessageHeader,
  writeSequence,
} from '../../src/replication/protocol.js';

const SEED = Number(process.env['RINGFENCE_SEED'] ?? 20261122);
const ALL = acceptOnly(...Object.values(MessageType));

function makeMessage(type: number, bodyBytes: number, fill: number): Buffer {
  const message = Buffer.alloc(MESSAGE_HEADER_BYTES + bodyBytes, fill);
  writeMessageHeader(message, 0, type, bodyBytes);
  return message;
}

/** Feeds `stream` in pieces of the given sizes, and returns what came out. */
function assemble(stream: Buffer, pieces: readonly number[]): { type: number; body: Buffer }[] {
  const assembler = new MessageAssembler(ALL);
  const messages: { type: number; body: Buffer }[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const size = pieces[i % pieces.length]!;
    assembler.append(stream.subarray(at, at + size));
    at += size;
    while (assembler.next()) {
      const { type, bytes, words, bodyOffset, bodyBytes } = assembler;
      expect(bodyOffset % 8).toBe(0);
      if (bodyBytes > 0) expect(words[bodyOffset / 4]).toBe(bytes.readInt32LE(bodyOffset));
      messages.push({ type, body: Buffer.from(bytes.subarray(bodyOffset, bodyOffset + bodyBytes)) });
      assembler.consume();
    }
  }
  expect(assembler.heldBytes).toBe(0);
  return messages;
}

describe('message assembler', () => {
  it('cuts any stream of messages the same, however it is fragmented', () => {
    const message = fc
      .tuple(fc.constantFrom(...Object.values(MessageType)), fc.integer({ min: 1, max: 40 }), fc.nat(255))
      .map(([type, records, fill]) =>
        makeMessage(type, type === MessageType.frame ? 48 + records * 128 : BODY_BYTES[type]!, fill),
      );
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 }),
        (messages, pieces) => {
          const out = assemble(Buffer.concat(messages), pieces);
          expect(out.length).toBe(messages.length);
          out.forEach(({ type, body }, i) => {
            expect(type).toBe(messages[i]!.readUInt32LE(4));
            expect(body.equals(messages[i]!.subarray(MESSAGE_HEADER_BYTES))).toBe(true);
          });
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('works byte by byte', () => {
    const stream = Buffer.concat([
      makeMessage(MessageType.ack, 16, 3),
      makeMessage(MessageType.frame, 48 + 256, 4),
    ]);
    expect(assemble(stream, [1]).map((message) => message.type)).toEqual([
      MessageType.ack,
      MessageType.frame,
    ]);
  });

  it('judges a header before any of its body is there', () => {
    const cases: [number, number][] = [
      [0, 8],
      [16, 8],
      [MessageType.fetched, 48 + 127],
      [MessageType.fetched, MAX_FRAME_BYTES + 128],
      [0x01000009, 16],
      [MessageType.ack, 15],
      [MessageType.ack, 24],
      [MessageType.frame, 48],
      [MessageType.frame, 48 + 127],
      [MessageType.frame, MAX_FRAME_BYTES + 128],
      [MessageType.frame, 0xffffffff],
    ];
    for (const [type, bodyBytes] of cases) {
      const header = Buffer.alloc(MESSAGE_HEADER_BYTES);
      writeMessageHeader(header, 0, type, bodyBytes);
      const assembler = new MessageAssembler(ALL);
      assembler.append(header);
      expect(() => assembler.next(), `type ${type}, ${bodyBytes} bytes`).toThrow(
        /unknown type, a wrong length/,
      );
    }
  });

  it('accepts only what may come now', () => {
    for (const type of Object.values(MessageType)) {
      const bodyBytes = type === MessageType.frame ? 176 : BODY_BYTES[type]!;
      for (const accepted of Object.values(MessageType)) {
        const assembler = new MessageAssembler(acceptOnly(accepted));
        assembler.append(makeMessage(type, bodyBytes, 0));
        if (type === accepted) expect(assembler.next()).toBe(true);
        else expect(() => assembler.next()).toThrow();
      }
    }
  });

  it('keeps one buffer whose size is bounded by the longest message and one read', () => {
    const assembler = new MessageAssembler(ALL);
    const longest = makeMessage(MessageType.frame, MAX_FRAME_BYTES, 1);
    const stream = Buffer.concat([longest, longest, longest, longest]);
    for (let at = 0; at < stream.length; at += 256 * 1024) {
      assembler.append(stream.subarray(at, at + 256 * 1024));
      while (assembler.next()) assembler.consume();
    }
    expect(assembler.capacity).toBeLessThanOrEqual(1024 * 1024);
  });

  it('a message at the front stays readable while more bytes are appended', () => {
    const assembler = new MessageAssembler(ALL);
    assembler.append(makeMessage(MessageType.ack, 16, 1));
    assembler.append(makeMessage(MessageType.ack, 16, 2));
    expect(assembler.next()).toBe(true);
    assembler.consume();
    expect(assembler.next()).toBe(true);
    for (let i = 0; i < 10; i++) assembler.append(makeMessage(MessageType.frame, 48 + 128 * 200, i));
    const { bytes, words, bodyOffset, bodyBytes } = assembler;
    expect(bytes.subarray(bodyOffset, bodyOffset + bodyBytes).every((byte) => byte === 2)).toBe(true);
    expect(words[bodyOffset / 4]).toBe(0x02020202);
  });

  it('reads back sequences up to 2^53-1, and nothing else as a sequence', () => {
    const bytes = Buffer.alloc(8);
    for (const sequence of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      writeSequence(bytes, 0, sequence);
      expect(readSequence(bytes, 0)).toBe(sequence);
    }
    for (const value of [-1n, -(2n ** 63n), 2n ** 53n, 2n ** 63n - 1n]) {
      bytes.writeBigInt64LE(value);
      expect(readSequence(bytes, 0)).toBe(-1);
    }
  });
});
