/**
 * Record version 0, of journals from before the first release: narrower fields in another order, limit orders only. Every
 * command but these two was laid out as in version 1.
 *
 * ```
 *  newOrder   0 clientSequence u32   4 clientOrderId u32   8 priceTicks i32   12 quantityLots i32
 *            16 instrumentId u16    18 timeInForce u8     19 side u8
 *  deposit    0 accountId u32        4 asset 12 chars     16 amount u32       20 transferId u32   24 clientSequence u32
 * ```
 * The slot header, which tools read in every version, was the same.
 */
import { writeInt64 } from '../base/int64.js';
import { OrderType } from '../core/codes.js';
import { offsetOf, Template } from './schema.js';
import { HeaderWord, packTemplate, SLOT_WORDS, templateOf } from './slot.js';

const BODY = HeaderWord.body;
const CLIENT_SEQUENCE = BODY;
const wordOf = (message: string, field: string) => BODY + offsetOf(message, field) / 4;

const NewOrder = {
  clientOrderId: wordOf('newOrder', 'clientOrderId'),
  instrumentId: wordOf('newOrder', 'instrumentId'),
  priceTicks: wordOf('newOrder', 'priceTicks'),
  quantityLots: wordOf('newOrder', 'quantityLots'),
  /** side, orderType << 8, timeInForce << 16 */
  terms: wordOf('newOrder', 'side'),
} as const;
const Deposit = {
  transferId: wordOf('deposit', 'transferId'),
  amount: wordOf('deposit', 'amount'),
  accountId: wordOf('deposit', 'accountId'),
  asset: wordOf('deposit', 'asset'),
} as const;

/** The record of version 0 at word `at` of `words` becomes one of version 1, in the same slot. */
export function upcastRecordV0(words: Int32Array, at: number): void {
  const templateId = templateOf(words[at]!);
  words[at] = packTemplate(templateId, 1, 0);
  const old = words.slice(at + BODY, at + SLOT_WORDS);
  if (templateId === Template.newOrder) {
    words.fill(0, at + BODY, at + SLOT_WORDS);
    writeInt64(words, at + CLIENT_SEQUENCE, old[0]! >>> 0);
    words[at + NewOrder.clientOrderId] = old[1]!;
    words[at + NewOrder.instrumentId] = old[4]! & 0xffff;
    words[at + NewOrder.priceTicks] = old[2]!;
    words[at + NewOrder.quantityLots] = old[3]!;
    const timeInForce = (old[4]! >>> 16) & 0xff;
    words[at + NewOrder.terms] = (old[4]! >>> 24) | (OrderType.limit << 8) | (timeInForce << 16);
  } else if (templateId === Template.deposit) {
    words.fill(0, at + BODY, at + SLOT_WORDS);
    writeInt64(words, at + CLIENT_SEQUENCE, old[6]! >>> 0);
    words[at + Deposit.transferId] = old[5]!;
    writeInt64(words, at + Deposit.amount, old[4]! >>> 0);
    words[at + Deposit.accountId] = old[0]!;
    for (let i = 0; i < 3; i++) words[at + Deposit.asset + i] = old[1 + i]!;
  }
}
