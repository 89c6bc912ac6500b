/**
 * Real order flow over WebSocket through a running pair: the trades that the exchange made, in their order, and the same
 * state on both nodes and by replay. Each stock is one session's flow, so that its order is kept on the way.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replayJournal } from '../../replay/replay-journal.js';
import type { DemoNode } from '../../src/cli/demo/demo-node.js';
import type { Market } from '../../src/cli/market.js';
import type { RingfenceClient } from '../../src/client/client.js';
import { Liquidity } from '../../src/core/codes.js';
import type { Command } from '../model/messages.js';
import { lobsterSteps } from '../support/lobster.js';
import { isAtRest, NodeRig, statusWhen } from '../support/node/node-rig.js';
import { SHANGHAI_STOCKS, shanghaiCommands, shanghaiTrade, shanghaiTrades } from '../support/shanghai.js';
import { hasSharedData, sharedDataNote } from '../support/shared-data.js';

const FRAME = 64;
const WINDOW = 4096;

/** Sends the trading commands of a flow, in frames of several messages, and waits until all are answered. */
async function send(
  session: RingfenceClient,
  instrumentId: number,
  commands: Iterable<Command>,
): Promise<number> {
  let count = 0;
  let batch: Command[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const flush = (): void => {
    session.batch(() => {
      for (const command of batch) last = issue(session, instrumentId, command);
    });
    batch = [];
  };
  for (const command of commands) {
    if (!['newOrder', 'cancelOrder', 'replaceOrder'].includes(command.name)) continue;
    batch.push(command);
    count += 1;
    if (batch.length === FRAME) flush();
    if (count % WINDOW === 0) await last;
  }
  flush();
  await last;
  return count;
}

/** The command, whatever the answer; a refusal is an answer too. */
function issue(session: RingfenceClient, instrumentId: number, command: Command): Promise<unknown> {
  const answer =
    command.name === 'newOrder'
      ? session.newOrder({ ...command.fields, instrumentId })
      : command.name === 'replaceOrder'
        ? session.replaceOrder({ ...command.fields, instrumentId })
        : command.name === 'cancelOrder'
          ? session.cancelOrder({ ...command.fields, instrumentId })
          : Promise.reject(new Error(`not a trading command: ${command.name}`));
  return answer.catch(() => {});
}

/** Collects the trades of one session, as the exchange's file writes them. */
function collectTrades(session: RingfenceClient, instrumentId: number): string[] {
  const trades: string[] = [];
  let maker = 0n;
  session.on('trade', ({ clientOrderId, liquidity, side, priceTicks, quantityLots, ...trade }) => {
    if (trade.instrumentId !== instrumentId) return;
    if (liquidity === Liquidity.maker) maker = clientOrderId;
    else trades.push(shanghaiTrade(maker, clientOrderId, side, priceTicks, quantityLots));
  });
  return trades;
}

describe.skipIf(!hasSharedData)(`real flow through a running pair${sharedDataNote}`, () => {
  let rig: NodeRig;
  let primary: DemoNode;
  let standby: DemoNode;

  beforeAll(async () => {
    rig = new NodeRig();
    primary = await rig.start(rig.init('primary', { ackPolicy: 'disk+replica' }));
    standby = await rig.start(rig.initStandby('standby', primary, { ackPolicy: 'disk+replica' }));
    await statusWhen(primary, (status) => status.role === 'primary');
  });
  afterAll(() => rig.close());

  for (const [i, stock] of SHANGHAI_STOCKS.entries()) {
    test(`Shanghai ${stock}: every trade that the exchange made, in its order`, async () => {
      const market = await rig.market([primary], 1, `S${stock}-CNY`, i + 1);
      const trades = collectTrades(market.sessions[0]!, market.instrumentId);
      await send(market.sessions[0]!, market.instrumentId, shanghaiCommands(stock));
      expect(trades).toEqual(shanghaiTrades(stock));
      await market.close();
    });
  }

  test('AAPL, an hour: both nodes and a replay come to the same state, and no money is made or lost', async () => {
    const market: Market = await rig.market([primary], 1, 'AAPL-USD', 100);
    const session = market.sessions[0]!;
    const before = await session.requestSnapshot();
    const commands = [...lobsterSteps()].map((step) => step.command);
    await send(session, market.instrumentId, commands);
    const after = await session.requestSnapshot();
    const totals = (balances: typeof before.balances) =>
      balances.map(({ asset, available, reserved }) => `${asset} ${available + reserved}`);
    expect(totals(after.balances)).toEqual(totals(before.balances));
    expect(after.orders.length).toBeGreaterThan(0);
    await market.close();

    const lead = await statusWhen(primary, isAtRest);
    const follow = await statusWhen(
      standby,
      (status) => status.processed >= lead.processed && isAtRest(status),
    );
    for (const { node, status } of [
      { node: primary, status: lead },
      { node: standby, status: follow },
    ]) {
      const { sequence, stateHash, outputHash } = status.checkpoint!;
      const replayed = replayJournal({ directory: join(node.dataDir, 'journal'), toSequence: sequence });
      expect(replayed).toMatchObject({ lastSequence: sequence, stateHash, outputHash });
    }
    const common = lead.checkpoints.filter(({ sequence }) =>
      follow.checkpoints.some((each) => each.sequence === sequence),
    );
    expect(common.length).toBeGreaterThan(0);
    for (const checkpoint of common) expect(follow.checkpoints).toContainEqual(checkpoint);
  });
});
