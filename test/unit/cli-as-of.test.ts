/** Questions about the past: `account` and `book` as of a moment, and the history of an account. */
import { afterAll, describe, expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { accountFromFlags } from '../../src/cli/account-from-flags.js';
import { bookFromFlags } from '../../src/cli/book-from-flags.js';
import { ExecSession } from '../../src/cli/exec/exec-session.js';
import type { LineObject } from '../../src/cli/exec/line-fields.js';
import { failureOf } from '../../src/cli/failure.js';
import { isoTime } from '../../src/cli/iso-time.js';
import {
  CollectedOutput,
  dataDirWith,
  FLOW_START_US,
  flowLines,
  slotsOf,
} from '../support/cli/exec-journal.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { removeTemporaryDirectories } from '../support/journal-storages.js';

afterAll(removeTemporaryDirectories);

async function account(dataDir: string, id: string, flags: object = {}): Promise<CollectedOutput> {
  const output = new CollectedOutput();
  await accountFromFlags(id, { dataDir, json: true, ...flags }, output);
  return output;
}

function book(dataDir: string, symbol: string, flags: object = {}): CollectedOutput {
  const output = new CollectedOutput();
  bookFromFlags(symbol, { dataDir, json: true, ...flags }, output);
  return output;
}

async function failure(attempt: () => unknown): Promise<{ text: string; exitCode: number }> {
  try {
    await attempt();
  } catch (error) {
    return failureOf(error);
  }
  throw new Error('it did not fail');
}

describe('account and book as of a moment', () => {
  it('equal exec after the same prefix, at random cuts and at both ends', async () => {
    const lines = flowLines(300, 11);
    const dataDir = dataDirWith(slotsOf(lines));
    const prng = new Prng(5);
    const cuts = [20, lines.length, ...Array.from({ length: 4 }, () => 20 + prng.below(lines.length - 20))];
    let openOrders = 0;
    const session = new ExecSession({ hasMarketData: false, maxOrders: 10_000 });
    for (const cut of cuts.sort((a, b) => a - b)) {
      for (const line of lines.slice(session.commands, cut)) session.answer(JSON.stringify(line), 1);
      const asked = (query: object) =>
        JSON.parse(session.answer(JSON.stringify({ type: 'query', ...query }), 0)) as object;
      const time = isoTime(lines[cut - 1]!['timestampUs'] as number);
      for (const id of [1, 4]) {
        const [found] = (await account(dataDir, String(id), { atSequence: String(cut) })).records();
        const { answer, ...state } = found!;
        expect(answer).toMatchObject({ source: 'replay', snapshotSequence: 0 });
        expect(state).toEqual({ ...asked({ what: 'account', account: id }), time });
        openOrders += (found!['orders'] as object[]).length;
      }
      const [found] = book(dataDir, 'AAPL-USD', { atSequence: String(cut), depth: '3' }).records();
      expect(found).toEqual({ ...asked({ what: 'book', symbol: 'AAPL-USD', depth: 3 }), time });
    }
    expect(openOrders).toBeGreaterThan(20);
  });

  it('a time means after its last command; without a moment it is the end', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const at = (sequence: number) => isoTime(1_750_000_000_000_000 + 1000 * sequence);
    for (const [time, sequence] of [
      [at(10), 10],
      [at(10).replace('000Z', '999Z'), 10],
      [at(11), 11],
      ['2030-01-01', 24],
    ] as const) {
      expect((await account(dataDir, '7', { at: time })).records()[0]).toMatchObject({ sequence });
    }
    expect((await account(dataDir, '7')).records()[0]).toMatchObject({ sequence: 24, time: at(24) });
    expect(book(dataDir, 'AAPL-USD', { at: at(10) }).records()[0]).toEqual({
      type: 'book',
      symbol: 'AAPL-USD',
      bids: [],
      asks: [{ price: '585.33', quantity: '100', orders: 1 }],
      sequence: 10,
      time: at(10),
    });
  });

  it('is a table for people', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const { text } = await account(dataDir, '8', { atSequence: '12', json: false });
    expect(text.replace(/[0-9.]+ ms/g, 'N ms')).toBe(
      'account 8 after command 12 of 2025-06-15T15:06:40.012000Z\n' +
        'asset  available  reserved\n' +
        'AAPL        4850       120\n' +
        'USD     17559.90      0.00\n' +
        'symbol    position      cost  realised profit  initial margin\n' +
        'AAPL-USD       -30  17559.90             0.00               0\n' +
        'symbol    side   price  leaves  cumulative  quantity  client order  order\n' +
        'AAPL-USD  sell  585.33      70          30       100            17      1\n' +
        'AAPL-USD  sell  585.40      50           0        50            18      2\n' +
        'from the first command on (journal looked at in N ms), in N ms by replay: there is no index of accounts\n',
    );
    expect((await account(dataDir, '8', { atSequence: '5', json: false })).text).toContain(
      'no balances\nno positions\nno open orders\n',
    );
    expect(book(dataDir, 'AAPL-USD', { atSequence: '14', json: false, depth: '1' }).text).toBe(
      'AAPL-USD after command 14 of 2025-06-15T15:06:40.014000Z\n' +
        'orders  bid quantity     bid     ask  ask quantity  orders\n' +
        '     1            40  585.20  585.40            20       1\n',
    );
  });

  it('refuses what the journal cannot tell, in one sentence with a code', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const cases: [() => unknown, RegExp, number][] = [
      [() => account(dataDir, '9'), /there is no account 9 as of command 24 \(UNKNOWN_ACCOUNT\)/, 1],
      [() => account(dataDir, '7', { atSequence: '3' }), /no account 7 as of command 3/, 1],
      [() => account(dataDir, '9', { history: true }), /there is no account 9/, 1],
      [() => book(dataDir, 'AAPL-USB'), /UNKNOWN_INSTRUMENT\); did you mean AAPL-USD\?/, 1],
      [
        () => account(dataDir, '7', { at: '2020-01-01' }),
        /first command of the journal is of 2025-06-15T15:06/,
        1,
      ],
      [
        () => account(dataDir, '7', { atSequence: '25' }),
        /no command 25: the last one in the journal is 24/,
        1,
      ],
      [() => account(dataDir, '7', { at: 'noon' }), /--at: "noon" is not a time/, 2],
      [() => account(dataDir, '7', { at: '2026-01-01', atSequence: '2' }), /exclude each other/, 2],
      [() => account(dataDir, 'x'), /<id>: "x" is not a value of it/, 2],
      [() => account(dataDirWith(new Int32Array(0)), '7'), /holds no command yet/, 1],
    ];
    for (const [attempt, sentence, exitCode] of cases) {
      const found = await failure(attempt);
      expect(found.text).toMatch(sentence);
      expect(found.text).not.toContain('\n');
      expect(found.exitCode, found.text).toBe(exitCode);
    }
  });
});

