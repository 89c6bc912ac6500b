/** Sessions, unknown commands, headers and numbering of events, one rule a test. */
import { describe, expect, test } from 'vitest';
import { rejectName, TimeInForce } from '../../src/core/codes.js';
import { Core } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { messageByName } from '../../src/wire/schema.js';
import { RECORD_VERSION, SLOT_BYTES, SLOT_HEADER_BYTES, SLOT_WORDS } from '../../src/wire/slot.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import { writeCommand } from '../support/command-slot.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { Market, reportSequenceOf, SMALL_CORE } from '../support/market.js';

const TRADER = 1;
const ADMIN = 2;

/** Session 1 trades for account 1, session 2 is an admin. */
function marketWithSessions(): Market {
  const market = new Market(2);
  const key = (fill: number) => new Uint8Array(32).fill(fill);
  market.send('registerApiKey', {}, { accountId: 1, permissions: 1, publicKey: key(1) });
  market.send('registerApiKey', {}, { accountId: 0, permissions: 2, publicKey: key(2) });
  return market;
}

function codes(events: readonly DecodedSlot[]): string[] {
  return events.map((event) => (event.name === 'rejected' ? rejectName(event.fields.code) : event.name));
}

describe('a session', () => {
  test('numbers its commands upwards; one that is not above all before is a duplicate', () => {
    const market = marketWithSessions();
    const cancel = (clientSequence: number) =>
      codes(
        market.send('cancelOrder', { accountId: 1, sessionId: TRADER }, { clientSequence, instrumentId: 1 }),
      );
    expect(cancel(1)).toEqual(['UNKNOWN_ORDER']);
    expect(cancel(1)).toEqual(['DUPLICATE_COMMAND']);
    expect(cancel(2 ** 32)).toEqual(['UNKNOWN_ORDER']);
    expect(cancel(2 ** 32)).toEqual(['DUPLICATE_COMMAND']);
    expect(cancel(2 ** 32 - 1)).toEqual(['DUPLICATE_COMMAND']);
    expect(cancel(0)).toEqual(['UNKNOWN_ORDER']);
    expect(cancel(Number.MAX_SAFE_INTEGER)).toEqual(['UNKNOWN_ORDER']);
  });

  test('has no effect with a duplicate: the order is entered once', () => {
    const market = marketWithSessions();
    const fields = {
      clientSequence: 7,
      clientOrderId: 1n,
      instrumentId: 1,
      priceTicks: 5,
      quantityLots: 5,
      side: 1,
      orderType: 1,
      timeInForce: 1,
    };
    const context = { accountId: 1, sessionId: TRADER };
    expect(codes(market.send('newOrder', context, fields))).toEqual(['accepted', 'bookDelta']);
    expect(codes(market.send('newOrder', context, { ...fields, clientOrderId: 2n }))).toEqual([
      'DUPLICATE_COMMAND',
    ]);
    expect(market.bids()).toEqual(['5 x 5 (1)']);
  });

  test('counts a command that was rejected as taken', () => {
    const market = marketWithSessions();
    const context = { accountId: 1, sessionId: TRADER };
    expect(codes(market.send('openAccount', context, { clientSequence: 3, accountId: 9 }))).toEqual([
      'NOT_PERMITTED',
    ]);
    expect(codes(market.send('massCancel', context, { clientSequence: 3 }))).toEqual(['DUPLICATE_COMMAND']);
  });

  test('may only do what its key permits', () => {
    const market = marketWithSessions();
    const trader = { accountId: 1, sessionId: TRADER };
    const admin = { accountId: 0, sessionId: ADMIN };
    expect(codes(market.send('deposit', trader, {}))).toEqual(['NOT_PERMITTED']);
    expect(codes(market.send('timeAdvanced', trader, {}))).toEqual(['NOT_PERMITTED']);
    expect(codes(market.send('epochStarted', admin, { epoch: 5 }))).toEqual(['NOT_PERMITTED']);
    expect(codes(market.send('newOrder', admin, {}))).toEqual(['NOT_PERMITTED']);
    expect(codes(market.send('massCancel', admin, {}))).toEqual(['NOT_PERMITTED']);
    expect(codes(market.send('openAccount', admin, { accountId: 9 }))).toEqual(['accountOpened']);
    expect(codes(market.send('massCancel', trader, {}))).toEqual(['massCancelled']);
  });

  test('that does not exist, or is of another account, may do nothing and is not numbered', () => {
    const market = marketWithSessions();
    for (const context of [
      { accountId: 1, sessionId: 3 },
      { accountId: 1, sessionId: 0xffffffff },
      { accountId: 2, sessionId: TRADER },
      { accountId: 1, sessionId: ADMIN },
    ]) {
      expect(codes(market.send('massCancel', context, { clientSequence: 1 }))).toEqual(['NOT_PERMITTED']);
    }
    expect(
      codes(market.send('massCancel', { accountId: 1, sessionId: TRADER }, { clientSequence: 1 })),
    ).toEqual(['massCancelled']);
  });

  test('is told of a number that is no safe integer, without the number', () => {
    const market = marketWithSessions();
    for (const clientSequence of [-1, 2 ** 53, -(2 ** 53)]) {
      for (const sessionId of [0, TRADER]) {
        const [event] = market.send('massCancel', { accountId: 1, sessionId }, { clientSequence });
        expect(codes([event!])).toEqual(['BAD_FIELD']);
        expect(event!.fields).toMatchObject({ clientSequence: 0 });
      }
    }
  });
});

