/** The public conformance workload, as the matching benchmark feeds it to the business logic. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mixCapacities, mixTape } from '../../bench/matching-mix.js';
import { reportSha256 } from '../../bench/matching-report.js';
import { expectedReportHash, workloadTape } from '../../bench/matching-workload.js';
import { Core } from '../../src/core/core.js';
import { InstrumentWord } from '../../src/core/instruments.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { queryBook } from '../../src/core/queries.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { hasSharedData, sharedDataNote } from '../support/shared-data.js';

const FOLDER = fileURLToPath(new URL('../../../shared/data/workload/', import.meta.url));

test.skipIf(!hasSharedData)(`the report of a scenario is the published one${sharedDataNote}`, () => {
  const file = `${FOLDER}orders_normal_s7_n100000.bin.gz`;
  const tape = workloadTape(file, 1_000);
  const events = new EventBuffer(tape.count * 2);
  const processor = new BusinessLogicProcessor(new Core({ maxOrders: 100_000 }), events);
  for (let n = 0; n < tape.count; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
  expect(reportSha256(events.words, events.count, tape.setupCount + 1)).toBe(expectedReportHash(file));
  checkInvariants(processor.core);
});

test('the generated mix is the same for the same seed and keeps about 1,000 orders in the book', () => {
  const tape = mixTape(20_000, 7);
  const again = mixTape(20_000, 7);
  expect(again.count).toBe(tape.count);
  expect(Buffer.compare(Buffer.from(tape.words.buffer), Buffer.from(again.words.buffer))).toBe(0);
  const processor = new BusinessLogicProcessor(new Core(mixCapacities()), new EventBuffer());
  for (let n = 0; n < tape.count; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
  checkInvariants(processor.core);
  expect(processor.core.orders.count).toBeGreaterThan(800);
  expect(processor.core.orders.count).toBeLessThan(1_300);
});

test('the mix over several instruments keeps each book filled and gives the first ones most of the commands', () => {
  const load = { instruments: 5, resting: 50, sidePrices: 40 };
  const tape = mixTape(5_000, 7, load);
  const processor = new BusinessLogicProcessor(new Core(mixCapacities(load)), new EventBuffer());
  const sequences: number[] = [];
  for (let n = 0; n < tape.count; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
  checkInvariants(processor.core);
  const { instruments } = processor.core;
  for (let id = 1; id <= load.instruments; id += 1) {
    const { bids, asks } = queryBook(processor.core, id, 1_000);
    const orders = [...bids, ...asks].reduce((sum, level) => sum + level.orderCount, 0);
    expect(orders).toBeGreaterThan(25);
    expect(orders).toBeLessThan(100);
    sequences.push(instruments.words[instruments.handleOf(id) + InstrumentWord.bookSequence]!);
  }
  expect(sequences).toEqual([...sequences].sort((a, b) => b - a));
  expect(sequences[0]!).toBeGreaterThan(3 * sequences[4]!);
});

test('commands in batches of any size, which look ahead, have the events and the state of single ones', () => {
  // Enough resting orders to be worth looking ahead for (business-logic-processor.ts).
  const load = { instruments: 3, resting: 3_000, sidePrices: 300 };
  const tape = mixTape(5_000, 3, load);
  const play = (batchOf: (n: number) => number) => {
    const processor = new BusinessLogicProcessor(new Core(mixCapacities(load)), new EventBuffer());
    for (let n = 0; n < tape.count; ) {
      const count = Math.min(batchOf(n), tape.count - n);
      if (count === 1) processor.onCommand(tape.words, n * SLOT_WORDS);
      else processor.onCommands(tape.words, n * SLOT_WORDS, count);
      n += count;
    }
    expect(processor.core.orders.count).toBeGreaterThan(8_192);
    return [processor.stateHash(), processor.outputHash()];
  };
  const single = play(() => 1);
  expect(play((n) => 2 + (n % 60))).toEqual(single);
  expect(play(() => 1_000)).toEqual(single);
});
