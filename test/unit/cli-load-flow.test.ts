import { describe, expect, it } from 'vitest';
import { ExecSession } from '../../src/cli/exec/exec-session.js';
import { type FlowCommand, FlowKind } from '../../src/cli/import/flow-command.js';
import { flowLine, flowSymbol, setupLines } from '../../src/cli/import/flow-lines.js';
import { LoadFlow } from '../../src/cli/load-flow.js';
import { Side, TimeInForce } from '../../src/core/codes.js';

const seed = Number(process.env['RINGFENCE_SEED'] ?? 7);
const MESSAGES = 60_000;

function taken(count: number, options = { seed, accounts: 5 }): FlowCommand[] {
  const flow = new LoadFlow(options);
  return Array.from({ length: count }, () => flow.next());
}

const share = (commands: readonly FlowCommand[], test: (command: FlowCommand) => boolean) =>
  commands.filter(test).length / commands.length;

describe('generated order flow', () => {
  it('the same seed gives the same flow, another seed another one', () => {
    expect(taken(500)).toEqual(taken(500));
    expect(taken(500, { seed: seed + 1, accounts: 5 })).not.toEqual(taken(500));
  });

  it('mix, sides and sizes are those of the LOBSTER hour', () => {
    const all = taken(MESSAGES);
    const isNew = (command: FlowCommand) =>
      command.kind === FlowKind.newOrder && command.timeInForce === TimeInForce.GTC;
    const entered = all.filter(isNew);
    expect(share(all, isNew)).toBeCloseTo(0.493, 1);
    expect(share(all, (command) => command.kind === FlowKind.cancelOrder)).toBeCloseTo(0.457, 1);
    expect(share(all, (command) => command.kind === FlowKind.replaceOrder)).toBeCloseTo(0.005, 2);
    expect(share(all, (command) => command.timeInForce === TimeInForce.IOC)).toBeCloseTo(0.045, 2);
    expect(share(entered, (command) => command.side === Side.sell)).toBeCloseTo(0.509, 1);
    expect(share(entered, (command) => command.quantityLots === 100)).toBeCloseTo(0.5275, 1);
    expect(share(entered, (command) => command.quantityLots === 18)).toBeCloseTo(0.111, 1);
  });

  it('the book stays as deep and the spread about as wide as in the hour, and never crosses', () => {
    const flow = new LoadFlow({ seed, accounts: 1 });
    const spreads: number[] = [];
    for (let i = 0; i < MESSAGES; i++) {
      flow.next();
      if (i < 2000 || i % 50 !== 0) continue;
      spreads.push(flow.bestAsk() - flow.bestBid());
      expect(flow.openOrders).toBeGreaterThan(100);
      expect(flow.openOrders).toBeLessThan(600);
    }
    spreads.sort((a, b) => a - b);
    expect(spreads[0]).toBeGreaterThan(0);
    const median = spreads[spreads.length >> 1]!;
    expect(median).toBeGreaterThan(12);
    expect(median).toBeLessThan(28);
  });

  it('cancels and executions name orders that are open: the engine rejects next to nothing', () => {
    const accounts = 5;
    const session = new ExecSession({ hasMarketData: false, maxOrders: 10_000 });
    let line = 0;
    const types: Record<string, number> = {};
    const take = (text: string) => {
      for (const answer of session.answer(text, ++line).split('\n')) {
        const type = /^\{"type":"([a-zA-Z]+)"/.exec(answer)?.[1];
        if (type !== undefined) types[type] = (types[type] ?? 0) + 1;
      }
    };
    for (const text of setupLines('LOAD', accounts).trim().split('\n')) take(text);
    for (const command of taken(10_000, { seed, accounts })) take(flowLine(command, flowSymbol('LOAD')));
    expect(types['error']).toBeUndefined();
    expect(types['rejected'] ?? 0).toBeLessThan(20);
    expect(types['trade']).toBeGreaterThan(300);
  });

  it('accounts stay in range and ids are not used twice', () => {
    const ids = new Set<bigint>();
    for (const command of taken(5000)) {
      expect(command.account).toBeGreaterThanOrEqual(0);
      expect(command.account).toBeLessThan(5);
      if (command.kind !== FlowKind.newOrder) continue;
      expect(ids.has(command.clientOrderId)).toBe(false);
      ids.add(command.clientOrderId);
    }
  });
});
