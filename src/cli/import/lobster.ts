/**
 * LOBSTER message files: `time,type,order id,size,price,direction`, one record a line, no header.
 *
 * 1 new limit order -> new order; 2 partial cancel -> replace with the smaller total (priority kept); 3 delete ->
 * cancel; 4 execution of a visible order -> IOC of the other side at that price and size; 5 execution of a hidden
 * order, 6 cross and 7 halt are skipped.
 */
import { Side } from '../../core/codes.js';
import { type FlowCommand, type FlowCounts, ImportError } from './flow-command.js';
import { FlowOrders } from './flow-orders.js';

/** LOBSTER prices are dollars x 10,000; a tick is a cent. */
const PRICE_UNITS_PER_TICK = 100;
const LINE = /^([0-9]+)(?:\.([0-9]+))?,([1-7]),([0-9]{1,19}),([0-9]{1,10}),(-?[0-9]{1,12}),(-?1)(?:,.*)?$/;

export class LobsterFlow {
  private readonly orders: FlowOrders;
  private lineNumber = 0;

  /** `accounts`: how many accounts the orders are dealt to. */
  constructor(accounts: number) {
    this.orders = new FlowOrders(accounts);
  }

  /** What became of the lines so far. */
  get counts(): FlowCounts {
    return this.orders.counts;
  }

  /** The command of the next line, or undefined when it makes none. Throws ImportError naming the line. */
  command(line: string): FlowCommand | undefined {
    this.lineNumber++;
    const match = LINE.exec(line);
    if (match === null) {
      throw new ImportError(
        `line ${this.lineNumber} is not a LOBSTER message: "${line.slice(0, 60)}"; expected time,type,order id,size,price,direction`,
      );
    }
    const timestampUs = Number(match[1]) * 1_000_000 + Number(`${match[2] ?? ''}000000`.slice(0, 6));
    const id = BigInt(match[4]!);
    const size = Number(match[5]);
    const priceTicks = Number(match[6]) / PRICE_UNITS_PER_TICK;
    const side = match[7] === '1' ? Side.buy : Side.sell;
    switch (match[3]) {
      case '1':
        return this.orders.enter(timestampUs, id, side, priceTicks, size);
      case '2':
        return this.orders.reduce(timestampUs, id, size);
      case '3':
        return this.orders.cancel(timestampUs, id);
      case '4':
        return this.orders.execute(timestampUs, id, size);
      case '5':
        return this.orders.skip('hidden execution');
      case '6':
        return this.orders.skip('cross');
      default:
        return this.orders.skip('halt');
    }
  }
}