describe('an unknown command', () => {
  test('is rejected with its template, whatever its number', () => {
    const market = marketWithSessions();
    for (const templateId of [0, 99, 201, 401, 65_535]) {
      market.engine.apply(market.script.unknown(templateId, RECORD_VERSION, { accountId: 1 }, 5));
      const [event] = market.engine.decodedEvents();
      expect(codes([event!])).toEqual(['UNKNOWN_COMMAND']);
      expect(event!.fields).toMatchObject({
        refTemplateId: templateId,
        clientSequence: 5,
        clientOrderId: 0n,
      });
    }
  });

  test('is one of a record version that this build does not know', () => {
    const market = marketWithSessions();
    market.engine.apply(market.script.unknown(6, RECORD_VERSION + 1, { accountId: 1 }, 5));
    expect(codes(market.engine.decodedEvents())).toEqual(['UNKNOWN_COMMAND']);
  });
});

describe('events', () => {
  test('carry sequence and time of their command, and count from 0', () => {
    const market = marketWithSessions();
    market.sell(2, 1, 100, 5);
    const events = market.send(
      'newOrder',
      { accountId: 1, sessionId: TRADER, microseconds: 5 },
      {
        clientSequence: 9,
        clientOrderId: 2n,
        instrumentId: 1,
        priceTicks: 100,
        quantityLots: 9,
        side: 1,
        orderType: 1,
        timeInForce: 1,
      },
    );
    expect(events.map((event) => event.index)).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(events.map((event) => event.sequence)).size).toBe(1);
    expect(new Set(events.map((event) => event.timestampUs)).size).toBe(1);
    expect(
      events.map(({ name, accountId, sessionId, fields }) => [
        name,
        accountId,
        sessionId,
        fields.clientSequence,
      ]),
    ).toEqual([
      ['accepted', 1, TRADER, 9],
      ['trade', 2, 0, 0],
      ['trade', 1, TRADER, 9],
      ['bookDelta', 0, 0, 0],
      ['bookDelta', 0, 0, 0],
    ]);
  });

  test('of an account are numbered without a gap, whoever caused them', () => {
    const market = marketWithSessions();
    const numbers: number[] = [];
    const note = (events: readonly DecodedSlot[]) => {
      for (const event of events) if (event.accountId === 1) numbers.push(reportSequenceOf(event));
    };
    const order = {
      clientOrderId: 1n,
      instrumentId: 1,
      priceTicks: 100,
      quantityLots: 9,
      side: 1,
      orderType: 1,
      timeInForce: 1,
    };
    note(market.send('newOrder', { accountId: 1 }, order));
    note(market.send('newOrder', { accountId: 1 }, order));
    note(market.send('newOrder', { accountId: 2 }, { ...order, side: 2 }));
    note(market.send('deposit', {}, { accountId: 1, asset: 'USD', amount: 1, transferId: 99n }));
    note(market.send('requestSnapshot', { accountId: 1 }, {}));
    // Two deposits came before.
    expect(numbers).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  test('leave no byte of what was in memory that was used before', () => {
    const events = new EventBuffer(4);
    events.slots.fill(-1);
    const processor = new BusinessLogicProcessor(new Core(SMALL_CORE), events);
    const command = new Int32Array(SLOT_WORDS);
    for (let accountId = 1; accountId <= 6; accountId += 1) {
      const header = { accountId: 0, sessionId: 0, sequence: accountId, timestampUs: accountId };
      writeCommand({ name: 'openAccount', ...header, fields: { clientSequence: 0, accountId } }, command, 0);
      processor.onCommand(command, 0);
    }
    const first = (SLOT_HEADER_BYTES + messageByName('accountOpened').bodyBytes) / 4;
    for (let slot = 0; slot < events.count; slot += 1) {
      const tail = events.words.subarray(slot * SLOT_WORDS + first, (slot + 1) * SLOT_WORDS);
      expect(Array.from(tail).every((word) => word === 0)).toBe(true);
    }
  });

  test('leave no byte of what was in the slot before', () => {
    const market = new Market(2, { maxInstruments: 64 });
    market.sell(2, 1, 100, 5);
    market.buy(1, 8, 50, 1);
    const used: Record<string, number> = {};
    const { events } = market.engine;
    let symbols = 0;
    /** The longest event there is, into every slot that the step will write. */
    const fillSlots = () => {
      for (let i = 0; i < 2; i += 1) {
        symbols += 1;
        const symbol = `A-LONG-SYMBOL-NUMBER-${symbols}`;
        const text = { symbol, base: 'ABC', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
        market.send('listInstrument', {}, text);
      }
    };
    for (const step of [
      () => market.buy(1, 7, 100, 8, { timeInForce: TimeInForce.IOC }),
      () => market.replace(1, 8, 51, 1),
      () => market.cancel(1, 9),
      () => market.deposit(1, 'USD', 1),
      () => market.send('requestSnapshot', { accountId: 1 }, {}),
      () => market.send('massCancel', { accountId: 1 }, {}),
      () => market.send('openAccount', {}, { accountId: 9 }),
    ]) {
      fillSlots();
      step();
      for (const [slot, event] of market.engine.decodedEvents().entries()) {
        used[event.name] = SLOT_HEADER_BYTES + messageByName(event.name).bodyBytes;
        const bytes = new Uint8Array(events.words.buffer, slot * SLOT_BYTES, SLOT_BYTES);
        expect([event.name, bytes.subarray(used[event.name]).some((byte) => byte !== 0)]).toEqual([
          event.name,
          false,
        ]);
      }
    }
    expect(Object.keys(used).sort()).toEqual([
      'accepted',
      'accountOpened',
      'balanceChanged',
      'bookDelta',
      'cancelled',
      'massCancelled',
      'orderStatus',
      'rejected',
      'replaced',
      'snapshotEnd',
      'trade',
    ]);
  });
});

describe('the output hash', () => {
  test('is the same for the same events and differs when one word differs', () => {
    const run = (price: number) => {
      const market = new Market(2);
      market.buy(1, 1, 100, 5);
      market.buy(2, 2, price, 5);
      market.sell(1, 3, 200, 5);
      return market.engine.processor.outputHash();
    };
    expect(run(101)).toBe(run(101));
    expect(run(101)).not.toBe(run(102));
    expect(run(101)).toMatch(/^[0-9a-f]{16}$/);
  });

  test('does not change with a command that has no event', () => {
    const engine = new EngineUnderTest(SMALL_CORE);
    const market = new Market(1);
    const before = market.engine.processor.outputHash();
    market.send('timeAdvanced', {}, {});
    expect(market.engine.processor.outputHash()).toBe(before);
    expect(engine.processor.outputHash()).not.toBe(before);
  });

  test('and the state hash are written as four words', () => {
    const { processor } = new Market(1).engine;
    const words = new Int32Array(6);
    processor.writeHashes(words, 1);
    const hex = (low: number, high: number) =>
      [words[high]!, words[low]!].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    expect(hex(1, 2)).toBe(processor.stateHash());
    expect(hex(3, 4)).toBe(processor.outputHash());
    expect([words[0], words[5]]).toEqual([0, 0]);
  });
});
