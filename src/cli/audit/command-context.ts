/** What a journaled command named, for the text of its rejection. */

import { decodeSlot } from '../../wire/slot-codec.js';
import { WireError } from '../../wire/wire-error.js';
import type { CommandContext } from '../exec/event-text.js';
import type { Listings } from '../exec/listings.js';

export const NOTHING_NAMED: CommandContext = { account: -1, symbol: '', asset: '', transferId: '' };

/** The context of the command at word `at`; nothing for one that no decoder understands. */
export function commandContextOf(words: Int32Array, at: number, listings: Listings): CommandContext {
  try {
    const command = decodeSlot(words, at);
    switch (command.name) {
      case 'newOrder':
      case 'cancelOrder':
      case 'replaceOrder': {
        const { instrumentId } = command.fields;
        const symbol = listings.instrumentOfId(instrumentId)?.symbol ?? '';
        return { ...NOTHING_NAMED, account: command.accountId, symbol };
      }
      case 'deposit':
      case 'withdraw': {
        const { accountId, asset, transferId } = command.fields;
        return { ...NOTHING_NAMED, account: accountId, asset, transferId: transferId.toString() };
      }
      case 'openAccount':
        return { ...NOTHING_NAMED, account: command.fields.accountId };
      case 'registerApiKey': {
        // The keys of administrators have no account.
        const { accountId } = command.fields;
        return { ...NOTHING_NAMED, account: accountId === 0 ? -1 : accountId };
      }
      case 'listInstrument':
        return { ...NOTHING_NAMED, symbol: command.fields.symbol };
      case 'massCancel':
      case 'requestSnapshot':
        return { ...NOTHING_NAMED, account: command.accountId };
      default:
        return NOTHING_NAMED;
    }
  } catch (error) {
    if (error instanceof WireError) return NOTHING_NAMED;
    throw error;
  }
}
