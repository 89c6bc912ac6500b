/**
 * What a random run starts from, and how its intents become commands.
 *
 * - ordinary: four accounts with money enough for most orders
 * - poor: so little that reservations fail all the time
 * - rich: together the whole possible supply of every asset, for the edges of exact arithmetic
 * - whole: one account owns the whole possible supply of each asset
 * - empty: nothing at all, so that the run itself has to list, open and fund
 */
import type { Command, UnknownCommand } from '../model/messages.js';
import { CommandScript } from '../support/command-script.js';
import { FACTORS_OF_MAX_MONEY, type Intent } from './command-arbitraries.js';

export const WORLDS = ['ordinary', 'poor', 'rich', 'whole', 'empty'] as const;
export type World = (typeof WORLDS)[number];

const ACCOUNTS = 4;
const ASSETS = ['AAA', 'BBB', 'USD', 'EDGE'] as const;

/** What an account starts with of the asset of a place in the list; 0 = no deposit. */
function startingMoney(world: World, accountId: number, assetPlace: number): number {
  switch (world) {
    case 'ordinary':
      return 10_000_000;
    case 'poor':
      return 1500;
    case 'rich':
      return Math.floor(Number.MAX_SAFE_INTEGER / ACCOUNTS);
    case 'whole':
      return assetPlace === accountId - 1 ? Number.MAX_SAFE_INTEGER : 0;
    case 'empty':
      return 0;
  }
}

/** The commands of a run: the world's, then the intents', numbered and timed. */
export function buildRun(world: World, intents: readonly Intent[]): (Command | UnknownCommand)[] {
  const script = new CommandScript();
  const commands: (Command | UnknownCommand)[] = world === 'empty' ? [] : foundWorld(script, world);
  const lastNumbers = new Map<number, number>();
  for (const intent of intents) commands.push(toCommand(script, intent, lastNumbers));
  return commands;
}

function foundWorld(script: CommandScript, world: World): Command[] {
  const commands = [
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
  for (let accountId = 1; accountId <= ACCOUNTS; accountId++) {
    commands.push(script.command('openAccount', {}, { accountId }));
    commands.push(
      script.command('registerApiKey', {}, { accountId, permissions: 1, publicKey: key(100 + accountId) }),
    );
    for (const [place, asset] of ASSETS.entries()) {
      const amount = startingMoney(world, accountId, place);
      if (amount === 0) continue;
      transferId += 1n;
      commands.push(script.command('deposit', {}, { accountId, asset, amount, transferId }));
    }
  }
  return commands;
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
  const { name, accountId, numbering, microseconds, fields } = intent;
  let clientSequence = 0;
  if (numbering !== null) {
    const last = lastNumbers.get(numbering.sessionId) ?? 0;
    clientSequence = last + numbering.step;
    // A wild step is sent once, but the session goes on from where it was.
    if (Math.abs(numbering.step) <= 1000)
      lastNumbers.set(numbering.sessionId, Math.max(last, clientSequence));
  }
  const context = { accountId, sessionId: numbering?.sessionId ?? 0, microseconds };
  if (name === 'unknown') return script.unknown(fields['templateId'] as number, context, clientSequence);
  return script.command(name, context, { ...fields, clientSequence });
}
