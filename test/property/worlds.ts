/**
 * What a random run starts from, and how its intents become commands.
 *
 * - ordinary: four accounts with money enough for most orders
 * - poor: so little that reservations fail all the time
 * - rich: together the whole possible supply of every asset, for the edges of exact arithmetic
 * - whole: one account owns the whole possible supply of each asset
 * - wide: forty accounts with plenty, for long runs with thousands of open orders
 * - margin: margin instruments, and so little money that positions are liquidated all the time
 * - empty: nothing at all, so that the run itself has to list, open and fund
 */
import type { Command, UnknownCommand } from '../model/messages.js';
import type { Limits } from '../model/reference-state.js';
import { CommandScript } from '../support/command-script.js';
import { isCommandUsed, isUsed, usedFields } from '../support/features.js';
import { FOUNDING, type Intent, MARGIN, type Shape, TRADING, WIDE } from './command-arbitraries.js';
import { FACTORS_OF_MAX_MONEY } from './value-arbitraries.js';

const ALL_WORLDS = ['ordinary', 'poor', 'rich', 'whole', 'wide', 'margin', 'empty'] as const;
export type World = (typeof ALL_WORLDS)[number];
export const WORLDS = ALL_WORLDS.filter((world) => world !== 'margin' || isUsed('margin'));

const ACCOUNTS = 4;
const WIDE_ACCOUNTS = 40;
const ASSETS = ['AAA', 'BBB', 'USD', 'EDGE'] as const;

/** Small enough that random commands meet every limit. */
const SMALL: Limits = {
  instruments: 5,
  assets: 5,
  accounts: 6,
  openOrders: 12,
  apiKeys: 8,
  transfers: 30,
  orderLimits: 4,
};
/** Room for the margin instruments and one more. */
const SMALL_MARGIN: Limits = { ...SMALL, instruments: 7, openOrders: 24 };
const LARGE: Limits = {
  instruments: 7,
  assets: 6,
  accounts: 45,
  openOrders: 5000,
  apiKeys: 50,
  transfers: 250,
  orderLimits: 100,
};

/** The capacities of both engines in a world. */
export function limitsOf(world: World): Limits {
  if (world === 'margin') return SMALL_MARGIN;
  return world === 'wide' ? LARGE : SMALL;
}

/** The kind of commands that suits a world. */
export function shapeOf(world: World): Shape {
  if (world === 'empty') return FOUNDING;
  if (world === 'margin') return MARGIN;
  return world === 'wide' ? WIDE : TRADING;
}

/** Longest list of intents in a world; lists are about half as long on average. */
export function maxIntentsOf(world: World): number {
  return world === 'wide' ? 5000 : 600;
}

/** Where the numbers of a run start that is late in the life of a cluster. */
const LATE = 2 ** 40 - 100;

/** What an account starts with of the asset of a place in the list; 0 = no deposit. */
function startingMoney(world: World, accountId: number, assetPlace: number): number {
  switch (world) {
    case 'ordinary':
      return 10_000_000;
    case 'poor':
      return 1500;
    case 'margin':
      return 250;
    case 'rich':
      return Math.floor(Number.MAX_SAFE_INTEGER / ACCOUNTS);
    case 'wide':
      return Math.floor(Number.MAX_SAFE_INTEGER / WIDE_ACCOUNTS);
    case 'whole':
      return assetPlace === accountId - 1 ? Number.MAX_SAFE_INTEGER : 0;
    case 'empty':
      return 0;
  }
}

/** The commands of a run: the world's, then the intents', numbered and timed. */
export function buildRun(world: World, intents: readonly Intent[]): (Command | UnknownCommand)[] {
  const script = new CommandScript(world === 'rich' ? LATE : 1);
  const commands: (Command | UnknownCommand)[] = world === 'empty' ? [] : foundWorld(script, world);
  const lastNumbers = new Map<number, number>();
  for (const intent of intents) {
    if (isCommandUsed(intent.name)) commands.push(toCommand(script, intent, lastNumbers));
  }
  return commands;
}

