/**
 * What the matching benchmarks run on: one core for all rounds of a tape, as a node has one, its output ring, and the
 * thread that drains the ring. Every round must give the report of the first one, or there are no figures.
 */
import { Worker } from 'node:worker_threads';
import { readInt64 } from '../src/base/int64.js';
import { Core, type CoreOptions } from '../src/core/core.js';
import { checkInvariants } from '../src/core/invariants.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { RingEventOutput } from '../src/engine/ring-event-output.js';
import { RingBuffer } from '../src/ring/ring-buffer.js';
import { RingProducer } from '../src/ring/ring-producer.js';
import { WaitStrategy } from '../src/ring/wait-strategy.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import { CommandTape } from './command-tape.js';
import type { DrainInput, DrainResult } from './matching-drain.js';
import type { MixLoad } from './matching-mix.js';

const RING_SLOTS = 4_096;

/** What a round gave; the hashes are those after the first round. */
export interface MatchingOutcome {
  readonly commands: number;
  readonly events: number;
  readonly reportSha256: string;
  /** The published hash that the report was compared with, if there is one. */
  readonly expectedSha256?: string;
  readonly stateHash: string;
  readonly outputHash: string;
}

export class MatchingRig {
  readonly tape: CommandTape;
  readonly processor: BusinessLogicProcessor;
  outcome: MatchingOutcome | undefined;
  private readonly producer: RingProducer;
  private readonly control: Int32Array;
  private readonly drain: Worker;
  private readonly expected: string | undefined;

  /** `rounds` is how often `run` will be called; `expected` the report hash that must come out, if it is known. */
  constructor(tape: CommandTape, capacities: CoreOptions, rounds: number, expected?: string) {
    const memory = RingBuffer.allocate(RING_SLOTS, 1);
    this.tape = tape;
    this.outcome = undefined;
    this.expected = expected;
    this.producer = new RingProducer(new RingBuffer(memory), new WaitStrategy('backoff'));
    this.control = new Int32Array(new SharedArrayBuffer(8)).fill(-1);
    const input: DrainInput = { memory, control: this.control, runs: rounds };
    this.drain = new Worker(new URL('./matching-drain.js', import.meta.url), { workerData: input });
    this.processor = new BusinessLogicProcessor(new Core(capacities), new RingEventOutput(this.producer));
  }

  /** One round: plays the setup, has `play` carry out the measured commands, and checks what came out. */
  async run<T>(play: () => T): Promise<T> {
    const { tape, processor } = this;
    const isFirst = this.outcome === undefined;
    if (!isFirst) tape.renumber();
    for (let n = isFirst ? 0 : tape.onceCount; n < tape.setupCount; n += 1) {
      processor.onCommand(tape.words, n * SLOT_WORDS);
    }
    processor.output.flush();
    this.awaitDrained();
    const measured = play();
    await this.check(isFirst);
    return measured;
  }

  /** Waits until the other thread has taken everything. */
  awaitDrained(): void {
    const { producer } = this;
    while (producer.claim(producer.ring.capacity) < producer.ring.capacity);
  }

  /** Ends the other thread. */
  async close(): Promise<void> {
    await this.drain.terminate();
  }

  private async check(isFirst: boolean): Promise<void> {
    const { processor, tape } = this;
    const expected = this.expected;
    const result = await this.drained();
    const outcome: MatchingOutcome = {
      commands: tape.count - tape.setupCount,
      events: result.events,
      reportSha256: result.reportSha256,
      ...(expected === undefined ? {} : { expectedSha256: expected }),
      stateHash: this.outcome?.stateHash ?? processor.stateHash(),
      outputHash: this.outcome?.outputHash ?? processor.outputHash(),
    };
    if (expected !== undefined && result.reportSha256 !== expected) {
      throw new Error(`the report is ${result.reportSha256} instead of ${expected}`);
    }
    this.outcome ??= outcome;
    if (JSON.stringify(outcome) !== JSON.stringify(this.outcome)) {
      throw new Error('two runs gave different outcomes');
    }
    if (isFirst) checkInvariants(processor.core);
  }

  private drained(): Promise<DrainResult> {
    const { drain, control, tape } = this;
    const result = new Promise<DrainResult>((resolve, reject) => {
      drain.once('error', reject);
      drain.once('message', (message: DrainResult) => {
        drain.off('error', reject);
        resolve(message);
      });
    });
    Atomics.store(control, 1, readInt64(tape.words, tape.setupCount * SLOT_WORDS + HeaderWord.sequence));
    Atomics.store(control, 0, this.producer.nextSequence - 1);
    return result;
  }
}

/** The tape of a mix, made on another thread (see matching-mix-worker.ts). */
export async function makeMixTape(commands: number, seed: number, load: MixLoad): Promise<CommandTape> {
  const worker = new Worker(new URL('./matching-mix-worker.js', import.meta.url), {
    workerData: { commands, seed, load },
  });
  const tape = await new Promise<CommandTape>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return Object.setPrototypeOf(tape, CommandTape.prototype);
}
