/** Reads the commands of admins that bound what accounts may do, and their transfers, out of command slots. */
import { readInt64 } from '../base/int64.js';
import type { Administration } from '../core/administration.js';
import type { RiskAdministration } from '../core/risk-administration.js';
import { Template } from '../wire/schema.js';
import { wordOf } from './layout.js';

const SetAccountStatus = {
  accountId: wordOf('setAccountStatus', 'accountId'),
  status: wordOf('setAccountStatus', 'status'),
} as const;
const SetAccountThrottle = {
  accountId: wordOf('setAccountThrottle', 'accountId'),
  maxCommands: wordOf('setAccountThrottle', 'maxCommands'),
  intervalUs: wordOf('setAccountThrottle', 'intervalUs'),
} as const;
const SetPriceBand = {
  instrumentId: wordOf('setPriceBand', 'instrumentId'),
  minPriceTicks: wordOf('setPriceBand', 'minPriceTicks'),
  maxPriceTicks: wordOf('setPriceBand', 'maxPriceTicks'),
  referencePriceTicks: wordOf('setPriceBand', 'referencePriceTicks'),
  bandPpm: wordOf('setPriceBand', 'bandPpm'),
} as const;
const SetOrderLimits = {
  accountId: wordOf('setOrderLimits', 'accountId'),
  instrumentId: wordOf('setOrderLimits', 'instrumentId'),
  maxOrderNotional: wordOf('setOrderLimits', 'maxOrderNotional'),
  maxOrderLots: wordOf('setOrderLimits', 'maxOrderLots'),
  maxOpenOrders: wordOf('setOrderLimits', 'maxOpenOrders'),
} as const;
const Transfer = {
  transferId: wordOf('transfer', 'transferId'),
  amount: wordOf('transfer', 'amount'),
  fromAccountId: wordOf('transfer', 'fromAccountId'),
  toAccountId: wordOf('transfer', 'toAccountId'),
  asset: wordOf('transfer', 'asset'),
} as const;

/** A function that carries out the command of the template in the slot at `at`, and returns its reject code or 0. */
export function makeRiskCommands({ transfer }: Administration, risk: RiskAdministration) {
  const { setAccountStatus, setAccountThrottle, setOrderLimits, setPriceBand } = risk;

  return (templateId: number, words: Int32Array, at: number): number => {
    switch (templateId) {
      case Template.setAccountStatus:
        return setAccountStatus(
          words[at + SetAccountStatus.accountId],
          words[at + SetAccountStatus.status] & 0xff,
        );
      case Template.setAccountThrottle:
        return setAccountThrottle(
          words[at + SetAccountThrottle.accountId],
          words[at + SetAccountThrottle.maxCommands],
          words[at + SetAccountThrottle.intervalUs],
        );
      case Template.setPriceBand:
        return setPriceBand(
          words[at + SetPriceBand.instrumentId],
          words[at + SetPriceBand.minPriceTicks],
          words[at + SetPriceBand.maxPriceTicks],
          words[at + SetPriceBand.referencePriceTicks],
          words[at + SetPriceBand.bandPpm],
        );
      case Template.setOrderLimits:
        return setOrderLimits(
          words[at + SetOrderLimits.accountId],
          words[at + SetOrderLimits.instrumentId],
          readInt64(words, at + SetOrderLimits.maxOrderNotional),
          words[at + SetOrderLimits.maxOrderLots],
          words[at + SetOrderLimits.maxOpenOrders],
        );
      default:
        return transfer(
          words[at + Transfer.fromAccountId],
          words[at + Transfer.toAccountId],
          words[at + Transfer.transferId],
          words[at + Transfer.transferId + 1],
          readInt64(words, at + Transfer.amount),
          words,
          at + Transfer.asset,
        );
    }
  };
}
