/** Small parts one at a time, by tinybench: what a slot, a frame, a checksum or a hash costs. */
import { Bench } from 'tinybench';
import { crc32cWords } from '../journal/crc32c.js';
import { readInt64, writeInt64 } from '../src/base/int64.js';
import { copySbeBlockToSlot, readSbeHeader, viewOf, writeEventFrame } from '../src/wire/sbe.js';
import { encodeFrame } from '../src/wire/sbe-frames.js';
import { SBE_HEADER_BYTES } from '../src/wire/schema.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { encodeSlot } from '../src/wire/slot-codec.js';

/** Operations in one call of a task, so that the timer is not what is measured. */
const REPEAT = 1000;

export interface MicroFigure {
  readonly task: string;
  readonly nsPerOperation: number;
  /** Relative margin of error in percent. */
  readonly marginPercent: number;
}

export async function runMicro(): Promise<readonly MicroFigure[]> {
  const words = new Int32Array(SLOT_WORDS * 8);
  const frame = encodeFrame('newOrder', {
    clientSequence: 1,
    clientOrderId: 17n,
    instrumentId: 1,
    priceTicks: 58_533,
  });
  encodeSlot(
    'trade',
    { accountId: 1, sequence: 5, timestampUs: 6 },
    { priceTicks: 58_533, quantityLots: 7 },
    words,
    0,
  );
  const view = viewOf(frame);
  const target = new Int32Array(SLOT_WORDS);
  let sink = 0;
  const bench = new Bench({ time: 300 });
  const repeated = (name: string, operation: (i: number) => number): void => {
    bench.add(name, () => {
      for (let i = 0; i < REPEAT; i++) sink = (sink + operation(i)) | 0;
    });
  };
  repeated('i64 write and read', (i) => {
    writeInt64(words, SLOT_WORDS, i * 4_294_967_297);
    return readInt64(words, SLOT_WORDS);
  });
  repeated('SBE newOrder: check header, copy to slot', () => {
    const template = readSbeHeader(view, 0, frame.length);
    copySbeBlockToSlot(view, SBE_HEADER_BYTES, words, 2 * SLOT_WORDS);
    return template;
  });
  repeated('SBE trade: slot to frame', () => writeEventFrame(words, 0, target, 0));
  repeated('crc32c of one slot', (i) => crc32cWords(i, words, 0, SLOT_WORDS));
  repeated('crc32c of eight slots', (i) => crc32cWords(i, words, 0, SLOT_WORDS * 8));
  await bench.run();
  if (sink === 0.5) throw new Error('unreachable: keeps the results alive');
  return bench.tasks.map((task) => {
    const { result } = task;
    if (result?.state !== 'completed') throw new Error(`${task.name} failed`);
    return {
      task: task.name,
      nsPerOperation: Math.round(((result.latency.p50 * 1e6) / REPEAT) * 10) / 10,
      marginPercent: Math.round(result.latency.rme * 10) / 10,
    };
  });
}

export const micro = {
  summary: 'single parts: codecs, checksums, 64-bit fields (tinybench)',
  async run(_args: readonly string[], json: boolean): Promise<object> {
    const figures = await runMicro();
    if (!json) {
      for (const { task, nsPerOperation } of figures) {
        process.stdout.write(`${task.padEnd(44)} ${nsPerOperation.toFixed(1).padStart(8)} ns\n`);
      }
    }
    return { figures };
  },
};
