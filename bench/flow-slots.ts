import { FlowKind } from '../src/cli/import/flow-command.js';
import { LoadFlow } from '../src/cli/load-flow.js';
import { OrderType } from '../src/core/codes.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { encodeSlot, type SlotHeader } from '../src/wire/slot-codec.js';

const FUNDS = 1_000_000_000_000;
const START_US = 1_700_000_000_000_000;

/** Command slots with dense sequences from 1: a market with `accounts` funded accounts, then `count` flow commands. */
export function flowSlots(
  seed: number,
  accounts: number,
  count: number,
): { words: Int32Array; commands: number } {
  const setup = 2 + 3 * accounts;
  const commands = setup + count;
  const words = new Int32Array(commands * SLOT_WORDS);
  let sequence = 0;
  const next = (accountId: number): [SlotHeader, Int32Array, number] => {
    sequence += 1;
    const header = { accountId, sequence, timestampUs: START_US + sequence };
    return [header, words, (sequence - 1) * SLOT_WORDS];
  };
  const put = ((name, fields, accountId = 0) => {
    const [header, target, at] = next(accountId);
    encodeSlot(name, header, fields, target, at);
  }) as <N extends Parameters<typeof encodeSlot>[0]>(
    name: N,
    fields: Parameters<typeof encodeSlot<N>>[2],
    accountId?: number,
  ) => void;

  put('epochStarted', { clusterId: 1n, epoch: 1, nodeId: 1 });
  put('listInstrument', {
    symbol: 'AAPL-USD',
    base: 'AAPL',
    quote: 'USD',
    tickMantissa: 1,
    tickExponent: -2,
    lotMantissa: 1,
    quoteDecimals: 2,
  });
  for (let accountId = 1; accountId <= accounts; accountId++) {
    put('openAccount', { accountId });
    put('deposit', { accountId, asset: 'USD', amount: FUNDS, transferId: BigInt(2 * accountId) });
    put('deposit', { accountId, asset: 'AAPL', amount: FUNDS, transferId: BigInt(2 * accountId + 1) });
  }
  const flow = new LoadFlow({ seed, accounts });
  for (let i = 0; i < count; i++) {
    const { kind, account, clientOrderId, newClientOrderId, priceTicks, quantityLots, side, timeInForce } =
      flow.next();
    const order = { clientOrderId, instrumentId: 1 };
    if (kind === FlowKind.cancelOrder) put('cancelOrder', order, account + 1);
    else if (kind === FlowKind.replaceOrder) {
      put('replaceOrder', { ...order, newClientOrderId, priceTicks, quantityLots }, account + 1);
    } else {
      const terms = { priceTicks, quantityLots, side, timeInForce, orderType: OrderType.limit };
      put('newOrder', { ...order, ...terms }, account + 1);
    }
  }
  return { words, commands };
}
