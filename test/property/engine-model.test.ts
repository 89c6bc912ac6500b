/**
 * The headline comparison: on random commands the engine does what the reference engine does, event by event and
 * byte by byte. On failure fast-check prints the seed and path, and the shrunk commands are printed as `exec` lines.
 */
import { describe, expect, test, vi } from 'vitest';
import {
  BalanceReason,
  CancelReason,
  MarketStateCause,
  nameOf,
  RejectCode,
  rejectName,
  SelfTradePrevention,
} from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { makeRollingCheck } from '../../src/core/rolling-check.js';
import { fullStateHash } from '../../src/core/state-hash.js';
import type { Event } from '../model/messages.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { USES_ALL } from '../support/features.js';
import { expectNullRecord } from '../support/null-record.js';
import { agreement } from './agreement.js';
import { assertProperty } from './assert-property.js';
import { COMMANDS, runsFor, TIMEOUT_MS } from './run-settings.js';
import { maxIntentsOf, WORLDS } from './worlds.js';

/** More records than these runs have. */
const EVERYTHING = 10_000;

/** Volume below which rare outcomes need not come up. */
const COVERING_VOLUME = 100_000;

/** Reject codes that the engine never gives: the gateway's, and the limits that these runs do not have. */
const NOT_FROM_ENGINE = new Set<string>([
  ...Object.keys(RejectCode).filter((name) => RejectCode[name as keyof typeof RejectCode] < 3000),
  'TOO_MANY_HOLDINGS',
  'TOO_MANY_POSITIONS',
  'UNKNOWN_LOGIC_VERSION',
]);
const FROM_ENGINE_ANYWAY = ['BAD_FIELD', 'NOT_PERMITTED', 'DUPLICATE_COMMAND'];

vi.setConfig({ testTimeout: TIMEOUT_MS });

/** What an event tells, in a word or two: every one of these must come up in the runs. */
function outcomeOf(event: Event): string {
  switch (event.name) {
    case 'rejected':
      return rejectName(event.fields.code);
    case 'cancelled':
      return `cancelled ${nameOf(CancelReason, event.fields.reason)}`;
    case 'balanceChanged':
      return `${nameOf(BalanceReason, event.fields.reason)} ${event.fields.duplicate === 1 ? 'again' : 'done'}`;
    case 'replaced':
      return `replaced, ${event.fields.priorityKept === 1 ? 'keeps' : 'loses'} priority`;
    case 'selfTradePrevented':
      return `self-trade: ${nameOf(SelfTradePrevention, event.fields.selfTradePrevention)}`;
    case 'marketStateChanged':
      return `market state, cause ${nameOf(MarketStateCause, event.fields.cause)}${event.fields.uncrossLots > 0 ? ', uncrossed' : ''}`;
    case 'trade':
      return event.fields.fee === 0 ? 'trade' : event.fields.fee > 0 ? 'trade with fee' : 'trade with rebate';
    default:
      return event.name;
  }
}

const OUTCOMES = [
  ...Object.keys(CancelReason).map((reason) => `cancelled ${reason}`),
  ...['deposit done', 'deposit again', 'withdraw done', 'withdraw again', 'snapshot done'],
  ...['replaced, keeps priority', 'replaced, loses priority'],
  ...['accepted', 'trade', 'bookDelta', 'orderStatus', 'snapshotEnd', 'massCancelled'],
  ...['trade with fee', 'trade with rebate', 'triggered'],
  ...Object.keys(SelfTradePrevention)
    .filter((mode) => mode !== 'allow')
    .map((mode) => `self-trade: ${mode}`),
  ...['instrumentFeesChanged', 'accountChanged', 'tradingDayChanged'],
  ...['priceBandChanged', 'orderLimitsChanged', 'position', 'transfer done', 'transfer again'],
  ...['command', 'time', 'volatility'].map((cause) => `market state, cause ${cause}`),
  ...['command', 'time'].map((cause) => `market state, cause ${cause}, uncrossed`),
  ...['auctionIndicated', 'instrumentChanged', 'markPriceChanged', 'liquidationStarted', 'deleveraged'],
  ...['lossCovered done', 'lossShared done'],
  ...['instrumentListed', 'accountOpened', 'apiKeyRegistered', 'epochChanged', 'logicActivated'],
  ...Object.keys(RejectCode).filter((name) => !NOT_FROM_ENGINE.has(name)),
  ...FROM_ENGINE_ANYWAY,
];

describe('the engine and the reference engine', () => {
  const seen = new Set<string>();

  for (const world of WORLDS) {
    test(`agree on every event of random commands in a world that is ${world}`, () => {
      const maxIntents = maxIntentsOf(world);
      const property = agreement(
        world,
        maxIntents,
        (options) => new EngineUnderTest(options),
        (engine) => {
          checkInvariants(engine.core);
          makeRollingCheck(engine.core).step(EVERYTHING);
          expectNullRecord(engine.core);
          expect(engine.processor.stateHash()).toBe(fullStateHash(engine.core));
        },
        (event) => seen.add(outcomeOf(event)),
      );
      assertProperty(property, runsFor(COMMANDS / WORLDS.length, maxIntents));
    });
  }

  test.skipIf(COMMANDS < COVERING_VOLUME || !USES_ALL)(
    'met every outcome and every reject code of the engine in these runs',
    () => {
      expect(OUTCOMES.filter((outcome) => !seen.has(outcome))).toEqual([]);
    },
  );
});
