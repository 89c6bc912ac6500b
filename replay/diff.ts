/** What differs between two runs over nearly the same commands: events on the way, balances and open orders at the end. */
import type { Core } from '../src/core/core.js';
import { type BalanceView, type OrderView, queryAccount } from '../src/core/queries.js';
import type { EventBuffer } from '../src/engine/event-buffer.js';
import { messages, Template } from '../src/wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../src/wire/slot.js';

export interface BalanceDifference {
  readonly asset: string;
  readonly decimals: number;
  /** Undefined: nothing of the asset. */
  readonly original: BalanceView | undefined;
  readonly corrected: BalanceView | undefined;
}

export interface OrderDifference {
  /** Undefined: no open order of that client order id. */
  readonly original: OrderView | undefined;
  readonly corrected: OrderView | undefined;
}

export interface AccountDifference {
  readonly accountId: number;
  /** By asset code. */
  readonly balances: readonly BalanceDifference[];
  /** The orders of the original first. */
  readonly orders: readonly OrderDifference[];
}

/** Numbers that only count: they shift when something before them goes away, and say nothing by that. */
const RUNNING_NUMBERS = new Set(['reportSequence', 'orderId', 'tradeId', 'bookSequence']);

/** For each event template, which words of its slot are compared. */
const COMPARED_WORDS = new Map<number, readonly boolean[]>(
  messages
    .filter((message) => message.kind === 'event')
    .map((message) => {
      const compared = new Array<boolean>(SLOT_WORDS).fill(true);
      compared[HeaderWord.sequence] = false;
      compared[HeaderWord.sequence + 1] = false;
      for (const { name, offset } of message.fields) {
        if (!RUNNING_NUMBERS.has(name)) continue;
        const word = HeaderWord.body + offset / 4;
        compared[word] = false;
        compared[word + 1] = false;
      }
      return [message.templateId, compared];
    }),
);

/**
 * True when two runs answered a command alike. Running numbers are not compared, and neither are the levels of books:
 * what differs there differs because of orders, and shows in them.
 */
export function sameEvents(original: EventBuffer, corrected: EventBuffer): boolean {
  let left = 0;
  let right = 0;
  for (;;) {
    left = nextCompared(original, left);
    right = nextCompared(corrected, right);
    if (left >= original.count || right >= corrected.count) break;
    if (!sameEvent(original.words, left * SLOT_WORDS, corrected.words, right * SLOT_WORDS)) return false;
    left++;
    right++;
  }
  return left >= original.count && right >= corrected.count;
}

function nextCompared(events: EventBuffer, from: number): number {
  let at = from;
  while (at < events.count && templateOf(events.words[at * SLOT_WORDS]!) === Template.bookDelta) at++;
  return at;
}

function sameEvent(left: Int32Array, leftAt: number, right: Int32Array, rightAt: number): boolean {
  const compared = COMPARED_WORDS.get(templateOf(left[leftAt]!))!;
  for (let word = 0; word < SLOT_WORDS; word++) {
    if (compared[word] && left[leftAt + word] !== right[rightAt + word]) return false;
  }
  return true;
}

/** Balances and open orders of `accountIds` that differ; accounts without a difference are left out. */
export function diffAccounts(
  original: Core,
  corrected: Core,
  accountIds: Iterable<number>,
): AccountDifference[] {
  const differences: AccountDifference[] = [];
  for (const accountId of accountIds) {
    const left = queryAccount(original, accountId);
    const right = queryAccount(corrected, accountId);
    const balances = diffBalances(left?.balances ?? [], right?.balances ?? []);
    const orders = diffOrders(left?.orders ?? [], right?.orders ?? []);
    if (balances.length + orders.length > 0) differences.push({ accountId, balances, orders });
  }
  return differences;
}

function diffBalances(left: readonly BalanceView[], right: readonly BalanceView[]): BalanceDifference[] {
  const found: BalanceDifference[] = [];
  for (const [asset, [original, corrected]] of paired(left, right, (balance) => balance.asset)) {
    if (original?.available === corrected?.available && original?.reserved === corrected?.reserved) continue;
    found.push({ asset, decimals: (original ?? corrected)!.decimals, original, corrected });
  }
  return found.sort((one, other) => (one.asset < other.asset ? -1 : 1));
}

function diffOrders(left: readonly OrderView[], right: readonly OrderView[]): OrderDifference[] {
  const idOf = (order: OrderView) => `${order.clientOrderIdHigh}:${order.clientOrderIdLow}`;
  const termsOf = (order: OrderView | undefined) =>
    order === undefined
      ? ''
      : `${order.instrumentId} ${order.side} ${order.priceTicks} ${order.quantityLots} ${order.leavesLots} ${order.cumulativeLots}`;
  const found: OrderDifference[] = [];
  for (const [original, corrected] of paired(left, right, idOf).values()) {
    if (termsOf(original) !== termsOf(corrected)) found.push({ original, corrected });
  }
  return found;
}

/** The two of a key, those of the left first. */
function paired<T>(
  left: readonly T[],
  right: readonly T[],
  keyOf: (one: T) => string,
): Map<string, [T | undefined, T | undefined]> {
  const pairs = new Map<string, [T | undefined, T | undefined]>();
  for (const one of left) pairs.set(keyOf(one), [one, undefined]);
  for (const one of right) {
    const pair = pairs.get(keyOf(one));
    if (pair === undefined) pairs.set(keyOf(one), [undefined, one]);
    else pair[1] = one;
  }
  return pairs;
}
