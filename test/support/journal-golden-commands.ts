/** The commands in the golden journal of format 1: one of each kind that changes something, and a few rejects. */
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { encodeSlot } from '../../src/wire/slot-codec.js';

const START_US = 1_750_000_000_000_000;
const BUYER = 7;
const SELLER = 8;

class Script {
  readonly words = new Int32Array(64 * SLOT_WORDS);
  count = 0;

  add<N extends CommandName>(name: N, accountId: number, fields: Partial<MessageFields[N]>): void {
    const sequence = this.count + 1;
    const header = { accountId, sequence, timestampUs: START_US + 1000 * sequence, sessionId: 0 };
    encodeSlot(name, header, fields, this.words, this.count * SLOT_WORDS);
    this.count++;
  }
}

/** The slots, one after the other. */
export function goldenCommands(): Int32Array {
  const script = new Script();
  const order = (
    account: number,
    clientOrderId: bigint,
    side: number,
    priceTicks: number,
    lots: number,
    timeInForce = 1,
  ) =>
    script.add('newOrder', account, {
      clientOrderId,
      instrumentId: 1,
      priceTicks,
      quantityLots: lots,
      side,
      orderType: 1,
      timeInForce,
    });
  script.add('epochStarted', 0, { clusterId: 42n, epoch: 1, nodeId: 1 });
  script.add('registerApiKey', 0, { accountId: 0, permissions: 2, publicKey: new Uint8Array(32).fill(9) });
  script.add('listInstrument', 0, {
    symbol: 'AAPL-USD',
    base: 'AAPL',
    quote: 'USD',
    tickMantissa: 1,
    tickExponent: -2,
    lotMantissa: 1,
    lotExponent: 0,
    baseDecimals: 0,
    quoteDecimals: 2,
  });
  for (const accountId of [BUYER, SELLER]) script.add('openAccount', 0, { accountId });
  script.add('deposit', 0, { transferId: 1n, amount: 100_000_000, accountId: BUYER, asset: 'USD' });
  script.add('deposit', 0, { transferId: 2n, amount: 5000, accountId: SELLER, asset: 'AAPL' });
  script.add('deposit', 0, { transferId: 2n, amount: 5000, accountId: SELLER, asset: 'AAPL' });
  script.add('withdraw', 0, { transferId: 3n, amount: 250, accountId: BUYER, asset: 'USD' });
  order(SELLER, 17n, 2, 58_533, 100);
  order(SELLER, 18n, 2, 58_540, 50);
  order(BUYER, 17n, 1, 58_533, 30);
  order(BUYER, 18n, 1, 58_545, 100, 2);
  order(BUYER, 19n, 1, 58_520, 40);
  order(BUYER, 20n, 1, 58_600, 10_000, 3);
  order(BUYER, 21n, 1, 58_510, 0xfff_ffff);
  script.add('replaceOrder', BUYER, {
    clientOrderId: 19n,
    newClientOrderId: 22n,
    instrumentId: 1,
    priceTicks: 58_525,
    quantityLots: 60,
  });
  script.add('cancelOrder', BUYER, { clientOrderId: 22n, instrumentId: 1 });
  script.add('cancelOrder', BUYER, { clientOrderId: 22n, instrumentId: 1 });
  script.add('timeAdvanced', 0, {});
  script.add('epochStarted', 0, { clusterId: 42n, epoch: 3, nodeId: 2 });
  order(SELLER, 18_446_744_073_709_551_615n, 2, 58_560, 7);
  script.add('massCancel', SELLER, {});
  script.add('requestSnapshot', BUYER, {});
  return script.words.slice(0, script.count * SLOT_WORDS);
}
