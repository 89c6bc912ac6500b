/** The events of one command as objects, as `exec` prints them. */
import { SLOT_WORDS } from '../../wire/slot.js';
import { EventText } from '../exec/event-text.js';
import type { Listings } from '../exec/listings.js';
import { commandContextOf, NOTHING_NAMED } from './command-context.js';

/** `events` and `command` (one slot, or empty for none) stand one after the other from word 0 on. */
export function eventObjects(events: Int32Array, command: Int32Array, listings: Listings): object[] {
  const context = command.length === 0 ? NOTHING_NAMED : commandContextOf(command, 0, listings);
  return new EventText(listings, false)
    .linesOf(events, events.length / SLOT_WORDS, context)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);
}
