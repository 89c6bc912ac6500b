import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FlowCommand, FlowKind, ImportError } from '../../src/cli/import/flow-command.js';
import { flowLine, setupLines } from '../../src/cli/import/flow-lines.js';
import { ItchFlow } from '../../src/cli/import/itch.js';
import { LobsterFlow } from '../../src/cli/import/lobster.js';
import { type FlowFormat, openFlowFile } from '../../src/cli/import/read-flow.js';
import { Side, TimeInForce } from '../../src/core/codes.js';

/** What matters of a command: kind, account, id, and the terms that it has. */
function brief(command: FlowCommand | undefined): unknown {
  if (command === undefined) return undefined;
  const {
    kind,
    account,
    clientOrderId: id,
    newClientOrderId: newId,
    side,
    priceTicks,
    quantityLots,
    timeInForce,
  } = command;
  if (kind === FlowKind.cancelOrder) return ['cancel', account, id];
  if (kind === FlowKind.replaceOrder) {
    return [command.isReinsert ? 'reinsert' : 'reduce', account, id, newId, priceTicks, quantityLots];
  }
  const sideName = side === Side.buy ? 'buy' : 'sell';
  return [timeInForce === TimeInForce.IOC ? 'take' : 'new', account, sideName, priceTicks, quantityLots];
}

describe('LOBSTER lines', () => {
  it('1 is a new order; the orders are dealt to the accounts in turn', () => {
    const flow = new LobsterFlow(2);
    const first = flow.command('34200.004241176,1,16113575,18,5853300,1')!;
    expect(first).toMatchObject({
      timestampUs: 34_200_004_241,
      clientOrderId: 16_113_575n,
      timeInForce: TimeInForce.GTC,
    });
    expect(brief(first)).toEqual(['new', 0, 'buy', 58_533, 18]);
    expect(brief(flow.command('34200.5,1,2,100,5859100,-1'))).toEqual(['new', 1, 'sell', 58_591, 100]);
    expect(brief(flow.command('34201,1,3,1,100,-1'))).toEqual(['new', 0, 'sell', 1, 1]);
  });

  it('2 is a replace with the smaller total of the chain, fills included', () => {
    const flow = new LobsterFlow(2);
    flow.command('1,1,7,100,5853300,1');
    expect(brief(flow.command('2,2,7,30,5853300,1'))).toEqual(['reduce', 0, 7n, 7n, 58_533, 70]);
    expect(brief(flow.command('3,4,7,50,5853300,1'))).toEqual(['take', 1, 'sell', 58_533, 50]);
    expect(brief(flow.command('4,2,7,5,5853300,1'))).toEqual(['reduce', 0, 7n, 7n, 58_533, 65]);
    expect(brief(flow.command('5,2,7,15,5853300,1'))).toEqual(['cancel', 0, 7n]);
  });

  it('3 is a cancel by the account that entered the order', () => {
    const flow = new LobsterFlow(3);
    flow.command('1,1,1,1,100,1');
    flow.command('1,1,2,1,100,1');
    expect(brief(flow.command('2,3,2,1,100,1'))).toEqual(['cancel', 1, 2n]);
    expect(flow.command('3,3,2,1,100,1')).toBeUndefined();
    expect(flow.counts).toEqual({ 'new order': 2, cancel: 1, 'skipped: unknown order': 1 });
  });

  it('4 is an IOC of the other side by another account; an order that is executed whole is gone', () => {
    const flow = new LobsterFlow(2);
    flow.command('1,1,1,40,5859100,-1');
    const taker = flow.command('2,4,1,40,5859100,-1')!;
    expect(brief(taker)).toEqual(['take', 1, 'buy', 58_591, 40]);
    expect(taker.clientOrderId).toBe(1n << 62n);
    expect(flow.command('3,3,1,40,5859100,-1')).toBeUndefined();
  });

  it('hidden executions, crosses, halts and prices off the tick are skipped and counted', () => {
    const flow = new LobsterFlow(1);
    for (const line of [
      '1,5,0,10,5853350,1',
      '1,6,0,10,5853300,1',
      '1,7,0,0,-1,-1',
      '1,1,9,10,5853350,1',
      '1,2,4,1,1,1',
    ]) {
      expect(flow.command(line)).toBeUndefined();
    }
    expect(flow.counts).toEqual({
      'skipped: hidden execution': 1,
      'skipped: cross': 1,
      'skipped: halt': 1,
      'skipped: price off tick': 1,
      'skipped: unknown order': 1,
    });
  });

  it.each([
    '',
    'time,type',
    '1,1,1,1,1',
    '1,9,1,1,100,1',
    '1,1,1,1,100,0',
    '1,1,-1,1,100,1',
    'x,1,1,1,100,1',
  ])('a line that is no record is named with its number: %j', (line) => {
    const flow = new LobsterFlow(1);
    flow.command('1,1,1,1,100,1');
    expect(() => flow.command(line)).toThrow(ImportError);
    expect(() => new LobsterFlow(1).command(line)).toThrow('line 1 is not a LOBSTER message');
  });
});

