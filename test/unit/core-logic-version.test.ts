/** The rule change: a command in the journal, old rules before it, new rules after it. */
import { describe, expect, test } from 'vitest';
import { Core } from '../../src/core/core.js';
import { LogicVersion, LogicVersionError, logicVersionOf } from '../../src/core/logic-version.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { decodeSlot, encodeSlot } from '../../src/wire/slot-codec.js';

const LISTING = {
  symbol: 'AAPL-USD',
  base: 'AAPL',
  quote: 'USD',
  tickMantissa: 1,
  tickExponent: -2,
  lotMantissa: 1,
  lotExponent: 0,
  baseDecimals: 0,
  quoteDecimals: 2,
};

class Rig {
  readonly core = new Core({
    maxOrders: 1024,
    maxTransfers: 1024,
    maxAccounts: 1024,
    maxHoldings: 1024,
    maxPositions: 1024,
  });
  readonly events = new EventBuffer();
  readonly processor = new BusinessLogicProcessor(this.core, this.events);
  private sequence = 0;
  private readonly slot = new Int32Array(SLOT_WORDS);

  send<N extends CommandName>(name: N, fields: Partial<MessageFields[N]>): string[] {
    this.sequence++;
    const header = { accountId: 0, sequence: this.sequence, timestampUs: 1_700_000_000_000_000 };
    encodeSlot(name, header, fields, this.slot, 0);
    this.events.clear();
    this.processor.onCommand(this.slot, 0);
    return Array.from({ length: this.events.count }, (_, i) => {
      const event = decodeSlot(this.events.words, i * SLOT_WORDS);
      return event.name === 'rejected' ? `rejected ${event.fields.code}` : event.name;
    });
  }

  market(): Rig {
    this.send('listInstrument', LISTING);
    this.send('openAccount', { accountId: 1 });
    return this;
  }

  deposit(transferId: bigint): string[] {
    return this.send('deposit', { transferId, amount: 5, accountId: 1, asset: 'USD' });
  }
}

describe('activateLogic', () => {
  test('switches the rules from the next command on', () => {
    const rig = new Rig().market();
    expect(logicVersionOf(rig.core)).toBe(1);
    expect(rig.deposit(0n)).toEqual(['balanceChanged']);
    expect(rig.send('activateLogic', { logicVersion: 2 })).toEqual(['logicActivated']);
    const { fields } = decodeSlot(rig.events.words, 0);
    expect(fields).toMatchObject({ logicVersion: 2, previousVersion: 1 });
    expect(logicVersionOf(rig.core)).toBe(2);
    expect(rig.deposit(0n)).toEqual(['rejected 5042']);
    expect(rig.send('withdraw', { transferId: 0n, amount: 1, accountId: 1, asset: 'USD' })).toEqual([
      'rejected 5042',
    ]);
    expect(rig.deposit(7n)).toEqual(['balanceChanged']);
  });

  test('never goes back, and never to where it is', () => {
    const rig = new Rig().market();
    expect(rig.send('activateLogic', { logicVersion: 0 })).toEqual(['rejected 5041']);
    expect(rig.send('activateLogic', { logicVersion: 1 })).toEqual(['rejected 5041']);
    rig.send('activateLogic', { logicVersion: 2 });
    expect(rig.send('activateLogic', { logicVersion: 2 })).toEqual(['rejected 5041']);
    expect(rig.send('activateLogic', { logicVersion: 1 })).toEqual(['rejected 5041']);
  });

  test('of a version that only a newer release knows stops this one by name, before anything has changed', () => {
    const rig = new Rig().market();
    const before = rig.processor.stateHash();
    const unknown = LogicVersion.newest + 1;
    expect(() => rig.send('activateLogic', { logicVersion: unknown })).toThrow(LogicVersionError);
    expect(() => rig.send('activateLogic', { logicVersion: 0xffff_ffff })).toThrow(
      /logic version 4294967295, this release knows up to 2: use a newer release/,
    );
    expect(new LogicVersionError(3)).toMatchObject({
      name: 'LogicVersionError',
      code: 'JOURNAL_NEWER_LOGIC',
    });
    expect(rig.processor.stateHash()).toBe(before);
  });

  test('is part of the state hash, and adds nothing to it before the first switch', () => {
    const rig = new Rig().market();
    const before = rig.processor.stateHash();
    rig.core.engine[6] = 2;
    const after = rig.processor.stateHash();
    expect(after).not.toBe(before);
    rig.core.engine[6] = 0;
    expect(rig.processor.stateHash()).toBe(before);
  });
});