describe('the history of an account', () => {
  it('has every event that touched it, each with its time and cause', async () => {
    const lines = flowLines(250, 3);
    const dataDir = dataDirWith(slotsOf(lines));
    const cut = 300;
    const session = new ExecSession({ hasMarketData: false, maxOrders: 10_000 });
    const events = lines
      .slice(0, cut)
      .flatMap((line, i) => session.answer(JSON.stringify(line), i + 1).split('\n'))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LineObject);
    for (const id of [1, 2, 3, 4]) {
      const history = (
        await account(dataDir, String(id), { history: true, atSequence: String(cut) })
      ).records();
      const wanted = events.filter((event) =>
        ['account', 'makerAccount', 'takerAccount'].some((field) => event[field] === id),
      );
      expect(history.length).toBe(wanted.length);
      history.forEach((record, i) => {
        expect(record).toMatchObject(wanted[i]!);
        const line = lines[(record['sequence'] as number) - 1]!;
        expect(record).toMatchObject({
          cause: line['type'],
          time: isoTime(line['timestampUs'] as number),
          session: 0,
          clientSequence: 0,
        });
      });
      expect(new Set(history.map((record) => record['type'])).size).toBeGreaterThan(5);
    }
  });

  it('names the session and its number, and what administrators did to the account', async () => {
    const publicKey = 'ab'.repeat(32);
    const lines: LineObject[] = [
      { type: 'listInstrument', symbol: 'X-USD', base: 'X', quote: 'USD', tickSize: '0.5', lotSize: '0.1' },
      { type: 'openAccount', account: 1 },
      { type: 'openAccount', account: 2 },
      { type: 'registerApiKey', publicKey, account: 1 },
      { type: 'registerApiKey', publicKey: 'cd'.repeat(32), permissions: 'admin' },
      {
        type: 'deposit',
        account: 1,
        asset: 'USD',
        amount: '100.00',
        transferId: '1',
        session: 2,
        clientSequence: 8,
      },
      {
        type: 'deposit',
        account: 2,
        asset: 'X',
        amount: '5.0',
        transferId: '2',
        session: 2,
        clientSequence: 9,
      },
      {
        type: 'newOrder',
        account: 2,
        symbol: 'X-USD',
        clientOrderId: '1',
        side: 'sell',
        price: '10.5',
        quantity: '2',
      },
      {
        type: 'newOrder',
        account: 1,
        symbol: 'X-USD',
        clientOrderId: '1',
        side: 'buy',
        price: '11',
        quantity: '1.5',
        session: 1,
        clientSequence: 44,
      },
      {
        type: 'deposit',
        account: 1,
        asset: 'USD',
        amount: '1.00',
        transferId: '2',
        session: 2,
        clientSequence: 10,
      },
      { type: 'openAccount', account: 1 },
    ].map((line, i) => ({ ...line, timestampUs: FLOW_START_US + i }));
    const dataDir = dataDirWith(slotsOf(lines));
    const first = (await account(dataDir, '1', { history: true })).records();
    expect(first.map(({ type, session, clientSequence }) => [type, session, clientSequence])).toEqual([
      ['accountOpened', 0, 0],
      ['apiKeyRegistered', 0, 0],
      ['balanceChanged', 2, 8],
      ['accepted', 1, 44],
      ['trade', 1, 44],
      ['rejected', 2, 10],
      ['rejected', 0, 0],
    ]);
    const money = { base: 'X', baseAmount: '1.5', quote: 'USD', quoteAmount: '15.75' };
    expect(first[4]).toMatchObject({ ...money, takerAccount: 1, makerAccount: 2, takerSide: 'buy' });
    expect(first[5]).toMatchObject({ name: 'TRANSFER_ID_REUSED', account: 1, asset: 'USD', transferId: '2' });
    const second = (await account(dataDir, '2', { history: true, json: false })).text.split('\n');
    expect(second[2]).toMatch(/^ {9}8 {2}2026-09-21T13:00:00.000007Z {2}accepted {9}account=2 symbol=X-USD /);
    expect(second[3]).toMatch(
      /^ {9}9 .* trade .*makerAccount=2 .*quoteAmount=15.75 cause=newOrder session=1/,
    );
  });
});
