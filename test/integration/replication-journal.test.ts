import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RECORD_WORDS } from '../../journal/frame.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { JournalWriter } from '../../journal/journal-writer.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { Prng } from '../../src/base/prng.js';
import { Counter } from '../../src/runtime/counters.js';
import { Template } from '../../src/wire/schema.js';
import { packTemplate } from '../../src/wire/slot.js';
import { MemoryJournal, makeRecords } from '../support/replication/memory-journal.js';
import { CLUSTER_ID, sameRecords, TestPrimary, TestStandby, until } from '../support/replication/nodes.js';

/** Records that a journal takes: a known template in the header, random bytes behind it. */
function makeCommands(prng: Prng, first: number, count: number): Int32Array {
  const records = makeRecords(prng, first, count);
  for (let i = 0; i < count; i++) records[i * RECORD_WORDS] = packTemplate(Template.newOrder, 1, 0);
  return records;
}

let root: string;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ringfence-replication-'));
  cleanups.push(() => rmSync(root, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('replication from segment files', () => {
  it('catches up over several segments and goes on live while the writer appends, syncs and opens new ones', async () => {
    const directory = join(root, 'journal');
    mkdirSync(directory);
    const storage = openStorage(directory, 'positional');
    const writer = JournalWriter.open(storage, { clusterId: CLUSTER_ID, nodeId: 1 }, recover(storage), {
      segmentBytes: 64 * 1024,
    });
    cleanups.push(() => writer.close());
    const expected: Int32Array[] = [];
    const prng = new Prng(5);
    const append = (count: number) => {
      const records = makeCommands(prng, expected.length + 1, count);
      writer.appendRecords(records, 0, count);
      for (let i = 0; i < count; i++) expected.push(records.slice(i * RECORD_WORDS, (i + 1) * RECORD_WORDS));
    };
    for (let i = 0; i < 60; i++) append(1 + prng.below(40));

    const source = new JournalTail(openStorage(directory, 'positional'));
    cleanups.push(() => source.close());
    const primary = new TestPrimary(new MemoryJournal(1), { source });
    primary.counters.set(Counter.journalWritten, writer.writtenSequence);
    await primary.start();
    cleanups.push(() => primary.replicator.close());
    const standby = await new TestStandby(primary.replicator.port, root).start();
    cleanups.push(() => standby.stop());
    for (let i = 0; i < 100; i++) {
      append(1 + prng.below(20));
      primary.counters.set(Counter.journalWritten, writer.writtenSequence);
      if (i % 10 === 0) writer.mark();
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => primary.durable === expected.length, 'the standby has everything');
    expect(sameRecords(expected, standby.records)).toBe(true);
    expect(standby.receiver.position.chain).toBe(writer.chain);
    expect(readdirSync(directory).filter((name) => name.endsWith('.wal')).length).toBeGreaterThan(4);

    // A standby that comes back in the middle of a frame, in an early segment.
    const half = Math.floor(expected.length / 2);
    await standby.stop();
    const position = { sequence: half, chain: source.chainAt(half)!, epoch: writer.epoch };
    const again = await new TestStandby(primary.replicator.port, root, position).start();
    cleanups.push(() => again.stop());
    await until(() => again.records.length === expected.length - half, 'the second half is there');
    expect(sameRecords(expected.slice(half), again.records)).toBe(true);
  });
});