/** ITCH messages, made field by field. */
class ItchBytes {
  private readonly messages: Buffer[] = [];

  private begin(type: string, length: number, locate = 1): Buffer {
    const message = Buffer.alloc(length);
    message.write(type, 0, 'latin1');
    message.writeUInt16BE(locate, 1);
    message.writeUIntBE(28_800_000_000_123, 5, 6);
    this.messages.push(message);
    return message;
  }

  directory(stock: string, locate = 1): this {
    this.begin('R', 39, locate).write(stock.padEnd(8), 11, 'latin1');
    return this;
  }

  add(id: bigint, side: string, shares: number, stock: string, price: number, type = 'A', locate = 1): this {
    const message = this.begin(type, type === 'A' ? 36 : 40, locate);
    message.writeBigUInt64BE(id, 11);
    message.write(side, 19, 'latin1');
    message.writeUInt32BE(shares, 20);
    message.write(stock.padEnd(8), 24, 'latin1');
    message.writeUInt32BE(price, 32);
    return this;
  }

  withId(type: string, length: number, id: bigint, shares?: number, locate = 1): this {
    const message = this.begin(type, length, locate);
    message.writeBigUInt64BE(id, 11);
    if (shares !== undefined) message.writeUInt32BE(shares, 19);
    return this;
  }

  replace(id: bigint, newId: bigint, shares: number, price: number): this {
    const message = this.begin('U', 35);
    message.writeBigUInt64BE(id, 11);
    message.writeBigUInt64BE(newId, 19);
    message.writeUInt32BE(shares, 27);
    message.writeUInt32BE(price, 31);
    return this;
  }

  other(type: string, length: number): this {
    this.begin(type, length);
    return this;
  }

  commands(flow: ItchFlow): unknown[] {
    return this.messages.map((message) =>
      brief(
        flow.command(new DataView(message.buffer, message.byteOffset, message.length), 0, message.length),
      ),
    );
  }

  bytes(): Buffer {
    return Buffer.concat(
      this.messages.flatMap((message) => {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length);
        return [length, message];
      }),
    );
  }
}

describe('ITCH messages', () => {
  it('adds, cancels, deletes, replaces and executions become commands', () => {
    const flow = new ItchFlow(2, '');
    const bytes = new ItchBytes()
      .directory('AAPL')
      .add(1n, 'B', 100, 'AAPL', 3_204_300)
      .add(2n, 'S', 50, 'AAPL', 3_204_500, 'F')
      .withId('X', 23, 1n, 30)
      .withId('E', 31, 1n, 20)
      .withId('C', 36, 2n, 10)
      .replace(2n, 9_007_199_254_740_993n, 60, 3_204_400)
      .withId('D', 19, 9_007_199_254_740_993n)
      .withId('X', 23, 1n, 50);
    expect(bytes.commands(flow)).toEqual([
      undefined,
      ['new', 0, 'buy', 32_043, 100],
      ['new', 1, 'sell', 32_045, 50],
      ['reduce', 0, 1n, 1n, 32_043, 70],
      ['take', 1, 'sell', 32_043, 20],
      ['take', 0, 'buy', 32_045, 10],
      ['reinsert', 1, 2n, 9_007_199_254_740_993n, 32_044, 60],
      ['cancel', 1, 9_007_199_254_740_993n],
      ['cancel', 0, 1n],
    ]);
    expect(flow.symbol).toBe('AAPL');
  });

  it('time is nanoseconds since midnight, in 48 bits', () => {
    const flow = new ItchFlow(1, '');
    const message = new ItchBytes().add(1n, 'B', 1, 'AAPL', 100).bytes().subarray(2);
    const view = new DataView(message.buffer, message.byteOffset, message.length);
    expect(flow.command(view, 0, message.length)!.timestampUs).toBe(28_800_000_000);
  });

  it('only one stock is taken: the one that is named, otherwise the first', () => {
    const bytes = () =>
      new ItchBytes()
        .directory('MSFT', 7)
        .directory('AAPL', 8)
        .add(1n, 'B', 1, 'MSFT', 100, 'A', 7)
        .add(2n, 'B', 2, 'AAPL', 100, 'A', 8)
        .withId('D', 19, 1n, undefined, 7);
    const first = new ItchFlow(1, '');
    expect(
      bytes()
        .commands(first)
        .filter((each) => each !== undefined),
    ).toEqual([
      ['new', 0, 'buy', 1, 1],
      ['cancel', 0, 1n],
    ]);
    const named = new ItchFlow(1, 'AAPL');
    expect(
      bytes()
        .commands(named)
        .filter((each) => each !== undefined),
    ).toEqual([['new', 0, 'buy', 1, 2]]);
    expect(named.counts['skipped: other stock']).toBe(3);
  });

  it('trades against hidden orders, other messages and unknown orders are skipped and counted', () => {
    const flow = new ItchFlow(1, '');
    const bytes = new ItchBytes()
      .directory('AAPL')
      .other('P', 44)
      .other('H', 25)
      .other('L', 26)
      .withId('D', 19, 5n)
      .replace(5n, 6n, 1, 100);
    expect(bytes.commands(flow).every((each) => each === undefined)).toBe(true);
    expect(flow.counts).toEqual({
      'skipped: message R': 1,
      'skipped: hidden execution': 1,
      'skipped: message H': 1,
      'skipped: message L': 1,
      'skipped: unknown order': 2,
    });
  });

  it('a message of the wrong length is no ITCH 5.0', () => {
    const flow = new ItchFlow(1, '');
    expect(() => new ItchBytes().other('A', 20).commands(flow)).toThrow(
      'message 1 of type A has 20 bytes instead of 36',
    );
  });
});

