/**
 * Real order flow through the business logic: what a real exchange made of it, or what independent engines agree on,
 * is what must come out. Accounts, reservations and settlement are on.
 */
import { describe, expect, test } from 'vitest';
import { Liquidity, RejectCode } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { queryAccount, queryAssets } from '../../src/core/queries.js';
import { fullStateHash } from '../../src/core/state-hash.js';
import { Template } from '../../src/wire/schema.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { lobsterSteps } from '../support/lobster.js';
import { SHANGHAI_STOCKS, shanghaiCommands, shanghaiTrade, shanghaiTrades } from '../support/shanghai.js';
import { hasSharedData, sharedDataNote } from '../support/shared-data.js';
import {
  WORKLOAD_SCENARIOS,
  WORKLOAD_TEMPLATES,
  WorkloadReport,
  workloadCommands,
  workloadExpectedHash,
} from '../support/workload.js';

const SMALL_CORE = {
  maxInstruments: 4,
  maxAssets: 4,
  maxAccounts: 16,
  maxHoldings: 64,
  maxPositions: 64,
  maxTransfers: 64,
};

const TRADES_AND_REJECTS = [Template.trade, Template.rejected];

/** All invariants, and that all balances add up to deposits minus withdrawals. */
function checkMoney(engine: EngineUnderTest): void {
  checkInvariants(engine.core);
  const held = new Map<string, bigint>();
  for (let accountId = 1; accountId <= SMALL_CORE.maxAccounts; accountId++) {
    for (const { asset, available, reserved } of queryAccount(engine.core, accountId)?.balances ?? []) {
      held.set(asset, (held.get(asset) ?? 0n) + BigInt(available) + BigInt(reserved));
    }
  }
  for (const { asset, supply } of queryAssets(engine.core)) expect(held.get(asset)).toBe(BigInt(supply));
  expect(engine.processor.stateHash()).toBe(fullStateHash(engine.core));
}

describe.skipIf(!hasSharedData)(`real order flow${sharedDataNote}`, () => {
  for (const stock of SHANGHAI_STOCKS) {
    test(`Shanghai ${stock}: every trade that the exchange made, in its order`, () => {
      const engine = new EngineUnderTest(SMALL_CORE);
      const trades: string[] = [];
      for (const command of shanghaiCommands(stock)) {
        engine.apply(command);
        let makerOrder = 0n;
        for (const event of engine.decodedEvents(TRADES_AND_REJECTS)) {
          if (event.name === 'rejected') throw new Error(`rejected with ${event.fields.code}`);
          if (event.name !== 'trade') continue;
          const { clientOrderId, liquidity, side, priceTicks, quantityLots } = event.fields;
          if (liquidity === Liquidity.maker) makerOrder = clientOrderId;
          else trades.push(shanghaiTrade(makerOrder, clientOrderId, side, priceTicks, quantityLots));
        }
      }
      expect(trades).toEqual(shanghaiTrades(stock));
      checkMoney(engine);
    });
  }

  for (const scenario of WORKLOAD_SCENARIOS) {
    test(`workload ${scenario}: the report that independent engines agree on`, () => {
      const engine = new EngineUnderTest(SMALL_CORE);
      const report = new WorkloadReport();
      for (const command of workloadCommands(scenario)) {
        engine.apply(command);
        for (const event of engine.decodedEvents(WORKLOAD_TEMPLATES)) report.add(event);
      }
      expect(report.sha256()).toBe(workloadExpectedHash(scenario));
      checkMoney(engine);
    });
  }

  test('AAPL, an hour: executions hit the order that NASDAQ executed, money is conserved, two runs are equal', () => {
    const runs = [new EngineUnderTest(SMALL_CORE), new EngineUnderTest(SMALL_CORE)];
    let executions = 0;
    let hits = 0;
    let rejects = 0;
    for (const { command, executedOrder } of lobsterSteps()) {
      for (const engine of runs) engine.apply(command);
      const events = runs[0]!.decodedEvents(TRADES_AND_REJECTS);
      for (const event of events) {
        if (event.name !== 'rejected') continue;
        // Only what is said about orders that rested before the hour, or that hidden orders traded away, is refused.
        expect(event.fields.code).toBe(RejectCode.UNKNOWN_ORDER);
        rejects += 1;
      }
      if (executedOrder === null) continue;
      executions += 1;
      const makers = events.flatMap((event) =>
        event.name === 'trade' && event.fields.liquidity === Liquidity.maker
          ? [event.fields.clientOrderId]
          : [],
      );
      if (makers.length === 1 && makers[0] === executedOrder) hits += 1;
    }
    // The rest of the executions are of orders that are absent from the file. The numbers are those of the reference engine.
    expect({ executions, hits, rejects }).toEqual({ executions: 4067, hits: 3985, rejects: 76 });
    for (const engine of runs) checkMoney(engine);
    expect(runs[1]!.processor.stateHash()).toBe(runs[0]!.processor.stateHash());
    expect(runs[1]!.processor.outputHash()).toBe(runs[0]!.processor.outputHash());
  });
});
