/** Snapshots on the command line: taken, listed, checked, and not to be seen in any answer about the past. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { verifyJournal } from '../../journal/verify.js';
import { accountFromFlags } from '../../src/cli/account-from-flags.js';
import { auditFromFlags } from '../../src/cli/audit-from-flags.js';
import { bookFromFlags } from '../../src/cli/book-from-flags.js';
import { isoTime } from '../../src/cli/iso-time.js';
import { printEventsOf } from '../../src/cli/print-replay.js';
import { replayFromFlags } from '../../src/cli/replay-from-flags.js';
import { listSnapshots, takeSnapshotNow, verifySnapshots } from '../../src/cli/snapshot-tools.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { CollectedOutput, dataDirWith, flowLines, slotsOf } from '../support/cli/exec-journal.js';
import { openWriter } from '../support/journal-records.js';
import { removeTemporaryDirectories } from '../support/journal-storages.js';

const lines = flowLines(300, 31);
const words = slotsOf(lines);
const COUNT = lines.length;
const CUTS = [150, 260];
const LATE = isoTime(lines[300]!['timestampUs'] as number);

let plain = '';
let withSnapshots = '';

beforeAll(async () => {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  plain = dataDirWith(words);
  withSnapshots = dataDirWith(words.subarray(0, CUTS[0]! * SLOT_WORDS));
  for (const [place, cut] of CUTS.entries()) {
    const output = new CollectedOutput();
    await takeSnapshotNow({ dataDir: withSnapshots, json: true }, output);
    expect(output.records()).toEqual([{ sequence: cut }]);
    const end = CUTS[place + 1] ?? COUNT;
    const writer = openWriter(openStorage(join(withSnapshots, 'journal')));
    writer.appendRecords(words, cut * SLOT_WORDS, end - cut);
    writer.close();
  }
});

afterAll(() => {
  vi.restoreAllMocks();
  removeTemporaryDirectories();
});

/** The same question to both, and both answers. */
async function both(ask: (dataDir: string, output: CollectedOutput) => unknown): Promise<string[]> {
  const texts: string[] = [];
  for (const dataDir of [plain, withSnapshots]) {
    const output = new CollectedOutput();
    await ask(dataDir, output);
    texts.push(output.text);
  }
  return texts;
}

describe('a journal with snapshots', () => {
  it('answers every question about the past as one without', async () => {
    const json = true;
    for (const atSequence of ['140', '150', '151', '299', String(COUNT)]) {
      const [one, other] = await both(async (dataDir, output) => {
        await accountFromFlags('1', { dataDir, json, atSequence }, output);
        await accountFromFlags('2', { dataDir, json, atSequence, history: true }, output);
        bookFromFlags('AAPL-USD', { dataDir, json, atSequence }, output);
        await printEventsOf({ dataDir, directory: join(dataDir, 'journal') }, Number(atSequence), output);
      });
      expect(one).not.toBe('');
      // How the answer was found is not the same.
      const [bare, otherBare] = [one, other].map((text) => text!.replace(/,"answer":\{[^}]*\}/, ''));
      expect(bare).not.toBe(one);
      expect(otherBare).toBe(bare);
    }
    for (const flags of [{ from: LATE }, { from: LATE, to: LATE }, {}]) {
      const [one, other] = await both((dataDir, output) =>
        auditFromFlags({ dataDir, format: 'jsonl', ...flags }, output),
      );
      expect(one).not.toBe('');
      expect(other).toBe(one);
    }
  });

  it('is replayed from the newest snapshot before a moment, and from the first command when it is told so', async () => {
    const replay = async (flags: object) => {
      const output = new CollectedOutput();
      await replayFromFlags({ dataDir: withSnapshots, json: true, ...flags }, output);
      return output.records()[0]!;
    };
    const part = await replay({ toSequence: '299' });
    expect(part).toMatchObject({ snapshotSequence: 260, commands: 39, lastSequence: 299 });
    const full = await replay({ toSequence: '299', full: true });
    expect(full).toMatchObject({ snapshotSequence: 0, commands: 299, lastSequence: 299 });
    expect([part['stateHash'], part['outputHash']]).toEqual([full['stateHash'], full['outputHash']]);
    // What is asked for without a moment is the proof of the whole journal.
    expect(await replay({})).toMatchObject({ snapshotSequence: 0, commands: COUNT });
  });

  it('lists them, and says which are good', () => {
    const listed = new CollectedOutput();
    listSnapshots({ dataDir: withSnapshots, json: true }, listed);
    expect(listed.records().map(({ sequence }) => sequence)).toEqual([260, 150]);
    const verified = new CollectedOutput();
    expect(verifySnapshots({ dataDir: withSnapshots, json: true }, verified)).toBe(0);
    expect(verified.records().map(({ ok }) => ok)).toEqual([true, true]);

    const directory = join(withSnapshots, 'journal', 'snapshots');
    const [older, newer] = readdirSync(directory).sort();

    // Without its signature a snapshot is whole in itself; but not what the manifest says.
    const journal = openStorage(join(withSnapshots, 'journal'), 'positional');
    expect(verifyJournal(journal)).toMatchObject({ problems: [], manifest: { snapshots: 2 } });
    const good = readFileSync(join(directory, newer!));
    writeFileSync(join(directory, newer!), Buffer.from(good).fill(0, 64, 160));
    expect(verifyJournal(journal).problems.map(({ file }) => file)).toEqual([`snapshots/${newer}`]);
    const changed = new CollectedOutput();
    expect(verifySnapshots({ dataDir: withSnapshots }, changed)).toBe(3);
    expect(changed.text).toMatch(/260.snap: its SHA-256 is .* in the manifest\n.*150.snap: good/);
    writeFileSync(join(directory, newer!), good);

    const path = join(directory, older!);
    const bytes = readFileSync(path);
    bytes[bytes.length - 100]! ^= 4;
    writeFileSync(path, bytes);
    const again = new CollectedOutput();
    expect(verifySnapshots({ dataDir: withSnapshots }, again)).toBe(3);
    expect(again.text).toMatch(/260.snap: good\n.*150.snap: .*is damaged at offset 32: expected SHA-256/);
    const none = new CollectedOutput();
    listSnapshots({ dataDir: plain }, none);
    expect(none.text).toBe('no snapshots\n');
  });
});
