/** Invariants of margin instruments, in BigInt, so that they do not lean on the arithmetic that they check. Part of invariants.ts. */
import { fail } from '../base/assert.js';
import { AccountWord } from './accounts.js';
import type { Core } from './core.js';
import { HoldingWord } from './holdings.js';
import { InstrumentWord } from './instruments.js';
import { MarginWord } from './margins.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';

const PPM = 1_000_000n;

/**
 * Every account holds exactly its initial margin and has its maintenance margin. Adds what is held to `reserved`, by
 * number of the holding, and returns the holdings that may have less than nothing available.
 */
export function checkMarginAccounts(core: Core, reserved: Float64Array): ReadonlySet<number> {
  const { accounts, holdings, margins } = core;
  const { words, doubles } = core.arena;
  const maintenance = new Map<number, bigint>();
  const equity = new Map<number, bigint>();
  let listed = 0;
  for (let n = 0; n < accounts.count; n += 1) {
    const account = accounts.handleOf(n);
    const open = openOrders(core, account);
    let margin = words[account + AccountWord.firstMargin];
    for (; margin !== 0; margin = words[margin + MarginWord.nextOfAccount]) {
      listed += 1;
      const position = words[margin + MarginWord.position];
      if (words[position + PositionWord.margin] !== margin)
        fail('position names its margin', position, margin);
      if (words[position + PositionWord.account] !== account)
        fail('margin is listed by its account', position);
      if (words[margin + MarginWord.isTouched] !== 0) fail('no margin waits to be looked at', margin);
      const { buys, sells, costs } = open.get(position) ?? { buys: 0n, sells: 0n, costs: 0n };
      const counted = [MarginWord.openBuys, MarginWord.openSells, MarginWord.orderCosts].map((word) =>
        BigInt(doubles[(margin + word) >> 1]!),
      );
      if (counted[0] !== buys || counted[1] !== sells || counted[2] !== costs)
        fail('margin counts the open orders', position);
      const instrument = margins.instrumentOf(margin);
      const lots = BigInt(core.positions.quantityLots(position));
      const worst = larger(size(lots + buys), size(lots - sells));
      const held = portion(core, instrument, worst, InstrumentWord.initialMarginPpm) + costs;
      if (BigInt(margins.held(margin)) !== held)
        fail('margin holds what is needed', position, margins.held(margin), Number(held));
      const holding = words[position + PositionWord.quoteHolding]!;
      reserved[holdings.numberOf(holding)]! += Number(held);
      const available = BigInt(holdings.available(holding));
      equity.set(holding, (equity.get(holding) ?? available) + held);
      const least = portion(core, instrument, size(lots), InstrumentWord.maintenanceMarginPpm);
      maintenance.set(holding, (maintenance.get(holding) ?? 0n) + least);
    }
  }
  if (listed !== margins.count) fail('accounts list all margins', listed, margins.count);
  for (const [holding, amount] of equity) {
    const accountId = words[words[holding + HoldingWord.account]!]!;
    if (amount < 0n) fail('equity is never below zero', accountId, Number(amount));
    if (amount < maintenance.get(holding)!) fail('equity covers the maintenance margin', accountId);
  }
  return new Set(equity.keys());
}

/** What the orders of an account in margin instruments have open, by position. */
function openOrders(core: Core, account: number) {
  const { words, doubles } = core.arena;
  const open = new Map<number, { buys: bigint; sells: bigint; costs: bigint }>();
  for (let order = words[account + AccountWord.firstOrder]; order !== 0; ) {
    const position = words[order + OrderWord.position];
    if (words[position + PositionWord.margin] !== 0) {
      const sum = open.get(position) ?? { buys: 0n, sells: 0n, costs: 0n };
      const leaves = BigInt(words[order + OrderWord.leaves]);
      if ((words[order + OrderWord.bookSide] & 1) === 0) sum.buys += leaves;
      else sum.sells += leaves;
      sum.costs += leaves * BigInt(doubles[(order + OrderWord.lotReserve) >> 1]);
      open.set(position, sum);
    }
    order = words[order + OrderWord.accountNext];
  }
  return open;
}

/** A part in millionths, by the rate in a word of the instrument, of what lots are worth at the mark, rounded up. */
function portion(core: Core, instrument: number, lots: bigint, rate: number): bigint {
  const { words } = core.arena;
  const mark = BigInt(words[instrument + InstrumentWord.markPrice]);
  const worth = lots * mark * BigInt(core.instruments.quoteMinorPerTickLot(instrument));
  return (worth * BigInt(words[instrument + rate]) + PPM - 1n) / PPM;
}

function size(lots: bigint): bigint {
  return lots < 0n ? -lots : lots;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
