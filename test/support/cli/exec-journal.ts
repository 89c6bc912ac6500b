/** Data directories whose journal holds the commands of `exec` lines: line n is command n. */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { JournalDirectory } from '../../../journal/journal-directory.js';
import { openStorage } from '../../../journal/open-storage.js';
import { CommandSlot } from '../../../src/cli/exec/command-slot.js';
import type { LineObject } from '../../../src/cli/exec/line-fields.js';
import { listingsOf } from '../../../src/cli/exec/listings.js';
import { flowLine, flowSymbol, setupLines } from '../../../src/cli/import/flow-lines.js';
import { LoadFlow } from '../../../src/cli/load-flow.js';
import { Core } from '../../../src/core/core.js';
import { BusinessLogicProcessor } from '../../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../../src/wire/slot.js';
import { IDENTITY, openWriter } from '../journal-records.js';
import { temporaryDirectory } from '../journal-storages.js';

/** Time of the first line of `flowLines`: 2026-09-21T13:00:00Z. */
export const FLOW_START_US = 1_789_995_600_000_000;

/** The slots of lines that each make a command. */
export function slotsOf(lines: readonly LineObject[]): Int32Array {
  const words = new Int32Array(lines.length * SLOT_WORDS);
  const core = new Core({ maxOrders: 10_000 });
  const events = new EventBuffer();
  const logic = new BusinessLogicProcessor(core, events);
  let timestampUs = 0;
  for (const [i, line] of lines.entries()) {
    const slot = new CommandSlot(listingsOf(core));
    timestampUs = (line['timestampUs'] as number | undefined) ?? timestampUs;
    if (!slot.encode(line['type'] as string, line, i + 1, timestampUs))
      throw new Error(`no command: ${line['type']}`);
    words.set(slot.words, i * SLOT_WORDS);
    events.clear();
    logic.onCommand(slot.words, 0);
  }
  return words;
}

/** A new data directory with a journal of these slots; `removeTemporaryDirectories` removes it. */
export function dataDirWith(words: Int32Array): string {
  const dataDir = temporaryDirectory();
  const directory = join(dataDir, 'journal');
  const lock = JournalDirectory.open(directory, IDENTITY);
  const writer = openWriter(openStorage(directory, 'positional'));
  const count = words.length / SLOT_WORDS;
  for (let i = 0; i < count; i += 100) {
    writer.appendRecords(words, i * SLOT_WORDS, Math.min(100, count - i));
    writer.sync();
  }
  writer.close();
  lock.close();
  return dataDir;
}

/** Set-up and `count` orders, replaces and cancels of 4 accounts, with transfers and rejections among them. */
export function flowLines(count: number, seed: number): LineObject[] {
  const accounts = 4;
  const lines: LineObject[] = setupLines('AAPL', accounts)
    .trim()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), timestampUs: FLOW_START_US }));
  const flow = new LoadFlow({ seed, accounts });
  for (let i = 0; i < count; i++) {
    const command = flow.next();
    const line = JSON.parse(flowLine(command, flowSymbol('AAPL'))) as LineObject;
    const timestampUs = FLOW_START_US + command.timestampUs;
    lines.push({ ...line, timestampUs });
    if (i % 17 === 0) {
      const transfer = { account: 1 + (i % accounts), asset: 'USD', transferId: `${1000 + i}`, timestampUs };
      lines.push({ ...transfer, type: i % 2 === 0 ? 'withdraw' : 'deposit', amount: `${i}.25` });
    }
    if (i % 23 === 0)
      lines.push({ ...line, type: 'cancelOrder', clientOrderId: '1', timestampUs, ...NO_TERMS });
    if (i % 5 === 0) {
      const side = i % 2 === 0 ? 'buy' : 'sell';
      const market = { type: 'newOrder', orderType: 'market', clientOrderId: `${9_000_000 + i}`, side };
      lines.push({ ...market, account: 1 + (i % 3), symbol: 'AAPL-USD', quantity: '70', timestampUs });
    }
    if (i % 41 === 0) lines.push({ type: 'requestSnapshot', account: 1 + (i % accounts), timestampUs });
  }
  return lines.map((line) => JSON.parse(JSON.stringify(line)) as LineObject);
}

/** Takes the fields away that only orders have. */
const NO_TERMS = Object.fromEntries(
  ['side', 'orderType', 'timeInForce', 'price', 'quantity', 'newClientOrderId', 'reinsert'].map((name) => [
    name,
    undefined,
  ]),
);

/** What a command wrote to its output. */
export class CollectedOutput extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** The JSON lines, parsed. */
  records(): Record<string, unknown>[] {
    return this.text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
