/** What `replay` prints for people and programs that compare: hashes on the way, one command with its events, a verdict. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { replayJournal } from '../../replay/replay-journal.js';
import { failureOf } from '../../src/cli/failure.js';
import { type ReplayFlags, replayFromFlags } from '../../src/cli/replay-from-flags.js';
import { CollectedOutput, dataDirWith, flowLines, slotsOf } from '../support/cli/exec-journal.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { removeTemporaryDirectories } from '../support/journal-storages.js';

afterAll(removeTemporaryDirectories);

async function replay(dataDir: string, flags: ReplayFlags): Promise<CollectedOutput> {
  const output = new CollectedOutput();
  expect(await replayFromFlags({ dataDir, ...flags }, output)).toBe(0);
  return output;
}

describe('replay', () => {
  it('--expect passes with the state hash and fails with any other, as far as it was told to go', async () => {
    const dataDir = dataDirWith(goldenCommands());
    for (const toSequence of ['24', '13']) {
      const { stateHash, outputHash } = replayJournal({
        directory: join(dataDir, 'journal'),
        toSequence: Number(toSequence),
      });
      const result = await replay(dataDir, { toSequence, expect: stateHash.toUpperCase(), json: true });
      expect(result.records()[0]).toMatchObject({ stateHash, commands: Number(toSequence) });
      const output = new CollectedOutput();
      const failed = await replayFromFlags({ dataDir, toSequence, expect: outputHash }, output).catch(
        failureOf,
      );
      expect(failed).toEqual({
        exitCode: 3,
        text: `ringfence: the state hash after command ${toSequence} is ${stateHash}, not ${outputHash}`,
      });
      // What was found is printed all the same.
      expect(output.text).toContain(`state hash     ${stateHash}\n`);
    }
  });

  it('--hash-every prints the output hash at multiples and at the end, from a command on', async () => {
    const lines = flowLines(300, 2);
    const dataDir = dataDirWith(slotsOf(lines));
    const last = lines.length;
    const every = (await replay(dataDir, { hashEvery: '100' })).records();
    const sequences = every.map(({ sequence }) => sequence as number);
    const multiples = Array.from({ length: Math.floor(last / 100) }, (_, i) => 100 * (i + 1));
    expect(sequences).toEqual(last % 100 === 0 ? multiples : [...multiples, last]);
    for (const { sequence, outputHash } of [every[1]!, every.at(-1)!]) {
      const toSequence = sequence as number;
      expect(replayJournal({ directory: join(dataDir, 'journal'), toSequence }).outputHash).toBe(outputHash);
    }
    const some = await replay(dataDir, { hashEvery: '1', fromSequence: '99', toSequence: '101' });
    expect(some.records().map(({ sequence }) => sequence)).toEqual([99, 100, 101]);
    expect(some.records()[1]).toEqual(every[0]);
  });

  it('--events-of prints a command and its events with all their fields', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const [printed] = (await replay(dataDir, { eventsOf: '12' })).records();
    expect(printed).toMatchObject({
      sequence: 12,
      command: { type: 'newOrder', account: 7, clientOrderId: '17', priceTicks: 58_533, quantityLots: 30 },
      events: [
        { type: 'accepted', account: 7, orderId: 3 },
        { type: 'trade', account: 8, orderId: 1, leavesLots: 70 },
        { type: 'trade', account: 7, orderId: 3, leavesLots: 0 },
        { type: 'bookDelta', levelLots: 70, orderCount: 1 },
      ],
    });
  });

  it('refuses flags that do not go together and values that are none', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const cases: [ReplayFlags, RegExp, number][] = [
      [{ toSequence: '1', at: '2026-01-01' }, /--to-sequence and --at exclude each other/, 2],
      [{ expect: '00', compareWith: '.' }, /--expect and --compare-with exclude each other/, 2],
      [{ hashEvery: '1', into: 'x' }, /--hash-every and --into exclude each other/, 2],
      [{ fromSequence: '2' }, /--from-sequence goes with --hash-every only/, 2],
      [{ expect: 'abc' }, /--expect: "abc" is not a state hash; allowed: 16 hexadecimal digits/, 2],
      [{ hashEvery: '0' }, /--hash-every: "0" is not a value of it/, 2],
      [{ eventsOf: '25' }, /no command 25: the last one in the journal is 24/, 1],
    ];
    for (const [flags, sentence, exitCode] of cases) {
      const refused = await replay(dataDir, flags).catch(failureOf);
      expect(refused).toMatchObject({ exitCode, text: expect.stringMatching(sentence) });
    }
  });
});
