/**
 * A stream of slots in which every word tells which sequence it belongs to, and the checker that tells what is wrong
 * with a stream: torn, lost, doubled or reordered slots, or slots seen before an upstream consumer had its turn.
 */
const SLOT_WORDS = 32;
/** The word that an upstream consumer stamps, for the one downstream to look for. */
const STAMP_WORD = 31;
const SALT_STAMP = 0x5bd1e995;

/** A word that differs between neighbouring sequences and between the words of a slot. */
function wordOf(low, high, index) {
  let x = low ^ Math.imul(high + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return x ^ (x >>> 12);
}

/** Fills the slot at `word` for `sequence`. */
export function writeSlot(words, word, sequence) {
  const low = sequence | 0;
  const high = Math.floor(sequence / 4294967296);
  words[word] = low;
  words[word + 1] = high;
  for (let i = 2; i < SLOT_WORDS; i++) words[word + i] = wordOf(low, high, i);
}

/** Marks the slot as seen by an upstream consumer. */
export function stampSlot(words, word) {
  words[word + STAMP_WORD] = words[word] ^ SALT_STAMP;
}

/** Checks slots in the order in which a consumer sees them. */
export class SlotStreamChecker {
  constructor(firstSequence, stamped) {
    this.nextSequence = firstSequence;
    this.stamped = stamped;
    this.faults = { torn: 0, lost: 0, doubled: 0, unstamped: 0 };
    this.firstFault = '';
  }

  /** Checks the slot at `word`. A slot from the past is doubled or reordered, one from the future means a loss. */
  check(words, word) {
    const low = words[word];
    const high = words[word + 1];
    const sequence = high * 4294967296 + (low >>> 0);
    for (let i = 2; i < STAMP_WORD; i++) {
      if (words[word + i] !== wordOf(low, high, i)) {
        this.fault('torn', `word ${i} of slot ${sequence} belongs to another`);
        break;
      }
    }
    const last = this.stamped ? low ^ SALT_STAMP : wordOf(low, high, STAMP_WORD);
    if (words[word + STAMP_WORD] !== last) {
      this.fault(this.stamped ? 'unstamped' : 'torn', `last word of slot ${sequence}`);
    }
    if (sequence < this.nextSequence)
      this.fault('doubled', `slot ${sequence} instead of ${this.nextSequence}`);
    else if (sequence > this.nextSequence)
      this.fault('lost', `slot ${sequence} instead of ${this.nextSequence}`);
    this.nextSequence++;
  }

  fault(kind, text) {
    this.faults[kind]++;
    if (this.firstFault === '') this.firstFault = text;
  }
}
