/**
 * The mix that exchange-core publishes, as a tape of commands: 82 % moves, 9 % GTC orders, 6 % cancels, 3 % IOC
 * orders, of 1,000 accounts, around 1,000 resting orders over 750 prices; between 3 and 4 % of the commands trade.
 *
 * The generator runs every command through an engine of its own, so that it moves and cancels orders that are open.
 */
import { readInt64 } from '../src/base/int64.js';
import { Prng } from '../src/base/prng.js';
import { Side, TimeInForce } from '../src/core/codes.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { wordOf } from '../src/engine/layout.js';
import { Template } from '../src/wire/schema.js';
import { SLOT_WORDS, templateOf } from '../src/wire/slot.js';
import { CommandTape } from './command-tape.js';

const ACCOUNTS = 1_000;
const RESTING = 1_000;
/** Prices on each side of the middle. */
const SIDE_PRICES = 375;
const MIDDLE = 50_000;
/** Of 1,000 moves, those that go to the other side's prices and trade, while there are orders enough. */
const CROSSING_PER_MILLE = 35;

interface OpenOrder {
  readonly id: number;
  readonly account: number;
  readonly side: number;
  total: number;
}

/** `commands` commands of the mix after the setup, which rests the first orders; the same for the same seed. */
export function mixTape(commands: number, seed: number): CommandTape {
  const prng = new Prng(seed);
  const tape = new CommandTape(ACCOUNTS, commands + RESTING);
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core(mixCapacities), events);
  const open: OpenOrder[] = [];
  const places = new Map<number, number>();
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
      if (template === Template.cancelled || isFilled) forget(readInt64(events.words, at + clientOrderId));
    }
    events.clear();
  };
  const forget = (id: number) => {
    const place = places.get(id);
    if (place === undefined) return;
    const last = open.pop()!;
    places.delete(id);
    if (last.id === id) return;
    open[place] = last;
    places.set(last.id, place);
  };
  const priceOf = (side: number, crossing: boolean) => {
    const distance = crossing ? -prng.between(1, 20) : prng.between(1, SIDE_PRICES);
    return side === Side.buy ? MIDDLE - distance : MIDDLE - 1 + distance;
  };
  const rest = () => {
    const side = prng.between(Side.buy, Side.sell);
    const order = { id: ++lastId, account: prng.between(1, ACCOUNTS), side, total: prng.between(1, 100) };
    places.set(order.id, open.length);
    open.push(order);
    tape.newOrder(order.account, order.id, side, priceOf(side, false), order.total, TimeInForce.GTC);
    play();
  };
  const step = () => {
    const dice = prng.below(100);
    const order = open[prng.below(open.length)];
    if (dice < 82) {
      // A move that trades closes orders, so there is none while there are too few.
      const crossing = prng.below(1000) < CROSSING_PER_MILLE && open.length > RESTING;
      const price = priceOf(order.side, crossing);
      tape.replaceOrder(order.account, order.id, price, order.total, 0);
    } else if (dice < 91) {
      rest();
    } else if (dice < 97) {
      tape.cancelOrder(order.account, order.id);
    } else {
      // Large ones while there are too many resting orders, so that their number stays where it should be.
      const quantity = open.length > RESTING ? prng.between(50, 300) : 1;
      const side = prng.between(Side.buy, Side.sell);
      const price = side === Side.buy ? MIDDLE + SIDE_PRICES : MIDDLE - SIDE_PRICES;
      tape.newOrder(prng.between(1, ACCOUNTS), ++lastId, side, price, quantity, TimeInForce.IOC);
    }
    play();
  };

  while (open.length < RESTING) rest();
  tape.setupCount = tape.count;
  while (tape.count < tape.setupCount + commands) step();
  return tape;
}

/** At the same place in `cancelled`. */
const clientOrderId = wordOf('trade', 'clientOrderId');
const rejectCode = wordOf('rejected', 'code');
const leavesLots = wordOf('trade', 'leavesLots');

/** Capacities of a core for this tape. */
export const mixCapacities = {
  maxOrders: 65_536,
  maxAccounts: 1_024,
  maxHoldings: 4_096,
  maxTransfers: 4_096,
};
