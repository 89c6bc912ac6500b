/**
 * Memory of a core with 1,000,000 resting orders of 100,000 accounts, and how long its longest command takes while it
 * grows: every order is a command of its own, with its time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Side, TimeInForce } from '../src/core/codes.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { CHECKPOINT_INTERVAL } from '../src/node/logic-agent.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { CollectionCounter, type CollectionCounts } from './collection-counter.js';
import { CommandTape } from './command-tape.js';
import { idlePauses, PauseClock, type PauseFigures } from './pause-clock.js';

export interface MatchingMemoryFigures {
  readonly restingOrders: number;
  readonly accounts: number;
  readonly prices: number;
  readonly rssMiB: number;
  readonly rssBeforeMiB: number;
  /** The longest commands while the book grew. */
  readonly growth: PauseFigures;
  /** Garbage collections while it grew. */
  readonly collections: CollectionCounts;
  /** The longest hashing of what changed in CHECKPOINT_INTERVAL commands. */
  readonly checkpoints: PauseFigures;
  /** The longest gaps of a loop that only read the clock, for as long. */
  readonly idle: PauseFigures;
}

const ORDERS = 1_000_000;
const ACCOUNTS = 100_000;
const PRICES = 20_000;
/** Orders that come and go before in each round, and how many of them rest at a time; the compiler's time after a round. */
const WARM_UP_ROUNDS = 3;
const WARM_UP_ORDERS = 500_000;
const WARM_UP_RESTING = 50_000;
const COMPILE_MS = 300;

/** Fills a core and looks at the resident memory of this process. Throws when not every order rests. */
export async function measureMemory(options: {
  readonly onLine?: (line: string) => void;
}): Promise<MatchingMemoryFigures> {
  const rssBeforeMiB = rssMiB();
  const events = new EventBuffer();
  const capacities = { maxOrders: ORDERS, maxApiKeys: ACCOUNTS };
  const processor = new BusinessLogicProcessor(new Core(capacities), events);
  const tape = new CommandTape(ACCOUNTS, 1, 1, 1);
  const firstCount = tape.count;
  for (let n = 0; n < tape.onceCount; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
  const hashes = new Int32Array(4);
  // Commands are written over the ones before, so that they themselves take no memory.
  const play = () => {
    for (let n = firstCount; n < tape.count; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
    tape.count = firstCount;
    events.clear();
  };
  for (let account = 2; account <= ACCOUNTS; account += 1) {
    // Odd accounts buy and even ones sell, see below.
    tape.openAccount(account, [tape.assets[account % 2]]);
    play();
    if (account % CHECKPOINT_INTERVAL === 0) processor.writeHashes(hashes, 0);
  }
  // Every order has a price of its side alone, near the middle first.
  const rest = (id: number) => {
    const side = id % 2 === 0 ? Side.buy : Side.sell;
    const distance = 1 + ((id >> 1) % (PRICES / 2));
    const price = side === Side.buy ? PRICES - distance : PRICES + distance;
    tape.newOrder(1 + (id % ACCOUNTS), id, side, price, 1 + (id % 100), TimeInForce.GTC);
  };
  // Until the code is compiled, which is not what this is about: that of orders that come and go, and of a book that grows.
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    for (let id = 1; id <= WARM_UP_ORDERS + WARM_UP_RESTING; id += 1) {
      if (id <= WARM_UP_ORDERS) rest(id);
      if (id > WARM_UP_RESTING)
        tape.cancelOrder(1 + ((id - WARM_UP_RESTING) % ACCOUNTS), id - WARM_UP_RESTING);
      play();
      if (id % CHECKPOINT_INTERVAL === 0) processor.writeHashes(hashes, 0);
    }
    await delay(COMPILE_MS);
  }
  const collections = new CollectionCounter();
  const growth = new PauseClock();
  const checkpoints = new PauseClock();
  const start = performance.now();
  let last = start;
  for (let id = 1; id <= ORDERS; id += 1) {
    rest(id);
    play();
    const now = performance.now();
    last = growth.note(now - last) ? performance.now() : now;
    if (id % CHECKPOINT_INTERVAL !== 0) continue;
    // As the node does, which keeps the lists of changed rows short.
    const before = performance.now();
    processor.writeHashes(hashes, 0);
    checkpoints.note(performance.now() - before);
    last = performance.now();
  }
  if (processor.core.orders.count !== ORDERS) throw new Error('not every order rests');
  const figures: MatchingMemoryFigures = {
    restingOrders: ORDERS,
    accounts: ACCOUNTS,
    prices: PRICES,
    rssMiB: rssMiB(),
    rssBeforeMiB,
    growth: growth.figures(),
    checkpoints: checkpoints.figures(),
    collections: await collections.end(),
    idle: idlePauses(last - start),
  };
  options.onLine?.(
    `${ORDERS} resting orders of ${ACCOUNTS} accounts: ${figures.rssMiB} MiB resident, ${rssBeforeMiB} before`,
  );
  for (const [name, pauses] of [
    ['longest command while it grew', figures.growth],
    ['longest state hash at a checkpoint', figures.checkpoints],
    ['longest gap of an idle loop, for as long', figures.idle],
  ] as const) {
    options.onLine?.(
      `${name}: ${pauses.longestUs} us, ${pauses.above2ms} above 2 ms; ` +
        `without waiting for a processor ${pauses.ownLongestUs} us, ${pauses.ownAbove2ms} above 2 ms`,
    );
  }
  const { minor, major, other } = figures.collections;
  options.onLine?.(`collections while it grew: ${minor} minor, ${major} major, ${other} other`);
  return figures;
}

function rssMiB(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