describe('files of order flow', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-import-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function read(name: string, bytes: Buffer | string, format: FlowFormat, symbol = '') {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const file = openFlowFile(path, format, 1, symbol);
    const commands: unknown[] = [];
    for await (const batch of file.batches()) commands.push(...batch.map(brief));
    return { commands, file };
  }

  it('a LOBSTER file is read gzipped or not, with any line ends, and its name gives the symbol', async () => {
    const text = '1,1,1,10,100,1\r\n2,3,1,10,100,1\n3,1,2,5,200,-1';
    const expected = [
      ['new', 0, 'buy', 1, 10],
      ['cancel', 0, 1n],
      ['new', 0, 'sell', 2, 5],
    ];
    const plain = await read('MSFT_2012_message_5.csv', text, 'lobster');
    expect(plain.commands).toEqual(expected);
    expect(plain.file.symbol).toBe('MSFT');
    const zipped = await read('x.csv.gz', gzipSync(text), 'lobster', 'IBM');
    expect(zipped.commands).toEqual(expected);
    expect(zipped.file.symbol).toBe('IBM');
  });

  it('records that fall on the edge of a chunk are read whole', async () => {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, i) => `${i}.${i},1,${i + 1},10,5853300,1\n`).join('');
    expect((await read('big.csv', lines, 'lobster')).commands).toHaveLength(count);
    const bytes = new ItchBytes();
    for (let i = 1; i <= count; i++) bytes.add(BigInt(i), 'B', i, 'AAPL', 100 * i);
    const itch = await read('big.itch', bytes.bytes(), 'itch');
    expect(itch.commands).toHaveLength(count);
    expect(itch.commands.at(-1)).toEqual(['new', 0, 'buy', count, count]);
  });

  it('what is wrong with a file is said with its name and the place', async () => {
    await expect(read('bad.csv', '1,1,1,10,100,1\nhello\n', 'lobster')).rejects.toThrow(
      /bad\.csv: line 2 is not a LOBSTER message: "hello"/,
    );
    await expect(
      read('short.itch', new ItchBytes().add(1n, 'B', 1, 'A', 100).bytes().subarray(0, 30), 'itch'),
    ).rejects.toThrow(/short\.itch: the last message is cut short/);
    await expect(
      read('cut.csv.gz', gzipSync('1,1,1,10,100,1\n'.repeat(100)).subarray(0, 30), 'lobster'),
    ).rejects.toThrow(/cut\.csv\.gz/);
    expect(() => openFlowFile(join(folder, 'absent'), 'lobster', 1, '')).toThrow(/ENOENT/);
  });
});

describe('order flow as lines', () => {
  it('the lines before it list the instrument, open the accounts and give them money', () => {
    const lines = setupLines('BRK.A', 2)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toEqual({
      type: 'listInstrument',
      symbol: 'BRK.A-USD',
      base: 'BRKA',
      quote: 'USD',
      tickSize: '0.01',
      lotSize: '1',
    });
    expect(lines.map((line) => line['type']).slice(1)).toEqual([
      'openAccount',
      'deposit',
      'deposit',
      'openAccount',
      'deposit',
      'deposit',
    ]);
    expect(new Set(lines.map((line) => line['transferId'])).size).toBe(5);
  });

  it('commands are lines with decimals, accounts from 1 and their time', () => {
    const flow = new LobsterFlow(1);
    const entered = flow.command('1.5,1,17,100,5853300,1')!;
    expect(JSON.parse(flowLine(entered, 'A-USD'))).toEqual({
      type: 'newOrder',
      account: 1,
      symbol: 'A-USD',
      clientOrderId: '17',
      side: 'buy',
      orderType: 'limit',
      timeInForce: 'GTC',
      price: '585.33',
      quantity: '100',
      timestampUs: 1_500_000,
    });
    const reduced = flow.command('2,2,17,1,5853300,1')!;
    expect(JSON.parse(flowLine(reduced, 'A-USD'))).toMatchObject({
      type: 'replaceOrder',
      newClientOrderId: '17',
      quantity: '99',
    });
    expect(JSON.parse(flowLine({ ...reduced, isReinsert: true }, 'A-USD'))).toMatchObject({ reinsert: true });
    expect(JSON.parse(flowLine(flow.command('3,3,17,1,5853300,1')!, 'A-USD'))).toEqual({
      type: 'cancelOrder',
      account: 1,
      symbol: 'A-USD',
      clientOrderId: '17',
      timestampUs: 3_000_000,
    });
  });
});
