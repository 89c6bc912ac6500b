/**
 * A scenario of the public matching workload as commands, and the canonical report text on which independent engines
 * agree byte for byte.
 *
 * Every record becomes one command, so that record n is command `WORKLOAD_SETUP_COMMANDS + 1 + n`; a modify is a
 * replace with the flag reinsert. Orders are spread over a few funded accounts by their id.
 */
import { createHash } from 'node:crypto';
import { Liquidity, OrderType, RejectCode, ReplaceFlag, Side, TimeInForce } from '../../src/core/codes.js';
import { Template } from '../../src/wire/schema.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import type { Command, Event } from '../model/messages.js';
import { CommandScript } from './command-script.js';
import { readShared, readSharedGzip } from './shared-data.js';

export const WORKLOAD_SCENARIOS = ['normal', 'static', 'flash-crash'] as const;

const ACCOUNTS = 7;
const FUNDS = 1_000_000_000_000_000;
/** One listing, and for each account its opening and two deposits. */
const WORKLOAD_SETUP_COMMANDS = 1 + 3 * ACCOUNTS;

const HEADER_BYTES = 16;
const RECORD_BYTES = 40;
const Kind = { newOrder: 0, cancel: 1, modify: 2 } as const;

/** All commands of a scenario: listing, accounts, money, then one command a record. */
export function* workloadCommands(scenario: string): Generator<Command> {
  const script = new CommandScript();
  yield script.command(
    'listInstrument',
    {},
    {
      symbol: 'WORK-USD',
      base: 'WORK',
      quote: 'USD',
      tickMantissa: 1,
      tickExponent: -2,
      lotMantissa: 1,
      lotExponent: 0,
      baseDecimals: 0,
      quoteDecimals: 2,
    },
  );
  for (let accountId = 1; accountId <= ACCOUNTS; accountId++) {
    yield script.command('openAccount', {}, { accountId });
    for (const asset of ['WORK', 'USD']) {
      const transferId = BigInt(2 * accountId + (asset === 'USD' ? 1 : 0));
      yield script.command('deposit', {}, { accountId, asset, amount: FUNDS, transferId });
    }
  }

  const bytes = readSharedGzip(`workload/orders_${scenario}_s7_n100000.bin.gz`);
  const count = bytes.readUInt32LE(12);
  for (let n = 0; n < count; n++) {
    const at = HEADER_BYTES + n * RECORD_BYTES;
    const kind = bytes.readUInt8(at);
    const orderId = bytes.readBigUInt64LE(at + 16);
    const accountId = 1 + Number(orderId % BigInt(ACCOUNTS));
    const order = { clientOrderId: orderId, instrumentId: 1 };
    const terms = {
      priceTicks: Number(bytes.readBigInt64LE(at + 24)),
      quantityLots: bytes.readUInt32LE(at + 4),
    };
    if (kind === Kind.newOrder) {
      yield script.command(
        'newOrder',
        { accountId },
        {
          ...order,
          ...terms,
          side: bytes.readUInt8(at + 1) === 0 ? Side.buy : Side.sell,
          orderType: OrderType.limit,
          timeInForce: bytes.readUInt8(at + 2) === 1 ? TimeInForce.IOC : TimeInForce.GTC,
        },
      );
    } else if (kind === Kind.cancel) {
      yield script.command('cancelOrder', { accountId }, order);
    } else {
      yield script.command(
        'replaceOrder',
        { accountId },
        {
          ...order,
          ...terms,
          newClientOrderId: orderId,
          flags: ReplaceFlag.reinsert,
        },
      );
    }
  }
}

/** The SHA-256 of the canonical report of a scenario, as published. */
export function workloadExpectedHash(scenario: string): string {
  const lines = readShared('workload/expected.txt').toString('latin1').trim().split('\n');
  const line = lines.find((candidate) => candidate.split(/\s+/)[1] === scenario);
  if (line === undefined) throw new Error(`workload: no expected hash for ${scenario}`);
  return line.split(/\s+/)[0]!;
}

/** The events that the canonical report is made of. */
export const WORKLOAD_TEMPLATES: readonly number[] = [
  Template.accepted,
  Template.trade,
  Template.cancelled,
  Template.replaced,
  Template.rejected,
];

/** Collects the lines of the canonical report: one a report, stable-sorted by (record, type). */
export class WorkloadReport {
  readonly #lines: { record: number; type: number; text: string }[] = [];
  #makerId = 0n;

  /** Adds the line of an event of a record; events of the setup, public events and maker sides add none. */
  add(event: Event | DecodedSlot): void {
    const record = event.sequence - WORKLOAD_SETUP_COMMANDS - 1;
    if (record < 0) return;
    switch (event.name) {
      case 'accepted': {
        const { side, clientOrderId, priceTicks, quantityLots } = event.fields;
        this.#line(0, record, side - 1, clientOrderId, priceTicks, quantityLots);
        break;
      }
      case 'trade': {
        const { liquidity, clientOrderId, priceTicks, quantityLots } = event.fields;
        if (liquidity === Liquidity.maker) this.#makerId = clientOrderId;
        else this.#line(1, record, priceTicks, quantityLots, this.#makerId, clientOrderId);
        break;
      }
      case 'cancelled': {
        const { side, clientOrderId, priceTicks } = event.fields;
        this.#line(2, record, side - 1, clientOrderId, priceTicks);
        break;
      }
      case 'replaced': {
        const { side, clientOrderId, priceTicks, quantityLots } = event.fields;
        this.#line(3, record, side - 1, clientOrderId, priceTicks, quantityLots);
        break;
      }
      case 'rejected':
        this.#addReject(record, event.fields.refTemplateId, event.fields.clientOrderId, event.fields.code);
        break;
    }
  }

  /** SHA-256 of the text, lower-case hex. */
  sha256(): string {
    const sorted = this.#lines.toSorted((a, b) => a.record - b.record || a.type - b.type);
    return createHash('sha256')
      .update(sorted.map((line) => line.text).join('\n'))
      .digest('hex');
  }

  #line(type: number, record: number, ...rest: (number | bigint)[]): void {
    this.#lines.push({ record, type, text: [type, record, ...rest].join(',') });
  }

  #addReject(record: number, refTemplateId: number, clientOrderId: bigint, code: number): void {
    if (code !== RejectCode.UNKNOWN_ORDER)
      throw new Error(`workload: record ${record} was rejected with ${code}`);
    this.#line(refTemplateId === Template.cancelOrder ? 4 : 5, record, clientOrderId);
  }
}
