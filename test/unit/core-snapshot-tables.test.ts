import { describe, expect, test } from 'vitest';
import { MarketState } from '../../src/core/codes.js';
import { Core } from '../../src/core/core.js';
import { checkInvariants } from '../../src/core/invariants.js';
import {
  type PackedTable,
  packedTables,
  packRows,
  SnapshotTableError,
  unpackTables,
} from '../../src/core/snapshot-tables.js';
import { fullStateHash } from '../../src/core/state-hash.js';
import { makeTable } from '../../src/core/table.js';
import type { Command } from '../model/messages.js';
import { CommandScript } from '../support/command-script.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { type PackedEngine, packEngine, unpackEngine } from '../support/packed-engine.js';

const SMALL = {
  maxOrders: 64,
  maxAccounts: 4,
  maxHoldings: 16,
  maxInstruments: 4,
  maxAssets: 4,
  maxApiKeys: 4,
  maxTransfers: 16,
  maxPositions: 16,
  maxOrderLimits: 16,
};

/** An engine with two accounts, money, and some resting orders. */
function tradingEngine(): EngineUnderTest {
  const engine = new EngineUnderTest(SMALL);
  const script = new CommandScript();
  const listing = { symbol: 'AAA-USD', base: 'AAA', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
  engine.apply(script.command('listInstrument', {}, listing));
  for (const accountId of [1, 2]) {
    engine.apply(script.command('openAccount', {}, { accountId }));
    for (const [place, asset] of ['AAA', 'USD'].entries()) {
      const transferId = BigInt(accountId * 10 + place);
      engine.apply(script.command('deposit', {}, { accountId, asset, amount: 1_000_000, transferId }));
    }
  }
  for (let n = 1; n <= 20; n++) {
    const terms = { instrumentId: 1, side: 1 + (n % 2), orderType: 1, timeInForce: 1, quantityLots: n };
    const priceTicks = n % 2 === 1 ? 3000 + n * 40 : 2000 - n * 40;
    const fields = { ...terms, priceTicks, clientOrderId: BigInt(n) };
    engine.apply(script.command('newOrder', { accountId: 1 + (n % 2) }, fields));
  }
  engine.apply(script.command('cancelOrder', { accountId: 2 }, { clientOrderId: 5n, instrumentId: 1 }));
  return engine;
}

function packed(): PackedEngine {
  return packEngine(tradingEngine().processor);
}

function load(snapshot: PackedEngine, options = SMALL): EngineUnderTest {
  const copy = new EngineUnderTest(options);
  unpackEngine(copy.processor, snapshot);
  return copy;
}

/** Room for one record of each kind, and two of what a spot instrument has two of. */
const ONE_OF_ALL = {
  maxOrders: 1,
  maxAccounts: 1,
  maxHoldings: 2,
  maxInstruments: 1,
  maxAssets: 2,
  maxApiKeys: 1,
  maxTransfers: 1,
  maxPositions: 1,
  maxOrderLimits: 1,
};

const TIMED_ICEBERG = {
  instrumentId: 1,
  side: 1,
  orderType: 1,
  timeInForce: 4,
  quantityLots: 2,
  priceTicks: 50,
  displayLots: 1,
  expireTimeUs: 2 ** 52,
};

const OWN = { accountId: 1 };

/** Applies a command that is taken; returns its events. */
function taken(engine: EngineUnderTest, command: Command) {
  engine.apply(command);
  const events = engine.decodedEvents();
  expect(events.map((event) => event.name)).not.toContain('rejected');
  return events;
}

/** An engine without room for anything more, and its script. */
function fullEngine() {
  const engine = new EngineUnderTest(ONE_OF_ALL);
  const script = new CommandScript();
  const listing = { symbol: 'A-U', base: 'A', quote: 'U', tickMantissa: 1, lotMantissa: 1 };
  const publicKey = new Uint8Array(32).fill(1);
  for (const command of [
    script.command('listInstrument', {}, listing),
    script.command('openAccount', {}, { accountId: 1 }),
    script.command('registerApiKey', {}, { accountId: 1, permissions: 1, publicKey }),
    script.command('deposit', {}, { accountId: 1, asset: 'U', amount: 1000, transferId: 1n }),
    script.command('newOrder', OWN, { ...TIMED_ICEBERG, clientOrderId: 1n }),
    script.command('setOrderLimits', {}, { accountId: 1, instrumentId: 1, maxOrderLots: 5 }),
  ]) {
    taken(engine, command);
  }
  return { engine, script };
}

/** Changes one table; a field that is added has `value` in each row. */
function changed(
  snapshot: PackedEngine,
  name: string,
  change: (table: PackedTable) => PackedTable,
  value = 0,
): PackedEngine {
  const place = snapshot.tables.findIndex((table) => table.name === name);
  const before = snapshot.tables[place]!;
  const after = change(before);
  const width = (table: PackedTable) => table.fields.reduce((sum, field) => sum + field.words, 0);
  const words = new Int32Array(before.rows * width(after)).fill(value);
  for (let row = 0; row < before.rows; row++) {
    const from = snapshot.words[place]!.subarray(row * width(before), (row + 1) * width(before));
    words.set(from.subarray(0, Math.min(width(before), width(after))), row * width(after));
  }
  return { tables: snapshot.tables.with(place, after), words: snapshot.words.with(place, words) };
}

describe('the tables of the core', () => {
  test('cover every region of the arena that is not made again from them', () => {
    const core = new Core(SMALL);
    const inTables = core.tables
      .filter((table) => table.memory === core.arena.words)
      .map((table) => table.first);
    const covered = [...inTables, ...core.books.ladder.rebuiltRegions].sort((one, other) => one - other);
    expect(covered).toEqual(core.arena.regions);
  });

  test('have names of their own, and handles that lead to tables', () => {
    const { tables } = new Core(SMALL);
    const names = tables.map((table) => table.name);
    expect(new Set(names).size).toBe(names.length);
    for (const table of tables) {
      for (const field of table.fields) if (field.target !== '') expect(names).toContain(field.target);
    }
  });

  test('have all named words of a record, and only these', () => {
    const table = makeTable(
      't',
      { one: 0, pair: 1, list: 3, last: 4 },
      {
        memory: new Int32Array(80),
        recordWords: 8,
        handles: { list: 't' },
        derived: ['one'],
        packedWords: { pair: 5 },
      },
    );
    expect(table.fields).toEqual([
      { name: 'pair', word: 1, words: 2, packedWords: 5, target: '' },
      { name: 'list', word: 3, words: 1, packedWords: 1, target: 't' },
      { name: 'last', word: 4, words: 2, packedWords: 2, target: '' },
    ]);
    expect(() => makeTable('t', { one: 0, two: 0 }, { memory: new Int32Array(8) })).toThrow(/place/);
    expect(() => makeTable('t', { one: 8 }, { memory: new Int32Array(8) })).toThrow(/behind the record/);
  });
});

describe('a packed core', () => {
  test('is read by a core of larger capacities, where all records lie elsewhere', () => {
    const original = tradingEngine();
    const larger = Object.fromEntries(Object.entries(SMALL).map(([name, value]) => [name, value * 3 + 1]));
    const copy = load(packEngine(original.processor), larger as typeof SMALL);
    checkInvariants(copy.core);
    expect(copy.processor.stateHash()).toBe(original.processor.stateHash());
    // All but where the sides of waiting stops begin, which depends on the capacity.
    const place = copy.processor.tables.findIndex((table) => table.name === 'levels.state');
    const [one, other] = [copy, original].map((engine) => packEngine(engine.processor));
    expect(one!.words.toSpliced(place, 1)).toEqual(other!.words.toSpliced(place, 1));
    expect(one!.tables).toEqual(other!.tables);
  });

  test('has its stops where a core with room for other instruments looks for them', () => {
    const engine = tradingEngine();
    const script = new CommandScript(100);
    const order = { instrumentId: 1, timeInForce: 1, quantityLots: 1 };
    const stop = { ...order, orderType: 3 };
    const commands = [
      script.command('newOrder', OWN, {
        ...order,
        clientOrderId: 50n,
        side: 1,
        orderType: 1,
        priceTicks: 2_500,
      }),
      script.command('newOrder', OWN, { ...stop, clientOrderId: 51n, side: 1, triggerPriceTicks: 2_600 }),
      script.command('newOrder', OWN, { ...stop, clientOrderId: 52n, side: 2, triggerPriceTicks: 2_500 }),
    ];
    for (const command of commands) taken(engine, command);
    const fires = { ...order, clientOrderId: 53n, side: 2, orderType: 1, priceTicks: 2_500 };
    const command = script.command('newOrder', { accountId: 2 }, fires);
    const copies = [1, 3, 40].map((maxInstruments) =>
      load(packEngine(engine.processor), { ...SMALL, maxInstruments }),
    );
    const events = taken(engine, command);
    expect(events.map(({ name }) => name)).toContain('triggered');
    for (const copy of copies) {
      checkInvariants(copy.core);
      expect(taken(copy, command)).toEqual(events);
    }
  });

  test('is refused by a core that has no room for it, which says for what', () => {
    expect(() => load(packed(), { ...SMALL, maxOrders: 12 })).toThrow(/orders: \d+ records, and room for 13/);
  });

  test('is read when it has a field or a table that this build does not know and that is not in use', () => {
    const field = { name: 'colour', words: 2, target: '' };
    const newer = changed(packed(), 'accounts', (table) => ({ ...table, fields: [...table.fields, field] }));
    newer.tables.push({ name: 'moons', rows: 3, fields: [{ name: 'size', words: 1, target: '' }] });
    newer.words.push(new Int32Array(3));
    expect(load(newer).processor.stateHash()).toBe(tradingEngine().processor.stateHash());
  });

  test('is refused when such a field or table is in use, by name', () => {
    const field = { name: 'colour', words: 1, target: '' };
    const newer = changed(
      packed(),
      'accounts',
      (table) => ({ ...table, fields: [...table.fields, field] }),
      1,
    );
    expect(() => load(newer)).toThrow(/accounts.colour is not known/);
    const table = { name: 'moons', rows: 1, fields: [{ name: 'size', words: 1, target: '' }] };
    const one = packed();
    expect(() => load({ tables: [...one.tables, table], words: [...one.words, Int32Array.of(5)] })).toThrow(
      /moons.size is not known/,
    );
  });

  test('of an older build, without a field, leaves the field 0', () => {
    const older = changed(packed(), 'accounts', (table) => ({ ...table, fields: table.fields.slice(0, 2) }));
    const copy = new EngineUnderTest(SMALL);
    // The lists of open orders are missing with the fields, so only the read itself is looked at.
    unpackEngine(copy.processor, older);
    const account = copy.core.accounts.find(1);
    expect(copy.core.accounts.words[account + 5]).toBe(0);
    expect(account).not.toBe(0);
  });

  test('with a longer field is read while the longer part is not in use', () => {
    const widen = (table: PackedTable) => ({
      ...table,
      fields: table.fields.map((field, i) =>
        i === table.fields.length - 1 ? { ...field, words: 3 } : field,
      ),
    });
    expect(load(changed(packed(), 'transfers', widen)).processor.stateHash()).not.toBe('');
    expect(() => load(changed(packed(), 'transfers', widen, 9))).toThrow(/transfers.kind is not known/);
  });

  test('with a field that had more room once is as wide as it was, and its neighbours are left alone', () => {
    const fields = packedTables(new Core(SMALL).tables).find((table) => table.name === 'orders')!.fields;
    expect(fields.find((field) => field.name === 'takerPpm')).toEqual({
      name: 'takerPpm',
      words: 4,
      target: '',
    });
    const rows = { first: 0, recordWords: 2, capacity: 2, rows: () => 2 };
    const make = (memory: Int32Array) =>
      makeTable('t', { one: 0, two: 1 }, { memory, ...rows, packedWords: { one: 3 } });
    const table = make(Int32Array.of(5, 6, 7, 8));
    const row = new Int32Array(8).fill(-1);
    packRows([table], table, 0, 2, row, 0);
    expect([...row]).toEqual([5, 0, 0, 6, 7, 0, 0, 8]);
    const memory = new Int32Array(4);
    const read = () =>
      unpackTables(
        [make(memory)],
        packedTables([table]),
        () => row,
        () => undefined,
      );
    read();
    expect([...memory]).toEqual([5, 6, 7, 8]);
    row[1] = 1;
    expect(read).toThrow(/t.one is not known/);
  });

  test('with a handle that leads nowhere, or elsewhere, is refused', () => {
    const bad = packed();
    const place = bad.tables.findIndex((table) => table.name === 'apiKeys' || table.name === 'holdings');
    const table = bad.tables[place]!;
    const at = table.fields.slice(0, 2).reduce((sum, field) => sum + field.words, 0);
    expect(table.fields[2]!.name).toBe('account');
    bad.words[place]![at] = 1_000_000;
    expect(() => load(bad)).toThrow(SnapshotTableError);
    const fields = table.fields.map((field) =>
      field.name === 'account' ? { ...field, target: 'orders' } : field,
    );
    expect(() => load({ ...packed(), tables: bad.tables.with(place, { ...table, fields }) })).toThrow(
      /leads to "orders", not to "accounts"/,
    );
  });

  test('of an empty core is that of an empty core', () => {
    const copy = load(packEngine(new EngineUnderTest(SMALL).processor));
    expect(packedTables(copy.core.tables)).toEqual(packedTables(new Core(SMALL).tables));
  });

  test.each([
    ['full in all of its tables', []],
    ['full, with free records', ['cancelOrder'] as const],
  ])('that is %s is read by another one of the same capacities, and goes on like it', (_, before) => {
    const { engine, script } = fullEngine();
    for (const name of before)
      taken(engine, script.command(name, OWN, { clientOrderId: 1n, instrumentId: 1 }));
    const copy = load(packEngine(engine.processor), ONE_OF_ALL);
    const further = [
      script.command('massCancel', OWN, {}),
      script.command('newOrder', OWN, { ...TIMED_ICEBERG, clientOrderId: 2n }),
      script.command('setMarketState', {}, { instrumentId: 1, state: MarketState.disabled }),
    ];
    for (const command of further) {
      checkInvariants(copy.core);
      expect(fullStateHash(copy.core)).toBe(engine.processor.stateHash());
      expect(packEngine(copy.processor)).toEqual(packEngine(engine.processor));
      expect(taken(copy, command)).toEqual(taken(engine, command));
    }
    expect(packEngine(copy.processor)).toEqual(packEngine(engine.processor));
  });

  test('knows the keys that were registered, by all of their words', () => {
    const { engine, script } = fullEngine();
    const copy = load(packEngine(engine.processor), { ...ONE_OF_ALL, maxApiKeys: 2 });
    const register = (value: number) => {
      const publicKey = new Uint8Array(32).fill(value);
      copy.apply(script.command('registerApiKey', {}, { accountId: 1, permissions: 1, publicKey }));
      return copy.decodedEvents().map((event) => event.name);
    };
    expect(register(1)).toEqual(['rejected']);
    expect(register(2)).toEqual(['apiKeyRegistered']);
  });

  test('leaves ids that no key has without a key', () => {
    const { apiKeys } = load(packEngine(fullEngine().engine.processor), ONE_OF_ALL).core;
    expect(apiKeys.handleOf(1)).not.toBe(0);
    for (const id of [0, 2, -1, -(2 ** 31)]) expect(apiKeys.handleOf(id)).toBe(0);
  });
});
