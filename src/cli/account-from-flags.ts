/** What `account` runs. */
import type { Writable } from 'node:stream';
import { type AccountAsOf, accountAsOf } from '../../replay/account-as-of.js';
import { type AsOfOptions, replayAsOf } from '../../replay/as-of.js';
import { queryAccount } from '../core/queries.js';
import { EventRecords } from './audit/event-records.js';
import { recordText } from './audit/record-text.js';
import { checkedInteger } from './checked-flags.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { listingsFrom } from './exec/listings.js';
import {
  type BalanceObject,
  balanceObject,
  type OrderObject,
  orderObject,
  type PositionObject,
  positionObject,
} from './exec/view-objects.js';
import { CliError } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { type MomentFlags, momentOf } from './moment-flags.js';
import { ProgressLine } from './progress-line.js';
import { textTable } from './text-table.js';
import { writeText } from './write-text.js';

export interface AccountFlags extends MomentFlags {
  readonly dataDir?: string;
  readonly history?: boolean;
  readonly json?: boolean;
}

const MAX_ACCOUNT = 0x7fffffff;
const PIECE_CHARS = 65_536;

/** Prints the account as of the moment, or its history up to then. Throws coded errors for what is not there. */
export async function accountFromFlags(id: string, flags: AccountFlags, output: Writable): Promise<void> {
  const account = checkedInteger('<id>', id, 1, MAX_ACCOUNT);
  const dataDir = dataDirOf(flags);
  const progress = new ProgressLine('account', 'commands');
  const options: AsOfOptions = {
    moment: momentOf(flags),
    directory: journalOf(dataDir),
    core: coreOf(dataDir),
    onProgress: (sequence, lastSequence) => progress.show(sequence, lastSequence),
  };
  if (flags.history) await writeHistory(account, options, flags.json === true, output);
  else output.write(stateText(account, options, flags.json === true));
  progress.clear();
}

function stateText(account: number, options: AsOfOptions, isJson: boolean): string {
  const found = accountAsOf(account, options);
  const { view, sequence, timestampUs } = found;
  if (view === undefined) throw unknownAccount(account, sequence);
  const listings = listingsFrom(found.listings.instruments);
  const balances = view.balances.map(balanceObject);
  const positions = view.positions.map((position) => positionObject(position, listings));
  const orders = view.orders.map((order) => orderObject(order, listings));
  const time = isoTime(timestampUs);
  if (isJson) {
    const { snapshotSequence, source, reason } = found;
    const [loadMs, answerMs] = [found.loadMs, found.answerMs].map(rounded);
    const answer = { source, snapshotSequence, loadMs, answerMs, ...(reason === '' ? {} : { reason }) };
    return `${JSON.stringify({ type: 'account', account, balances, positions, orders, sequence, time, answer })}\n`;
  }
  return (
    `account ${account} after command ${sequence} of ${time}\n` +
    (balances.length === 0 ? 'no balances\n' : balanceTable(balances)) +
    (positions.length === 0 ? 'no positions\n' : positionTable(positions)) +
    (orders.length === 0 ? 'no open orders\n' : orderTable(orders)) +
    answerLine(found)
  );
}

/** How the answer was found, and what that took. */
function answerLine({ answerMs, loadMs, reason, snapshotSequence, source }: AccountAsOf): string {
  const begin =
    snapshotSequence === 0
      ? `from the first command on (journal looked at in ${rounded(loadMs)} ms)`
      : `from the snapshot of command ${snapshotSequence} on (loaded in ${rounded(loadMs)} ms)`;
  const how = source === 'index' ? 'by the index of accounts' : `by replay: ${reason}`;
  return `${begin}, in ${rounded(answerMs)} ms ${how}\n`;
}

/** Milliseconds with a tenth. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function balanceTable(balances: readonly BalanceObject[]): string {
  return textTable(
    ['asset', '>available', '>reserved'],
    balances.map(({ asset, available, reserved }) => [asset, available, reserved]),
  );
}

function positionTable(positions: readonly PositionObject[]): string {
  return textTable(
    ['symbol', '>position', '>cost', '>realised profit', '>initial margin'],
    positions.map((position) => [
      position.symbol,
      position.quantity,
      position.cost,
      position.realisedProfit,
      position.initialMargin ?? '0',
    ]),
  );
}

function orderTable(orders: readonly OrderObject[]): string {
  return textTable(
    ['symbol', 'side', '>price', '>leaves', '>cumulative', '>quantity', '>client order', '>order'],
    orders.map((order) => [
      order.symbol,
      order.side,
      order.price,
      order.leaves,
      order.cumulative,
      order.quantity,
      order.clientOrderId,
      String(order.orderId),
    ]),
  );
}

/** The events come out while the replay goes on, so that a long history is never held. */
async function writeHistory(
  account: number,
  options: AsOfOptions,
  isJson: boolean,
  output: Writable,
): Promise<void> {
  const records = new EventRecords(options.core!, { account });
  let piece = '';
  const steps = replayAsOf({
    ...options,
    onCommand: (words, at, events) => {
      for (const line of records.linesOf(words, at, events)) piece += isJson ? line : recordText(line);
    },
  });
  for (;;) {
    const step = steps.next();
    if (piece.length >= PIECE_CHARS || (step.done === true && piece !== '')) {
      await writeText(output, piece);
      piece = '';
    }
    if (step.done !== true) continue;
    const { core, sequence } = step.value;
    if (queryAccount(core, account) === undefined && records.count === 0) {
      throw unknownAccount(account, sequence);
    }
    return;
  }
}

function unknownAccount(account: number, sequence: number): CliError {
  return new CliError(`there is no account ${account} as of command ${sequence} (UNKNOWN_ACCOUNT)`);
}
