/**
 * Which features random commands use. Without a feature its commands are left out and its fields are at rest, and the
 * run stays otherwise the same: a failure can be narrowed down to what it needs, and an engine that lacks a feature can
 * be compared in all others.
 *
 * RINGFENCE_TEST_FEATURES: names with commas between them; nothing for all that the engine has.
 */
import { OrderFlag, OrderType, TimeInForce } from '../../src/core/codes.js';
import type { CommandName } from '../../src/wire/message-fields.js';

export const FEATURES = [
  'fees',
  'expiry',
  'postOnly',
  'minQuantity',
  'selfTrade',
  'massCancelScope',
  'iceberg',
  'stops',
  'links',
  'quoteAmount',
  'accountStatus',
  'bands',
  'limits',
  'throttle',
  'transfers',
  'positions',
  'marketStates',
  'volatility',
  'instrumentChanges',
  'disconnect',
  'margin',
] as const;
export type Feature = (typeof FEATURES)[number];

/** What the fast engine has. */
const BUILT: readonly Feature[] = FEATURES;

const chosen = (process.env['RINGFENCE_TEST_FEATURES'] ?? '').split(',').filter((name) => name !== '');
for (const name of chosen) {
  if (!FEATURES.some((known) => known === name)) {
    throw new Error(`RINGFENCE_TEST_FEATURES takes ${FEATURES.join(', ')}, not ${name}`);
  }
}
const used: ReadonlySet<string> = new Set(chosen.length === 0 ? BUILT : chosen);

/** Whether random commands use a feature. */
export function isUsed(feature: Feature): boolean {
  return used.has(feature);
}

export const USES_ALL = FEATURES.every(isUsed);

/** The commands that are there for one feature only. */
const FEATURE_OF: Partial<Record<CommandName, Feature>> = {
  setInstrumentFees: 'fees',
  setAccountFeeTier: 'fees',
  setTradingDayEnd: 'expiry',
  setSelfTradePrevention: 'selfTrade',
  setAccountStatus: 'accountStatus',
  setPriceBand: 'bands',
  setOrderLimits: 'limits',
  setAccountThrottle: 'throttle',
  transfer: 'transfers',
  setMarketState: 'marketStates',
  changeInstrument: 'instrumentChanges',
  removeInstrument: 'instrumentChanges',
  cancelOnDisconnect: 'disconnect',
  setMarkPrice: 'margin',
};

/** Whether a command belongs to no feature, or to one that is used. */
export function isCommandUsed(name: string): boolean {
  const feature = FEATURE_OF[name as CommandName];
  return feature === undefined || isUsed(feature);
}

/** Values at which the fields of a feature are at rest. */
const AT_REST: readonly (readonly [Feature, Readonly<Record<string, unknown>>])[] = [
  ['minQuantity', { minQuantityLots: 0 }],
  ['selfTrade', { selfTradePrevention: 0 }],
  ['iceberg', { displayLots: 0 }],
  ['stops', { triggerPriceTicks: 0, trailingTicks: 0, triggerDirection: 0 }],
  ['links', { linkedClientOrderId: 0n }],
  ['quoteAmount', { quoteAmount: 0 }],
  ['expiry', { expireInUs: null }],
];

/** The fields of a random command, without the features that are not used. */
export function usedFields(name: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...fields };
  if (USES_ALL) return result;
  if (name === 'massCancel' && !isUsed('massCancelScope'))
    Object.assign(result, { instrumentId: 0, side: 0 });
  if (name === 'requestSnapshot' && !isUsed('positions')) result['flags'] = 0;
  if (!isUsed('margin')) {
    const noMargin = { initialMarginPpm: 0, maintenanceMarginPpm: 0 };
    if (name === 'listInstrument') Object.assign(result, { flags: 0, ...noMargin });
    if (name === 'changeInstrument') Object.assign(result, noMargin);
    // Account 0 is the insurance fund.
    if (name === 'transfer' && result['toAccountId'] === 0) result['toAccountId'] = 5;
  }
  if (name === 'changeInstrument' && !isUsed('volatility'))
    Object.assign(result, { volatilityPpm: 0, volatilityWindowUs: 0, volatilityAuctionUs: 0 });
  if (name !== 'newOrder') return result;
  for (const [feature, atRest] of AT_REST) if (!isUsed(feature)) Object.assign(result, atRest);
  const { timeInForce, orderType } = result;
  const isTimed = timeInForce === TimeInForce.GTD || timeInForce === TimeInForce.DAY;
  if (isTimed && !isUsed('expiry')) result['timeInForce'] = TimeInForce.GTC;
  const isStop = orderType === OrderType.stop || orderType === OrderType.stopLimit;
  if (isStop && !isUsed('stops')) result['orderType'] = OrderType.limit;
  const allFlags = OrderFlag.postOnly | OrderFlag.postOnlyReprice | OrderFlag.linked;
  const flags = result['flags'] as number;
  if ((flags & ~allFlags) === 0) {
    const postOnly = isUsed('postOnly') ? flags & ~OrderFlag.linked : 0;
    result['flags'] = postOnly | (isUsed('links') ? flags & OrderFlag.linked : 0);
  }
  return result;
}
