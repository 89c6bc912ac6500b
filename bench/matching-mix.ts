/**
 * The mix that exchange-core publishes, as a tape of commands: 82 % moves, 9 % GTC orders, 6 % cancels, 3 % IOC
 * orders, of 1,000 accounts; between 3 and 4 % of the commands trade. It comes in three loads: one book of about 1,000
 * resting orders over 750 prices, 100 such books with skewed activity, and one book of about 200,000 resting orders.
 *
 * The generator runs every command through an engine of its own, so that it moves and cancels orders that are open.
 */
import { readInt64 } from '../src/base/int64.js';
import { Prng } from '../src/base/prng.js';
import { Side, TimeInForce } from '../src/core/codes.js';
import { Core, type CoreOptions } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { wordOf } from '../src/engine/layout.js';
import { Template } from '../src/wire/schema.js';
import { SLOT_WORDS, templateOf } from '../src/wire/slot.js';
import { CommandTape } from './command-tape.js';

const ACCOUNTS = 1_000;
const MIDDLE = 50_000;
/** Of 1,000 moves, those that go to the other side's prices and trade, while there are orders enough. */
const CROSSING_PER_MILLE = 35;

export interface MixLoad {
  readonly instruments: number;
  /** Resting orders of each instrument. */
  readonly resting: number;
  /** Prices on each side of the middle. */
  readonly sidePrices: number;
  /** Of 100 new orders, those that are account 1's whatever the dice say; default 0. */
  readonly busyPercent?: number;
}

export const MIX_LOADS = {
  mix: { instruments: 1, resting: 1_000, sidePrices: 375 },
  instruments: { instruments: 100, resting: 1_000, sidePrices: 375 },
  deep: { instruments: 1, resting: 200_000, sidePrices: 10_000 },
} as const satisfies Record<string, MixLoad>;

interface OpenOrder {
  readonly id: number;
  readonly instrumentId: number;
  readonly account: number;
  readonly side: number;
  total: number;
}

/**
 * `commands` commands of the mix after the setup, which rests the first orders; the same for the same seed. The n-th
 * of several instruments gets 1 / n of the commands that the first one gets.
 */
export function mixTape(commands: number, seed: number, load: MixLoad = MIX_LOADS.mix): CommandTape {
  const { busyPercent = 0, instruments, resting, sidePrices } = load;
  const prng = new Prng(seed);
  const tape = new CommandTape(ACCOUNTS, commands + resting * instruments, instruments);
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core(mixCapacities(load)), events);
  /** By instrument id; and the place of each order there. */
  const open: OpenOrder[][] = Array.from({ length: instruments + 1 }, () => []);
  const places = new Map<number, number>();
  const weights: number[] = [];
  for (let id = 1; id <= instruments; id += 1) weights.push((weights.at(-1) ?? 0) + 1 / id);
  let played = 0;
  let lastId = 0;

  /** Carries out the commands that were added, and forgets the orders that they closed. */
  const play = () => {
    for (; played < tape.count; played += 1) processor.onCommand(tape.words, played * SLOT_WORDS);
    for (let i = 0; i < events.count; i += 1) {
      const at = i * SLOT_WORDS;
      const template = templateOf(events.words[at]);
      if (template === Template.rejected)
        throw new Error(`the mix was rejected: ${events.words[at + rejectCode] & 0xffff}`);
      const isFilled = template === Template.trade && events.words[at + leavesLots] === 0;
      if (template === Template.cancelled) {
        forget(events.words[at + cancelledInstrumentId], readInt64(events.words, at + clientOrderId));
      } else if (isFilled) {
        forget(events.words[at + tradeInstrumentId], readInt64(events.words, at + clientOrderId));
      }
    }
    events.clear();
  };
  const forget = (instrumentId: number, id: number) => {
    const place = places.get(id);
    if (place === undefined) return;
    const last = open[instrumentId].pop()!;
    places.delete(id);
    if (last.id === id) return;
    open[instrumentId][place] = last;
    places.set(last.id, place);
  };
  const priceOf = (side: number, crossing: boolean) => {
    const distance = crossing ? -prng.between(1, 20) : prng.between(1, sidePrices);
    return side === Side.buy ? MIDDLE - distance : MIDDLE - 1 + distance;
  };
  const pickAccount = () =>
    busyPercent > 0 && prng.below(100) < busyPercent ? 1 : prng.between(1, ACCOUNTS);
  const rest = (instrumentId: number) => {
    const side = prng.between(Side.buy, Side.sell);
    const account = pickAccount();
    const order = { id: ++lastId, instrumentId, account, side, total: prng.between(1, 100) };
    places.set(order.id, open[instrumentId].length);
    open[instrumentId].push(order);
    const price = priceOf(side, false);
    tape.newOrder(order.account, order.id, side, price, order.total, TimeInForce.GTC, instrumentId);
    play();
  };
  const pickInstrument = () => {
    if (instruments === 1) return 1;
    const dice = (prng.below(2 ** 30) / 2 ** 30) * weights.at(-1)!;
    return weights.findIndex((weight) => dice < weight) + 1;
  };
  const step = () => {
    const instrumentId = pickInstrument();
    const own = open[instrumentId];
    const dice = prng.below(100);
    const order = own[prng.below(own.length)];
    if (dice < 82) {
      // A move that trades closes orders, so there is none while there are too few.
      const crossing = prng.below(1000) < CROSSING_PER_MILLE && own.length > resting;
      const price = priceOf(order.side, crossing);
      tape.replaceOrder(order.account, order.id, price, order.total, 0, instrumentId);
    } else if (dice < 91) {
      rest(instrumentId);
    } else if (dice < 97) {
      tape.cancelOrder(order.account, order.id, instrumentId);
    } else {
      // Large ones while there are too many resting orders, so that their number stays where it should be.
      const quantity = own.length > resting ? prng.between(50, 300) : 1;
      const side = prng.between(Side.buy, Side.sell);
      const price = side === Side.buy ? MIDDLE + sidePrices : MIDDLE - sidePrices;
      const account = pickAccount();
      tape.newOrder(account, ++lastId, side, price, quantity, TimeInForce.IOC, instrumentId);
    }
    play();
  };

  for (let id = 1; id <= instruments; id += 1) while (open[id].length < resting) rest(id);
  tape.setupCount = tape.count;
  while (tape.count < tape.setupCount + commands) step();
  return tape;
}

/** At the same place in `cancelled`. */
const clientOrderId = wordOf('trade', 'clientOrderId');
const rejectCode = wordOf('rejected', 'code');
const leavesLots = wordOf('trade', 'leavesLots');
const tradeInstrumentId = wordOf('trade', 'instrumentId');
const cancelledInstrumentId = wordOf('cancelled', 'instrumentId');

/** Capacities of a core for the tape of a load. */
export function mixCapacities(load: MixLoad = MIX_LOADS.mix): CoreOptions {
  const { instruments, resting } = load;
  return {
    maxOrders: Math.max(65_536, resting * instruments * 2),
    maxAccounts: 1_024,
    maxHoldings: 1_024 * (instruments + 1) * 2,
    maxPositions: 1_024 * instruments,
    maxTransfers: 1_024 * (instruments + 1) * 2,
  };
}
