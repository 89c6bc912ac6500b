/**
 * How much the property tests run, and from which seed.
 *
 * RINGFENCE_TEST_PROPERTY_COMMANDS: about how many random commands all comparisons together apply (default 200,000).
 * RINGFENCE_TEST_SHRINK_MS: how long a failure is shrunk, in milliseconds (default 120,000); 0 where only the failure counts.
 * RINGFENCE_SEED: the seed of fast-check, an integer; without it the seed is fixed, so that a run can be repeated.
 */

import type { CoreOptions } from '../../src/core/core-options.js';
import type { Limits } from '../model/reference-state.js';

export const SEED = integerSetting('RINGFENCE_SEED', 20_230_711);
export const COMMANDS = integerSetting('RINGFENCE_TEST_PROPERTY_COMMANDS', 200_000);

export const SHRINK_MS = integerSetting('RINGFENCE_TEST_SHRINK_MS', 120_000);

/** Far more than the volume takes, so that a busy machine or the long mode fails no test. */
export const TIMEOUT_MS = 600_000 + 2 * COMMANDS;

/** How many runs of lists up to `maxIntents` apply about `commands` commands. */
export function runsFor(commands: number, maxIntents: number): number {
  return Math.max(1, Math.ceil(commands / (maxIntents / 2)));
}

/** The same limits for the core; holdings are never the limit. */
export function coreOptions(limits: Limits): CoreOptions {
  return {
    maxInstruments: limits.instruments,
    maxAssets: limits.assets,
    maxAccounts: limits.accounts,
    maxOrders: limits.openOrders,
    maxApiKeys: limits.apiKeys,
    maxTransfers: limits.transfers,
    maxOrderLimits: limits.orderLimits,
    maxHoldings: limits.accounts * limits.assets,
    maxPositions: limits.accounts * limits.instruments,
  };
}

function integerSetting(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be an integer, not ${text}`);
  return value;
}
