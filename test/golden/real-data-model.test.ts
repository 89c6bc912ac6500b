/**
 * Real order flow through both engines: the reference engine must be right too, and the two must agree on every
 * byte of every event and on the state.
 */
import { describe, expect, test } from 'vitest';
import { Liquidity } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import type { Command } from '../model/messages.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { lobsterSteps } from '../support/lobster.js';
import { ModelComparison } from '../support/model-comparison.js';
import { shanghaiCommands, shanghaiTrade, shanghaiTrades } from '../support/shanghai.js';
import { hasSharedData, sharedDataNote } from '../support/shared-data.js';
import { workloadCommands } from '../support/workload.js';

const LIMITS = {
  instruments: 4,
  assets: 4,
  accounts: 16,
  openOrders: 100_000,
  apiKeys: 4,
  transfers: 64,
  orderLimits: 1,
};
const CORE_OPTIONS = {
  maxInstruments: LIMITS.instruments,
  maxAssets: LIMITS.assets,
  maxAccounts: LIMITS.accounts,
  maxOrders: LIMITS.openOrders,
  maxApiKeys: LIMITS.apiKeys,
  maxTransfers: LIMITS.transfers,
  maxHoldings: LIMITS.accounts * LIMITS.assets,
  maxPositions: LIMITS.accounts * LIMITS.instruments,
};

const STATE_EVERY = 5_000;
const WORKLOAD_SLICE = 30_000;

/** Applies the commands to both engines; the state is compared now and then and at the end. */
function compare(commands: Iterable<Command>, most: number, onTrade: (text: string) => void): void {
  const engine = new EngineUnderTest(CORE_OPTIONS);
  const comparison = new ModelComparison(engine, new ReferenceEngine(LIMITS));
  let count = 0;
  for (const command of commands) {
    if (count === most) break;
    count += 1;
    let makerOrder = 0n;
    for (const event of comparison.apply(command)) {
      if (event.name !== 'trade') continue;
      const { clientOrderId, liquidity, side, priceTicks, quantityLots } = event.fields;
      if (liquidity === Liquidity.maker) makerOrder = clientOrderId;
      else onTrade(shanghaiTrade(makerOrder, clientOrderId, side, priceTicks, quantityLots));
    }
    if (count % STATE_EVERY === 0) comparison.compareState();
  }
  comparison.compareState();
  checkInvariants(engine.core);
}

function* lobsterCommands(): Generator<Command> {
  for (const { command } of lobsterSteps()) yield command;
}

describe.skipIf(!hasSharedData)(`real order flow through both engines${sharedDataNote}`, () => {
  test('Shanghai 600761: both engines make the trades of the exchange and agree on everything else', () => {
    const trades: string[] = [];
    compare(shanghaiCommands('600761'), Number.POSITIVE_INFINITY, (text) => trades.push(text));
    expect(trades).toEqual(shanghaiTrades('600761'));
  });

  test(`workload flash-crash: both engines agree on the first ${WORKLOAD_SLICE} commands`, () => {
    compare(workloadCommands('flash-crash'), WORKLOAD_SLICE, () => {});
  });

  test('AAPL, an hour: both engines agree', () => {
    compare(lobsterCommands(), Number.POSITIVE_INFINITY, () => {});
  });
});
