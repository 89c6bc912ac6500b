/**
 * Call auctions over real orders: the first ones of a Shanghai session, collected instead of matched, with their cancels.
 * (The data has no auction of the exchange itself.) The outcome is held against the exchange's rule for the price as it
 * is written: the most volume, better orders filled whole, one side filled whole at the price, least left over.
 */
import { describe, expect, test } from 'vitest';
import { Liquidity, MarketState, Side } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { queryBook } from '../../src/core/queries.js';
import type { Command, CommandOf } from '../model/messages.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { SHANGHAI_STOCKS, shanghaiCommands } from '../support/shanghai.js';
import { hasSharedData, sharedDataNote } from '../support/shared-data.js';

/** Each order of a growing auction is followed by what the auction would do, so the books grow only so far. */
const COMMANDS_MAX = 6000;

interface Collected {
  readonly side: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  filled: number;
}

/** What is bought at a price or above, and sold at it or below. */
function volumesAt(orders: Iterable<Collected>, priceTicks: number): { bought: number; sold: number } {
  let bought = 0;
  let sold = 0;
  for (const order of orders) {
    if (order.side === Side.buy && order.priceTicks >= priceTicks) bought += order.quantityLots;
    if (order.side === Side.sell && order.priceTicks <= priceTicks) sold += order.quantityLots;
  }
  return { bought, sold };
}

function stateCommand(after: Command, state: number): Command {
  const fields = {
    clientSequence: 0,
    endTimeUs: 0,
    instrumentId: 1,
    referencePriceTicks: state === MarketState.closingAuction ? -1 : 0,
    state,
    nextState: 0,
    reserved0: 0,
  };
  const { sequence, timestampUs } = after;
  const command: CommandOf<'setMarketState'> = {
    name: 'setMarketState',
    accountId: 0,
    sessionId: 0,
    sequence,
    timestampUs,
    fields,
  };
  return command;
}

describe.skipIf(!hasSharedData)(`a call auction over real orders${sharedDataNote}`, () => {
  test.each(SHANGHAI_STOCKS)(
    '%s: the price and the trades are those of the rule of the exchange',
    (stock) => {
      const engine = new EngineUnderTest({
        maxInstruments: 1,
        maxAssets: 2,
        maxAccounts: 8,
        maxHoldings: 16,
        maxPositions: 16,
        maxApiKeys: 1,
        maxTransfers: 16,
        maxOrders: 100_000,
      });
      const orders = new Map<bigint, Collected>();
      let isCollecting = false;
      let last: Command | undefined;
      let count = 0;
      for (const command of shanghaiCommands(stock)) {
        if (++count > COMMANDS_MAX) break;
        if (!isCollecting && command.name === 'newOrder') {
          isCollecting = true;
          engine.apply(stateCommand(command, MarketState.closingAuction));
        }
        engine.apply(command);
        last = command;
        if (command.name === 'newOrder')
          orders.set(command.fields.clientOrderId, { ...command.fields, filled: 0 });
        if (command.name === 'cancelOrder') orders.delete(command.fields.clientOrderId);
      }

      engine.apply(stateCommand(last!, MarketState.closed));
      let priceTicks = 0;
      let volume = 0;
      for (const event of engine.decodedEvents()) {
        if (event.name === 'marketStateChanged') {
          priceTicks = event.fields.uncrossPriceTicks;
          volume = event.fields.uncrossLots;
        }
        if (event.name !== 'trade') continue;
        expect(event.fields.priceTicks).toBe(priceTicks);
        const order = orders.get(event.fields.clientOrderId)!;
        order.filled += event.fields.quantityLots;
        if (event.fields.liquidity === Liquidity.taker) volume -= event.fields.quantityLots;
      }
      expect(volume).toBe(0);
      checkInvariants(engine.core);

      const at = volumesAt(orders.values(), priceTicks);
      const traded = Math.min(at.bought, at.sold);
      const leftOver = Math.abs(at.bought - at.sold);
      let filled = 0;
      for (const order of orders.values()) {
        const isBetter =
          order.side === Side.buy ? order.priceTicks > priceTicks : order.priceTicks < priceTicks;
        if (isBetter) expect(order.filled).toBe(order.quantityLots);
        if (order.side === Side.buy) filled += order.filled;
      }
      expect(filled).toBe(traded);
      expect(traded).toBeGreaterThan(0);
      for (const price of new Set([...orders.values()].map((order) => order.priceTicks))) {
        const { bought, sold } = volumesAt(orders.values(), price);
        expect(Math.min(bought, sold)).toBeLessThanOrEqual(traded);
        if (Math.min(bought, sold) === traded)
          expect(Math.abs(bought - sold)).toBeGreaterThanOrEqual(leftOver);
      }
      const { bids, asks } = queryBook(engine.core, 1, 1);
      expect(bids[0]!.priceTicks).toBeLessThan(asks[0]!.priceTicks);
    },
  );
});
