// Identity and records of journal-records.ts, and a way to speak, for processes that need nothing but the build.

import { writeSync } from 'node:fs';

export const IDENTITY = { clusterId: 42n, nodeId: 1 };
/** Of a core that is made quickly. */
export const SMALL_CORE = { maxOrders: 1024, maxAccounts: 64, maxHoldings: 64, maxTransfers: 64 };
const RECORD_WORDS = 32;

/** The same as `makeRecords` there: tests compare what is read with those. */
export function makeRecords(firstSequence, count) {
  const words = new Int32Array(count * RECORD_WORDS);
  for (let i = 0; i < count; i++) {
    const sequence = firstSequence + i;
    const at = i * RECORD_WORDS;
    const timestampUs = 1_700_000_000_000_000 + sequence;
    words[at] = 7 | (1 << 16);
    words[at + 2] = sequence;
    words[at + 4] = timestampUs | 0;
    words[at + 5] = Math.floor(timestampUs / 4294967296);
    for (let word = 8; word < RECORD_WORDS; word++) words[at + word] = Math.imul(sequence, 0x9e3779b1) + word;
  }
  return words;
}

/** Writes a line to standard output before it returns, also while whoever reads it is behind. */
export function say(line) {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