function foundWorld(script: CommandScript, world: World): Command[] {
  const commands = [
    ...(world === 'margin' ? marginListings(script) : []),
    script.command('listInstrument', {}, listing('AAA-USD', 'AAA', 'USD', 1, 0, 1, 0, 0, 0)),
    // One tick x one lot is 5 x 10 minor units of quote; a lot is 10 of base.
    script.command('listInstrument', {}, listing('BBB-USD', 'BBB', 'USD', 5, 0, 10, 0, 0, 0)),
    script.command('listInstrument', {}, listing('AAA-BBB', 'AAA', 'BBB', 1, 0, 1, 0, 0, 0)),
    script.command(
      'listInstrument',
      {},
      listing('EDGE-USD', 'EDGE', 'USD', 1, 0, FACTORS_OF_MAX_MONEY[2], 0, 0, 0),
    ),
    script.command('registerApiKey', {}, { permissions: 2, publicKey: key(100) }),
  ];
  let transferId = 1_000_000n;
  for (let accountId = 1; accountId <= (world === 'wide' ? WIDE_ACCOUNTS : ACCOUNTS); accountId++) {
    commands.push(script.command('openAccount', {}, { accountId }));
    commands.push(
      script.command('registerApiKey', {}, { accountId, permissions: 1, publicKey: key(100 + accountId) }),
    );
    if (accountId <= 2 && world !== 'margin') commands.push(...settingsOf(script, accountId));
    for (const [place, asset] of ASSETS.entries()) {
      const amount = startingMoney(world, accountId, place);
      if (amount === 0) continue;
      transferId += 1n;
      commands.push(script.command('deposit', {}, { accountId, asset, amount, transferId }));
    }
  }
  return commands;
}

/** The first two instruments of the world margin, at a mark price. */
function marginListings(script: CommandScript): Command[] {
  const rates = { flags: 1, initialMarginPpm: 200_000, maintenanceMarginPpm: 100_000 };
  return [
    script.command('listInstrument', {}, { ...listing('AAA-M', 'AAA', 'USD', 1, 0, 1, 0, 0, 0), ...rates }),
    script.command('listInstrument', {}, { ...listing('BBB-M', 'BBB', 'USD', 3, 0, 1, 0, 0, 0), ...rates }),
    script.command('setMarkPrice', {}, { instrumentId: 1, priceTicks: 100 }),
    script.command('setMarkPrice', {}, { instrumentId: 2, priceTicks: 101 }),
  ];
}

/** The first two accounts are of one group and in a tier with a rebate, so that short runs have something to mix. */
function settingsOf(script: CommandScript, accountId: number): Command[] {
  const group = { accountId, selfTradeGroup: 1, selfTradePrevention: accountId === 1 ? 1 : 3 };
  const fees = { instrumentId: accountId, feeTier: 1, makerPpm: -1000, takerPpm: 2500 };
  const settings = [
    script.command('setSelfTradePrevention', {}, group),
    script.command('setInstrumentFees', {}, fees),
    script.command('setInstrumentFees', {}, { ...fees, feeTier: 0, makerPpm: 1000, takerPpm: 333_333 }),
    script.command('setAccountFeeTier', {}, { accountId, feeTier: 1 }),
    script.command('setTradingDayEnd', {}, { endTimeUs: script.timestampUs + 100_000 }),
  ];
  return settings.filter(({ name }) => isCommandUsed(name));
}

function listing(
  symbol: string,
  base: string,
  quote: string,
  tickMantissa: number,
  tickExponent: number,
  lotMantissa: number,
  lotExponent: number,
  baseDecimals: number,
  quoteDecimals: number,
) {
  return {
    symbol,
    base,
    quote,
    tickMantissa,
    tickExponent,
    lotMantissa,
    lotExponent,
    baseDecimals,
    quoteDecimals,
  };
}

function key(value: number): Uint8Array {
  return new Uint8Array(32).fill(value);
}

function toCommand(
  script: CommandScript,
  intent: Intent,
  lastNumbers: Map<number, number>,
): Command | UnknownCommand {
  const { name, accountId, numbering, microseconds } = intent;
  const fields = usedFields(name, intent.fields);
  let clientSequence = 0;
  if (numbering !== null) {
    const last = lastNumbers.get(numbering.sessionId) ?? 0;
    clientSequence = last + numbering.step;
    // A wild step is sent once, but the session goes on from where it was.
    if (Math.abs(numbering.step) <= 1000)
      lastNumbers.set(numbering.sessionId, Math.max(last, clientSequence));
  }
  const context = { accountId, sessionId: numbering?.sessionId ?? 0, microseconds };
  if (name === 'unknown')
    return script.unknown(
      fields['templateId'] as number,
      fields['version'] as number,
      context,
      clientSequence,
    );
  const { expireInUs, endInUs, ...rest } = fields as {
    expireInUs?: number | null;
    endInUs?: number | null;
  };
  const nowUs = script.timestampUs + microseconds;
  const times = {
    ...(expireInUs === undefined || expireInUs === null ? {} : { expireTimeUs: nowUs + expireInUs }),
    ...(endInUs === undefined || endInUs === null ? {} : { endTimeUs: nowUs + endInUs }),
  };
  return script.command(name, context, { ...rest, ...times, clientSequence });
}
