import { closeSync, openSync, writeSync } from 'node:fs';
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, RECORD_BYTES } from '../../journal/frame.js';
import { SLOT_WORDS } from '../wire/slot.js';
import { FrameVerifier } from './frame-verifier.js';
import type { Link } from './link.js';
import type { FrameSource } from './ports.js';
import {
  encodeFetch,
  encodeFetchEnd,
  MESSAGE_HEADER_BYTES,
  MessageType,
  readSequence,
  writeMessageHeader,
} from './protocol.js';
import { RefusalCode, RefusalError, refusalName } from './refusal.js';

const FILE_MODE = 0o600;
const ANY_EPOCH = 0xffff_ffff;

/** Records that this node asks its peer for. */
export interface WantedRange {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain of the journal before the first of them. */
  readonly chainBefore: number;
  /** File that is made of them: the records as they are stored, one after the other. */
  readonly path: string;
}

/**
 * Records on request, in both directions of a link: a node whose segment has rotted asks its peer for them. One request at a
 * time in each direction, one frame in flight, so that the stream of the primary is hardly held up. What comes is checked
 * against the chain; whether it is what the segment held, the asker proves by the SHA-256 in its manifest.
 */
export class RecordExchange {
  private readonly link: Link;
  private readonly makeSource: () => FrameSource;
  private readonly written: () => number;
  /** What this node is being asked for. */
  private serving: { source: FrameSource; nextSequence: number; lastSequence: number } | undefined;
  /** What this node has asked for. */
  private asked: Asked | undefined;

  /** `makeSource` opens the own journal; `written` is its last command. */
  constructor(link: Link, makeSource: () => FrameSource, written: () => number) {
    this.link = link;
    this.makeSource = makeSource;
    this.written = written;
    this.serving = undefined;
    this.asked = undefined;
  }

  /** Asks the peer. `done` is called once, with '' or the reason why the file is not complete. */
  fetch(wanted: WantedRange, done: (problem: string) => void): void {
    if (this.asked !== undefined) {
      done('another segment is being fetched');
      return;
    }
    const { firstSequence, lastSequence } = wanted;
    this.asked = new Asked(wanted, done);
    this.link.send(encodeFetch(firstSequence, lastSequence));
  }

  /** Takes a message of the exchange: its body is at `at` of `bytes`, and at word `at / 4` of `words`. */
  onMessage(type: number, bytes: Buffer, words: Int32Array, at: number, bodyBytes: number): void {
    if (type === MessageType.fetch) {
      this.serve(readSequence(bytes, at), readSequence(bytes, at + 8));
    } else if (type === MessageType.fetched) {
      this.asked?.take(words, at / 4, bodyBytes);
    } else {
      const { asked } = this;
      this.asked = undefined;
      asked?.end(bytes.readUInt32LE(at));
    }
  }

  /** The connection is over. */
  close(): void {
    this.serving?.source.close();
    this.serving = undefined;
    const { asked } = this;
    this.asked = undefined;
    asked?.abandon('the connection to the peer was lost');
  }

  private serve(firstSequence: number, lastSequence: number): void {
    if (firstSequence < 1 || lastSequence < firstSequence || this.serving !== undefined) {
      this.link.send(encodeFetchEnd(RefusalCode.HISTORY_UNAVAILABLE));
      return;
    }
    const source = this.makeSource();
    this.serving = { source, nextSequence: firstSequence, lastSequence };
    try {
      source.seek(firstSequence);
      this.sendNext();
    } catch {
      // Rot here too, or removed: the asker is told and logs it.
      this.endServing(RefusalCode.HISTORY_UNAVAILABLE);
    }
  }

  private sendNext(): void {
    const { serving } = this;
    if (serving === undefined || this.link.isClosed) return;
    if (serving.nextSequence > serving.lastSequence) {
      this.endServing(0);
      return;
    }
    const message = Buffer.allocUnsafeSlow(MESSAGE_HEADER_BYTES + MAX_FRAME_BYTES);
    let frameBytes = 0;
    try {
      frameBytes = serving.source.read(message, MESSAGE_HEADER_BYTES, this.written());
    } catch {
      frameBytes = 0;
    }
    if (frameBytes === 0) {
      this.endServing(RefusalCode.HISTORY_UNAVAILABLE);
      return;
    }
    writeMessageHeader(message, 0, MessageType.fetched, frameBytes);
    const count = (frameBytes - FRAME_HEADER_BYTES) / RECORD_BYTES;
    serving.nextSequence = readSequence(message, MESSAGE_HEADER_BYTES + 8) + count;
    this.link.socket.write(message.subarray(0, MESSAGE_HEADER_BYTES + frameBytes), () =>
      setImmediate(() => this.sendNext()),
    );
  }

  private endServing(code: number): void {
    this.serving?.source.close();
    this.serving = undefined;
    this.link.send(encodeFetchEnd(code));
  }
}

/** A request of this node, and the file that it fills. */
class Asked {
  private readonly wanted: WantedRange;
  private readonly done: (problem: string) => void;
  private readonly verifier: FrameVerifier;
  private readonly fd: number;
  private problem: string;

  constructor(wanted: WantedRange, done: (problem: string) => void) {
    this.wanted = wanted;
    this.done = done;
    const { firstSequence, chainBefore, path } = wanted;
    this.verifier = new FrameVerifier({ sequence: firstSequence - 1, chain: chainBefore, epoch: 0 });
    this.problem = '';
    this.fd = openSync(path, 'w', FILE_MODE);
  }

  /** A frame; after the first problem they are let pass. */
  take(words: Int32Array, wordIndex: number, bytes: number): void {
    if (this.problem !== '') return;
    const verifier = this.verifier;
    const before = verifier.sequence;
    try {
      verifier.verify(words, wordIndex, bytes, ANY_EPOCH);
      const count = Math.min(verifier.newCount, this.wanted.lastSequence - before);
      const from = words.byteOffset + verifier.newWordIndex * 4;
      writeSync(this.fd, new Uint8Array(words.buffer, from, Math.max(0, count) * SLOT_WORDS * 4));
    } catch (error) {
      // The own disk or the peer's records: either way this attempt is over, and the link is not.
      this.problem =
        error instanceof RefusalError
          ? `the peer's records do not fit: ${error.message}`
          : (error as Error).message;
    }
  }

  end(code: number): void {
    if (code !== 0) this.abandon(`the peer does not have the records (${refusalName(code)})`);
    else if (this.verifier.sequence < this.wanted.lastSequence)
      this.abandon('the peer has sent too few records');
    else this.abandon('');
  }

  abandon(problem: string): void {
    closeSync(this.fd);
    this.done(this.problem || problem);
  }
}
