import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BookKeeper } from '../../src/client/book-keeper.js';
import { COMMAND_ANSWERS } from '../../src/client/command-answers.js';
import { OrderFrames } from '../../src/client/order-frames.js';
import { ReportCursor } from '../../src/client/report-cursor.js';
import { Side } from '../../src/core/codes.js';
import { decodeFrames } from '../../src/wire/sbe-frames.js';
import { messages } from '../../src/wire/schema.js';

const SEED = Number(process.env.RINGFENCE_SEED ?? 20_260_801);

describe('the report cursor', () => {
  test('lets each report pass once and in order, whatever comes twice or too early', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }), (arrivals) => {
        const cursor = new ReportCursor(0);
        const passed = arrivals.filter((number) => cursor.judge(number) === 'next');
        expect(passed).toEqual(passed.map((_, i) => i + 1));
      }),
      { seed: SEED },
    );
  });

  test('asks once for a hole, until it is filled', () => {
    const cursor = new ReportCursor(4);
    expect([5, 5, 8, 9, 6, 7, 8].map((number) => cursor.judge(number))).toEqual([
      'next',
      'seen',
      'hole',
      'waiting',
      'next',
      'next',
      'next',
    ]);
    cursor.onResendComplete();
    expect(cursor.judge(10)).toBe('hole');
  });

  test('goes on behind what cannot be had any more', () => {
    const cursor = new ReportCursor(4);
    cursor.judge(9);
    cursor.skipTo(20);
    expect(cursor.judge(20)).toBe('seen');
    expect(cursor.judge(21)).toBe('next');
  });
});

describe('the book keeper', () => {
  const level = (bookSequence: number, priceTicks: number, levelLots: number, flags: number) => ({
    bookSequence,
    levelLots,
    timestampUs: 0,
    instrumentId: 1,
    priceTicks,
    orderCount: 1,
    side: Side.buy,
    flags,
    reserved0: 0,
  });

  test('shows a book when its snapshot is complete, and follows the changes', () => {
    const books = new BookKeeper();
    expect(books.onLevel(level(5, 10, 3, 1 | 2))).toBe('partial');
    expect(books.get(1)).toBeUndefined();
    expect(books.onLevel(level(5, 9, 2, 1 | 4))).toBe('changed');
    expect(books.onLevel(level(6, 10, 0, 0))).toBe('changed');
    expect(books.get(1)!.bids.priceTicks).toEqual([9]);
  });

  test('notices a change that is missing and waits for a new snapshot', () => {
    const books = new BookKeeper();
    books.onLevel(level(5, 10, 3, 1 | 2 | 4));
    expect(books.onLevel(level(7, 11, 1, 0))).toBe('hole');
    expect(books.get(1)).toBeUndefined();
    expect(books.onLevel(level(8, 12, 1, 0))).toBe('partial');
    expect(books.onLevel(level(8, 12, 1, 1 | 2 | 4))).toBe('changed');
    expect(books.get(1)!.bids.priceTicks).toEqual([12]);
  });

  test('knows an empty book from none', () => {
    const books = new BookKeeper();
    books.onLevel(level(0, 0, 0, 1 | 2 | 4 | 8));
    expect(books.get(1)!.bids.depth).toBe(0);
    expect(books.onLevel(level(1, 10, 1, 0))).toBe('changed');
  });
});

test('every command that a client may send has an answer in the table', () => {
  const commands = messages.filter(({ kind, sentBy }) => kind === 'command' && sentBy === 'client');
  expect(Object.keys(COMMAND_ANSWERS).sort()).toEqual(commands.map(({ name }) => name).sort());
});

describe('order frames', () => {
  test('hold the messages that were added, as the schema lays them out', () => {
    const frames = new OrderFrames();
    frames.newOrder(1, 2 ** 53 - 1, 3, 400, 5, 2, 1, 3);
    frames.cancelOrder(2, 8, 3);
    frames.replaceOrder(3, 8, 9, 3, -401, 6, 1);
    expect(decodeFrames(frames.frame())).toMatchObject([
      {
        name: 'newOrder',
        fields: {
          clientSequence: 1,
          clientOrderId: 2n ** 53n - 1n,
          instrumentId: 3,
          priceTicks: 400,
          quantityLots: 5,
          side: 2,
          orderType: 1,
          timeInForce: 3,
          flags: 0,
        },
      },
      { name: 'cancelOrder', fields: { clientSequence: 2, clientOrderId: 8n, instrumentId: 3 } },
      {
        name: 'replaceOrder',
        fields: {
          clientSequence: 3,
          clientOrderId: 8n,
          newClientOrderId: 9n,
          instrumentId: 3,
          priceTicks: -401,
          quantityLots: 6,
          flags: 1,
        },
      },
    ]);
    frames.clear();
    expect(frames.frame()).toHaveLength(0);
  });

  test('that are full say so', () => {
    const frames = new OrderFrames(55);
    frames.cancelOrder(1, 1, 1);
    expect(() => frames.cancelOrder(2, 2, 1)).toThrow(RangeError);
  });
});
