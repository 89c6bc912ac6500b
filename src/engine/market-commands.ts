/** Reads the commands on markets out of command slots. */
import { readInt64 } from '../base/int64.js';
import type { MarketAdministration } from '../core/market-administration.js';
import { Template } from '../wire/schema.js';
import { shiftOf, wordOf } from './layout.js';

const SetMarketState = {
  endTimeUs: wordOf('setMarketState', 'endTimeUs'),
  instrumentId: wordOf('setMarketState', 'instrumentId'),
  referencePriceTicks: wordOf('setMarketState', 'referencePriceTicks'),
  /** state | nextState << 8 */
  states: wordOf('setMarketState', 'state'),
} as const;
const ChangeInstrument = {
  instrumentId: wordOf('changeInstrument', 'instrumentId'),
  marketProtectionPpm: wordOf('changeInstrument', 'marketProtectionPpm'),
  volatilityPpm: wordOf('changeInstrument', 'volatilityPpm'),
  volatilityWindowUs: wordOf('changeInstrument', 'volatilityWindowUs'),
  volatilityAuctionUs: wordOf('changeInstrument', 'volatilityAuctionUs'),
  initialMarginPpm: wordOf('changeInstrument', 'initialMarginPpm'),
  maintenanceMarginPpm: wordOf('changeInstrument', 'maintenanceMarginPpm'),
} as const;
const REMOVED_INSTRUMENT_ID = wordOf('removeInstrument', 'instrumentId');

if (shiftOf('setMarketState', 'nextState') !== 8) {
  throw new Error('layout: setMarketState.nextState does not follow state in its word');
}

/**
 * A function that carries out the command of the template in the slot at `at`, sent for `account` (a handle), and
 * returns its reject code or 0.
 */
export function makeMarketCommands(administration: MarketAdministration) {
  const { cancelOnDisconnect, changeInstrument, removeInstrument, setMarketState } = administration;

  return (templateId: number, account: number, words: Int32Array, at: number): number => {
    switch (templateId) {
      case Template.setMarketState: {
        const states = words[at + SetMarketState.states];
        return setMarketState(
          words[at + SetMarketState.instrumentId],
          states & 0xff,
          readInt64(words, at + SetMarketState.endTimeUs),
          (states >> 8) & 0xff,
          words[at + SetMarketState.referencePriceTicks],
        );
      }
      case Template.changeInstrument:
        return changeInstrument(
          words[at + ChangeInstrument.instrumentId],
          words[at + ChangeInstrument.marketProtectionPpm],
          words[at + ChangeInstrument.volatilityPpm],
          words[at + ChangeInstrument.volatilityWindowUs],
          words[at + ChangeInstrument.volatilityAuctionUs],
          words[at + ChangeInstrument.initialMarginPpm],
          words[at + ChangeInstrument.maintenanceMarginPpm],
        );
      case Template.removeInstrument:
        return removeInstrument(words[at + REMOVED_INSTRUMENT_ID]);
      default:
        return cancelOnDisconnect(account);
    }
  };
}
