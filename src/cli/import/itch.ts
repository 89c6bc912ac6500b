/**
 * NASDAQ TotalView-ITCH 5.0: each message is preceded by its length (2 bytes, big-endian), which the reader takes off.
 *
 * A, F add -> new order; X partial cancel -> replace with the smaller total (priority kept); D delete -> cancel;
 * U replace -> replace that reinserts (priority lost); E, C executed -> IOC of the other side at the price of the
 * resting order; P (trade against a hidden order) and everything else is skipped. All integers are big-endian:
 *
 * ```
 *  0      1        3         5             11         19      20       24       32       36
 *  | type | locate | tracking| timestamp ns | order id | ...                                     A, F, E, C, X, D, U
 *                                          | order id | side  | shares | stock  | price |         A, F
 *                                          | order id | shares (E, C, X)
 *                                          | order id | new order id    | shares | price |        U  (27, 31)
 *                            11 stock                                                             R
 * ```
 */
import { Side } from '../../core/codes.js';
import { type FlowCommand, type FlowCounts, ImportError } from './flow-command.js';
import { FlowOrders } from './flow-orders.js';

/** ITCH prices have four decimals; a tick is a cent. */
const PRICE_UNITS_PER_TICK = 100;
const TIMESTAMP = 5;
const ORDER_ID = 11;
const STOCK_CHARS = 8;

/** Lengths of the messages that are read, by type. */
const LENGTHS: Readonly<Record<string, number>> = {
  A: 36,
  F: 40,
  E: 31,
  C: 36,
  X: 23,
  D: 19,
  U: 35,
  R: 39,
  P: 44,
};

export class ItchFlow {
  /** The stock whose messages are taken; the first one in the file when none was named. */
  symbol: string;
  private readonly orders: FlowOrders;
  private locate = -1;
  private messageNumber = 0;

  /** `accounts`: how many accounts the orders are dealt to. `symbol`: '' = the first stock in the file. */
  constructor(accounts: number, symbol: string) {
    this.orders = new FlowOrders(accounts);
    this.symbol = symbol;
  }

  /** What became of the messages so far. */
  get counts(): FlowCounts {
    return this.orders.counts;
  }

  /** The command of the message at `view[offset .. offset+length)`, or undefined when it makes none. */
  command(view: DataView, offset: number, length: number): FlowCommand | undefined {
    this.messageNumber++;
    const type = String.fromCharCode(view.getUint8(offset));
    const expected = LENGTHS[type];
    if (expected === undefined) return this.orders.skip(`message ${printable(type)}`);
    if (length !== expected) {
      throw new ImportError(
        `message ${this.messageNumber} of type ${type} has ${length} bytes instead of ${expected}: this is not an ITCH 5.0 file`,
      );
    }
    if (type === 'R' || type === 'A' || type === 'F')
      this.recogniseStock(view, offset, type === 'R' ? ORDER_ID : 24);
    if (view.getUint16(offset + 1) !== this.locate) return this.orders.skip('other stock');
    const timestampUs = Math.floor(
      (view.getUint16(offset + TIMESTAMP) * 2 ** 32 + view.getUint32(offset + TIMESTAMP + 2)) / 1000,
    );
    const id = view.getBigUint64(offset + ORDER_ID);
    switch (type) {
      case 'A':
      case 'F': {
        const side = view.getUint8(offset + 19) === 0x42 ? Side.buy : Side.sell;
        const priceTicks = view.getUint32(offset + 32) / PRICE_UNITS_PER_TICK;
        return this.orders.enter(timestampUs, id, side, priceTicks, view.getUint32(offset + 20));
      }
      case 'E':
      case 'C':
        return this.orders.execute(timestampUs, id, view.getUint32(offset + 19));
      case 'X':
        return this.orders.reduce(timestampUs, id, view.getUint32(offset + 19));
      case 'D':
        return this.orders.cancel(timestampUs, id);
      case 'U': {
        const newId = view.getBigUint64(offset + 19);
        const priceTicks = view.getUint32(offset + 31) / PRICE_UNITS_PER_TICK;
        return this.orders.reinsert(timestampUs, id, newId, priceTicks, view.getUint32(offset + 27));
      }
      default:
        return this.orders.skip(type === 'P' ? 'hidden execution' : 'message R');
    }
  }

  /** Learns the locate code of the stock that is wanted. */
  private recogniseStock(view: DataView, offset: number, stockOffset: number): void {
    if (this.locate >= 0) return;
    let stock = '';
    for (let i = 0; i < STOCK_CHARS; i++)
      stock += String.fromCharCode(view.getUint8(offset + stockOffset + i));
    stock = stock.trimEnd();
    if (this.symbol === '') this.symbol = stock;
    if (stock === this.symbol) this.locate = view.getUint16(offset + 1);
  }
}

function printable(type: string): string {
  return /[A-Za-z]/.test(type) ? type : `0x${type.charCodeAt(0).toString(16)}`;
}
