/** What `book` runs. */
import type { Writable } from 'node:stream';
import { asOf } from '../../replay/as-of.js';
import { nearestName } from '../base/nearest-name.js';
import { queryInstruments } from '../core/queries.js';
import { checkedInteger } from './checked-flags.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { listingsOf } from './exec/listings.js';
import { ALL_LEVELS, bookObject } from './exec/view-objects.js';
import { CliError } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { type MomentFlags, momentOf } from './moment-flags.js';
import { ProgressLine } from './progress-line.js';
import { textTable } from './text-table.js';

export interface BookFlags extends MomentFlags {
  readonly dataDir?: string;
  readonly depth?: string;
  readonly json?: boolean;
}

/** Prints the book as of the moment. Throws coded errors for what is not there. */
export function bookFromFlags(symbol: string, flags: BookFlags, output: Writable): void {
  const moment = momentOf(flags);
  const depth =
    flags.depth === undefined ? ALL_LEVELS : checkedInteger('--depth', flags.depth, 1, ALL_LEVELS);
  const dataDir = dataDirOf(flags);
  const progress = new ProgressLine('book', 'commands');
  const { core, sequence, timestampUs } = asOf({
    moment,
    directory: journalOf(dataDir),
    core: coreOf(dataDir),
    onProgress: (done, total) => progress.show(done, total),
  });
  progress.clear();
  const instrument = listingsOf(core).instrument(symbol);
  if (instrument === undefined) {
    const nearest = nearestName(
      symbol,
      queryInstruments(core).map((listed) => listed.symbol),
    );
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    throw new CliError(
      `there is no instrument ${symbol} as of command ${sequence} (UNKNOWN_INSTRUMENT)${hint}`,
    );
  }
  const { bids, asks } = bookObject(core, instrument, depth);
  const time = isoTime(timestampUs);
  if (flags.json) {
    output.write(`${JSON.stringify({ type: 'book', symbol, bids, asks, sequence, time })}\n`);
    return;
  }
  const rows = Array.from({ length: Math.max(bids.length, asks.length) }, (_, i) => {
    const bid = bids[i];
    const ask = asks[i];
    return [
      bid === undefined ? '' : String(bid.orders),
      bid?.quantity ?? '',
      bid?.price ?? '',
      ask?.price ?? '',
      ask?.quantity ?? '',
      ask === undefined ? '' : String(ask.orders),
    ];
  });
  output.write(
    `${symbol} after command ${sequence} of ${time}\n` +
      textTable(['>orders', '>bid quantity', '>bid', '>ask', '>ask quantity', '>orders'], rows),
  );
}
