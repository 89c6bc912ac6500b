/** Records on request over the replication link, in both directions, beside the stream. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Counter } from '../../src/runtime/counters.js';
import { MemoryJournal } from '../support/replication/memory-journal.js';
import { TestPrimary, TestStandby, until } from '../support/replication/nodes.js';

const COUNT = 400;
let dataDir: string;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringfence-records-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A journal with the same records as `journal` in other frames. */
function reframed(journal: MemoryJournal, size = 3): MemoryJournal {
  const other = new MemoryJournal(1, journal.epoch);
  for (let at = 0; at < journal.records.length; at += size) {
    const run = journal.records.slice(at, at + size);
    const words = new Int32Array(run.length * 32);
    for (const [i, record] of run.entries()) words.set(record, i * 32);
    other.appendRecords(words);
  }
  return other;
}

async function pair(openPrimary = true, openStandby = true) {
  const journal = new MemoryJournal(7, 1);
  journal.append(COUNT);
  const own = { primary: reframed(journal, 5), standby: reframed(journal, 3) };
  const primary = await new TestPrimary(
    journal,
    openPrimary ? { openSource: () => own.primary } : {},
  ).start();
  cleanups.push(() => primary.replicator.close());
  const standby = await new TestStandby(
    primary.replicator.port,
    dataDir,
    undefined,
    openStandby ? { openSource: () => own.standby } : {},
  ).start();
  cleanups.push(() => standby.stop());
  await until(() => standby.records.length === COUNT && primary.received === COUNT, 'caught up');
  standby.counters.set(Counter.journalWritten, COUNT);
  return { journal, primary, standby, own };
}

interface Fetcher {
  fetchRecords(wanted: object, done: (problem: string) => void): void;
}

/** Fetches [first, last] and gives the problem and what is in the file. */
async function fetched(from: unknown, journal: MemoryJournal, first: number, last: number, chain?: number) {
  const path = join(dataDir, `fetched-${first}`);
  const chainBefore = chain ?? journal.chains[first - 1]!;
  const wanted = { firstSequence: first, lastSequence: last, chainBefore, path };
  const problem = await new Promise<string>((done) => (from as Fetcher).fetchRecords(wanted, done));
  const expected = Buffer.concat(
    journal.records.slice(first - 1, last).map((record) => Buffer.from(record.buffer)),
  );
  return { problem, isEqual: readFileSync(path).equals(expected) };
}

describe('records on request', () => {
  it('come from the standby and from the primary, whatever their frames, while the stream goes on', async () => {
    const { journal, primary, standby } = await pair();
    for (const [first, last] of [
      [1, COUNT],
      [17, 17],
      [50, 299],
    ] as const) {
      expect(await fetched(primary.replicator, journal, first, last)).toEqual({ problem: '', isEqual: true });
      expect(await fetched(standby.receiver, journal, first, last)).toEqual({ problem: '', isEqual: true });
    }
    primary.append(20);
    await until(() => standby.records.length === COUNT + 20, 'the stream goes on');
  });

  it('that do not continue the chain are refused, and the link stays', async () => {
    const { journal, primary, standby, own } = await pair();
    const wrongStart = await fetched(primary.replicator, journal, 50, 60, 123);
    expect(wrongStart.problem).toContain("the peer's records do not fit");
    own.standby.frames[30]![20]! ^= 1;
    const spoilt = await fetched(primary.replicator, journal, 50, 200);
    expect(spoilt.problem).toContain("the peer's records do not fit");
    expect(await fetched(primary.replicator, journal, 1, 40)).toEqual({ problem: '', isEqual: true });
    expect(standby.isFollowing).toBe(true);
  });

  it('that the peer does not have, or cannot read, end with its reason', async () => {
    const { journal, primary, own } = await pair();
    const beyond = await fetched(primary.replicator, journal, 10, COUNT + 1);
    expect(beyond.problem).toBe('the peer does not have the records (HISTORY_UNAVAILABLE)');
    own.standby.failure = new Error('rot');
    expect((await fetched(primary.replicator, journal, 10, 20)).problem).toContain('HISTORY_UNAVAILABLE');
  });

  it('are not asked of a peer that is not there, or of a release that cannot send them', async () => {
    const { journal, primary, standby } = await pair(true, false);
    const none = { problem: expect.stringContaining('older release') as unknown };
    await expect(new Promise((done) => primary.replicator.fetchRecords(wantedAll(), done))).resolves.toEqual(
      none.problem,
    );
    await standby.stop();
    await until(() => !primary.isAttached, 'detached');
    await expect(new Promise((done) => primary.replicator.fetchRecords(wantedAll(), done))).resolves.toBe(
      'no standby is attached',
    );
    expect(journal.lastSequence).toBe(COUNT);
  });

  it('on their way when the connection is lost end with that', async () => {
    const { primary, standby } = await pair();
    const answer = new Promise<string>((done) => primary.replicator.fetchRecords(wantedAll(), done));
    await standby.stop();
    expect(['', 'the connection to the peer was lost']).toContain(await answer);
  });

  it('are fetched one segment at a time', async () => {
    const { primary } = await pair();
    const answers = await Promise.all(
      [1, 2].map(() => new Promise((done) => primary.replicator.fetchRecords(wantedAll(), done))),
    );
    expect(answers.sort()).toEqual(['', 'another segment is being fetched']);
  });
});

function wantedAll() {
  return { firstSequence: 1, lastSequence: COUNT, chainBefore: 0, path: join(dataDir, 'all') };
}
