/**
 * Commands that the node itself gives, as slots of which template and body are set; the sequencer adds sequence and
 * time.
 */
import { Permission } from '../core/codes.js';
import { SLOT_WORDS } from '../wire/slot.js';
import { encodeSlot } from '../wire/slot-codec.js';

const NO_HEADER = { accountId: 0, sequence: 0, timestampUs: 0 };

/** The first command of a primary: opens its epoch. @param actor who promoted the node; empty = it began the journal */
export function epochStartedSlot(
  clusterId: bigint,
  epoch: number,
  nodeId: number,
  actor: string,
): Uint8Array {
  const words = new Int32Array(SLOT_WORDS);
  encodeSlot('epochStarted', NO_HEADER, { clusterId, epoch, nodeId, actor }, words, 0);
  return new Uint8Array(words.buffer);
}

/** What a primary says that goes on in the epoch that its journal ends in: only what time it is. */
export function timeAdvancedSlot(): Uint8Array {
  const words = new Int32Array(SLOT_WORDS);
  encodeSlot('timeAdvanced', NO_HEADER, {}, words, 0);
  return new Uint8Array(words.buffer);
}

/** The second command of a new journal: the key with which everything else is administered. */
export function adminKeySlot(publicKey: Uint8Array): Uint8Array {
  const words = new Int32Array(SLOT_WORDS);
  const fields = { accountId: 0, permissions: Permission.admin, publicKey };
  encodeSlot('registerApiKey', NO_HEADER, fields, words, 0);
  return new Uint8Array(words.buffer);
}
