/** The canonical report text of the public workload, from event slots, and its SHA-256. */
import { createHash } from 'node:crypto';
import { readInt64 } from '../src/base/int64.js';
import { Liquidity } from '../src/core/codes.js';
import { wordOf } from '../src/engine/layout.js';
import { Template } from '../src/wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../src/wire/slot.js';

const Accepted = {
  clientOrderId: wordOf('accepted', 'clientOrderId'),
  priceTicks: wordOf('accepted', 'priceTicks'),
  quantityLots: wordOf('accepted', 'quantityLots'),
  side: wordOf('accepted', 'side'),
} as const;
const Trade = {
  clientOrderId: wordOf('trade', 'clientOrderId'),
  priceTicks: wordOf('trade', 'priceTicks'),
  quantityLots: wordOf('trade', 'quantityLots'),
  /** side | liquidity << 8 */
  side: wordOf('trade', 'side'),
} as const;
const Cancelled = {
  clientOrderId: wordOf('cancelled', 'clientOrderId'),
  priceTicks: wordOf('cancelled', 'priceTicks'),
  side: wordOf('cancelled', 'side'),
} as const;
const Replaced = {
  clientOrderId: wordOf('replaced', 'clientOrderId'),
  priceTicks: wordOf('replaced', 'priceTicks'),
  quantityLots: wordOf('replaced', 'quantityLots'),
  side: wordOf('replaced', 'side'),
} as const;
const Rejected = {
  clientOrderId: wordOf('rejected', 'clientOrderId'),
  /** code | refTemplateId << 16 */
  code: wordOf('rejected', 'code'),
} as const;

/**
 * SHA-256 of the report of `count` event slots: one line an event, stable-sorted by (record, type), joined by line
 * feeds. Record n is command firstSequence + n; events of earlier commands, maker sides and public events make no
 * line. The events come in the order of commands, and within a command almost in the order of types.
 */
export function reportSha256(words: Int32Array, count: number, firstSequence: number): string {
  const hash = createHash('sha256');
  let isFirst = true;
  let record = -1;
  let lines: { type: number; text: string }[] = [];
  let makerId = 0;
  const flush = () => {
    lines.sort((a, b) => a.type - b.type);
    for (const line of lines) {
      hash.update(isFirst ? line.text : `\n${line.text}`);
      isFirst = false;
    }
    lines = [];
  };
  for (let i = 0; i < count; i += 1) {
    const at = i * SLOT_WORDS;
    const n = readInt64(words, at + HeaderWord.sequence) - firstSequence;
    if (n < 0) continue;
    if (n !== record) flush();
    record = n;
    switch (templateOf(words[at])) {
      case Template.accepted: {
        const id = readInt64(words, at + Accepted.clientOrderId);
        const price = words[at + Accepted.priceTicks];
        lines.push({
          type: 0,
          text: `0,${n},${sideAt(words, at + Accepted.side)},${id},${price},${words[at + Accepted.quantityLots]}`,
        });
        break;
      }
      case Template.trade: {
        const id = readInt64(words, at + Trade.clientOrderId);
        if (((words[at + Trade.side] >> 8) & 0xff) === Liquidity.maker) {
          makerId = id;
          break;
        }
        const price = words[at + Trade.priceTicks];
        lines.push({ type: 1, text: `1,${n},${price},${words[at + Trade.quantityLots]},${makerId},${id}` });
        break;
      }
      case Template.cancelled: {
        const id = readInt64(words, at + Cancelled.clientOrderId);
        lines.push({
          type: 2,
          text: `2,${n},${sideAt(words, at + Cancelled.side)},${id},${words[at + Cancelled.priceTicks]}`,
        });
        break;
      }
      case Template.replaced: {
        const id = readInt64(words, at + Replaced.clientOrderId);
        const price = words[at + Replaced.priceTicks];
        lines.push({
          type: 3,
          text: `3,${n},${sideAt(words, at + Replaced.side)},${id},${price},${words[at + Replaced.quantityLots]}`,
        });
        break;
      }
      case Template.rejected: {
        const id = readInt64(words, at + Rejected.clientOrderId);
        const type = words[at + Rejected.code] >>> 16 === Template.cancelOrder ? 4 : 5;
        lines.push({ type, text: `${type},${n},${id}` });
        break;
      }
    }
  }
  flush();
  return hash.digest('hex');
}

/** 0 for a buy, 1 for a sell: the side is the low byte of its word in every event. */
function sideAt(words: Int32Array, word: number): number {
  return (words[word] & 0xff) - 1;
}
