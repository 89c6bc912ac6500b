/** The audit at the end of the demo: what the journals say, against what the clients were told. */
import { join } from 'node:path';
import { JournalReader } from '../../../journal/journal-reader.js';
import { openStorage } from '../../../journal/open-storage.js';
import { recover } from '../../../journal/recover.js';
import { readInt64 } from '../../base/int64.js';
import { RejectCode } from '../../core/codes.js';
import { Core } from '../../core/core.js';
import { BusinessLogicProcessor } from '../../engine/business-logic-processor.js';
import { EventBuffer } from '../../engine/event-buffer.js';
import { offsetOf, Template } from '../../wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../../wire/slot.js';
import type { AnsweredCommand } from './demo-traffic.js';

const CLIENT_SEQUENCE = HeaderWord.body + (offsetOf('newOrder', 'clientSequence') >> 2);
const REJECT_CODE = HeaderWord.body + (offsetOf('rejected', 'code') >> 2);
const BATCH = 4096;

/** What a replay of one journal came to. */
export interface JournalAudit {
  readonly lastSequence: number;
  readonly stateHash: string;
  /** Executions of each numbered command, by `sessionId/clientSequence`. */
  readonly executions: ReadonlyMap<string, number>;
}

/** Replays the journal of a data directory, up to `toSequence` when given, and counts what each command did. */
export function auditJournal(dataDir: string, maxOrders: number, toSequence?: number): JournalAudit {
  const storage = openStorage(join(dataDir, 'journal'), 'positional');
  const lastSequence = Math.min(toSequence ?? Number.MAX_SAFE_INTEGER, recover(storage).lastSequence);
  const reader = new JournalReader(storage, { toSequence: lastSequence });
  const events = new EventBuffer();
  const logic = new BusinessLogicProcessor(new Core({ maxOrders }), events);
  const executions = new Map<string, number>();
  const words = new Int32Array(BATCH * SLOT_WORDS);
  for (;;) {
    const count = reader.readRecords(words, 0, BATCH);
    if (count === 0) break;
    for (let i = 0; i < count; i++) {
      const at = i * SLOT_WORDS;
      events.clear();
      logic.onCommand(words, at);
      const sessionId = words[at + HeaderWord.sessionId]!;
      if (sessionId === 0 || isDuplicateReject(events)) continue;
      const key = `${sessionId}/${readInt64(words, at + CLIENT_SEQUENCE)}`;
      executions.set(key, (executions.get(key) ?? 0) + 1);
    }
  }
  reader.close();
  return { lastSequence, stateHash: logic.stateHash(), executions };
}

/** How many acknowledged commands the journal does not have, and how many commands it has executed twice. */
export function compareWithAcknowledged(
  audit: JournalAudit,
  acknowledged: readonly AnsweredCommand[],
): { lost: number; doubled: number } {
  let lost = 0;
  for (const { sessionId, clientSequence } of acknowledged) {
    if (!audit.executions.has(`${sessionId}/${clientSequence}`)) lost++;
  }
  let doubled = 0;
  for (const count of audit.executions.values()) if (count > 1) doubled++;
  return { lost, doubled };
}

function isDuplicateReject(events: EventBuffer): boolean {
  if (events.count === 0 || templateOf(events.words[0]!) !== Template.rejected) return false;
  return (events.words[REJECT_CODE]! & 0xffff) === RejectCode.DUPLICATE_COMMAND;
}
