import { readInt64 } from '../base/int64.js';
import type { RingProducer } from '../ring/ring-producer.js';
import type { Clock } from '../runtime/clock.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { copySbeBlockToSlot } from '../wire/sbe.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, SLOT_BODY_BYTES, SLOT_BYTES, SLOT_HEADER_BYTES, writeSlotHeader } from '../wire/slot.js';
import { encodeSlot } from '../wire/slot-codec.js';
import { monotonicMs } from './monotonic-ms.js';

/**
 * Gives commands their place and time: the only producer of the input ring while this node leads.
 *
 * Commands are staged one by one and published together. The clock is read once for each batch and never goes
 * back, not even over a restart or a failover: time goes on above that of the last command in the ring.
 */
export class Sequencer {
  private readonly clock: Clock;
  private readonly counters: NodeCounters;
  private readonly cancelReserveLimit: number;
  private producer: RingProducer | undefined;
  private cancelReserve: number;
  private ownCommands: readonly Uint8Array[];
  private staged: number;
  private timestampUs: number;
  private publishedAtMs: number;

  constructor(clock: Clock, counters: NodeCounters, cancelReserve: number) {
    this.clock = clock;
    this.counters = counters;
    this.cancelReserveLimit = cancelReserve;
    this.producer = undefined;
    this.cancelReserve = 0;
    this.ownCommands = [];
    this.staged = 0;
    this.timestampUs = 0;
    this.publishedAtMs = 0;
  }

  /**
   * Takes over the input ring at its cursor. `ownCommands` are slots of the node's own commands (template and body
   * set); they are published before anything else, now or as soon as there is room. The last command before may have
   * been in a snapshot and not in the ring: `afterUs` is its time, or that of an earlier one.
   */
  lead(producer: RingProducer, ownCommands: readonly Uint8Array[], afterUs = 0): void {
    const last = producer.nextSequence - 1;
    this.producer = producer;
    this.cancelReserve = Math.min(this.cancelReserveLimit, producer.ring.capacity >> 2);
    const inRing = readInt64(producer.ring.words, producer.ring.wordIndex(last) + HeaderWord.timestampUs);
    this.timestampUs = Math.max(inRing, afterUs);
    this.ownCommands = ownCommands;
    this.publishOwn();
  }

  get isLeading(): boolean {
    return this.producer !== undefined;
  }

  /** Publishes the node's own commands that wait for room; true when none is left. */
  publishOwn(): boolean {
    if (this.ownCommands.length === 0) return true;
    const producer = this.producer!;
    const count = this.ownCommands.length;
    if (producer.claim(count) < count) return false;
    for (const command of this.ownCommands) {
      if (command.length !== SLOT_BYTES) throw new Error(`an own command has ${command.length} bytes`);
      const templateId = command[0]! | (command[1]! << 8);
      const wordIndex = this.nextSlot(producer);
      producer.ring.bytes.set(command, wordIndex * 4);
      this.writeHeader(producer, wordIndex, templateId, 0, 0);
    }
    this.ownCommands = [];
    this.publish();
    return true;
  }

  /**
   * Stages a client's command: the SBE block at `blockOffset` of `frame`. Cancels may take the last slots of the
   * ring, everything else leaves them a reserve. False when there is no room; nothing is staged then.
   */
  stage(
    templateId: number,
    accountId: number,
    apiKeyId: number,
    frame: DataView,
    blockOffset: number,
  ): boolean {
    const producer = this.producer!;
    const isCancel = templateId === Template.cancelOrder || templateId === Template.massCancel;
    const wanted = this.staged + 1 + (isCancel ? 0 : this.cancelReserve);
    if (producer.claim(wanted) < wanted) return false;
    const wordIndex = this.nextSlot(producer);
    copySbeBlockToSlot(frame, blockOffset, producer.ring.words, wordIndex);
    this.writeHeader(producer, wordIndex, templateId, accountId, apiKeyId);
    return true;
  }

  /**
   * Stages the cancel of the open orders of an account because the session of a key has ended. It may take the last
   * slots of the ring. False when there is no room.
   */
  stageDisconnect(accountId: number, apiKeyId: number): boolean {
    const producer = this.producer!;
    const wanted = this.staged + 1;
    if (producer.claim(wanted) < wanted) return false;
    const wordIndex = this.nextSlot(producer);
    const header = { accountId, sequence: 0, timestampUs: 0 };
    encodeSlot('cancelOnDisconnect', header, { apiKeyId }, producer.ring.words, wordIndex);
    this.writeHeader(producer, wordIndex, Template.cancelOnDisconnect, accountId, 0);
    return true;
  }

  /** Publishes what was staged; returns how many commands. */
  publish(): number {
    const count = this.staged;
    if (count === 0) return 0;
    const producer = this.producer!;
    producer.publish(count);
    this.staged = 0;
    this.counters.set(Counter.inputPublished, producer.nextSequence - 1);
    this.publishedAtMs = monotonicMs(this.clock);
    return count;
  }

  /** Publishes timeAdvanced when nothing was published for `idleMs` and there is room. */
  advanceTime(idleMs: number): void {
    const producer = this.producer;
    if (producer === undefined || this.staged > 0) return;
    if (monotonicMs(this.clock) - this.publishedAtMs < idleMs) return;
    const wanted = 1 + this.cancelReserve;
    if (producer.claim(wanted) < wanted) return;
    const wordIndex = this.nextSlot(producer);
    const body = wordIndex * 4 + SLOT_HEADER_BYTES;
    producer.ring.bytes.fill(0, body, body + SLOT_BODY_BYTES);
    this.writeHeader(producer, wordIndex, Template.timeAdvanced, 0, 0);
    this.publish();
  }

  private nextSlot(producer: RingProducer): number {
    if (this.staged === 0) this.timestampUs = Math.max(this.timestampUs, this.clock.epochMicroseconds());
    return producer.wordIndexAt(this.staged++);
  }

  private writeHeader(
    producer: RingProducer,
    wordIndex: number,
    templateId: number,
    accountId: number,
    apiKeyId: number,
  ): void {
    const sequence = producer.nextSequence + this.staged - 1;
    const words = producer.ring.words;
    writeSlotHeader(words, wordIndex, templateId, accountId, sequence, this.timestampUs, 0, apiKeyId);
  }
}
