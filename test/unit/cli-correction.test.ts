/** Corrections by replay: a new journal without some commands or with others, and the report of what that changed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { verifyJournal } from '../../journal/verify.js';
import { replayJournal } from '../../replay/replay-journal.js';
import type { LineObject } from '../../src/cli/exec/line-fields.js';
import { failureOf } from '../../src/cli/failure.js';
import { type ReplayFlags, replayFromFlags } from '../../src/cli/replay-from-flags.js';
import { Core } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { CollectedOutput, dataDirWith, flowLines, slotsOf } from '../support/cli/exec-journal.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { readAll } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';

afterAll(removeTemporaryDirectories);

interface Report {
  written: number;
  changes: { sequence: number; newSequence: number | null; original: object[]; corrected: object[] }[];
  differentCommands: number;
  firstDifference: { sequence: number; newSequence: number; original: object[]; corrected: object[] } | null;
  balances: {
    account: number;
    asset: string;
    original: { available: string; reserved: string };
    corrected: { available: string; reserved: string };
  }[];
  orders: object[];
  stateHash: { original: string; corrected: string };
}

async function correct(dataDir: string, flags: ReplayFlags): Promise<Report> {
  const output = new CollectedOutput();
  expect(await replayFromFlags({ dataDir, json: true, ...flags }, output)).toBe(0);
  return JSON.parse(output.text) as Report;
}

function patchFile(...patches: unknown[]): string {
  const file = join(temporaryDirectory(), 'patch.jsonl');
  writeFileSync(
    file,
    patches.map((patch) => `${typeof patch === 'string' ? patch : JSON.stringify(patch)}\n`).join(''),
  );
  return file;
}

const newDirectory = () => join(temporaryDirectory(), 'corrected');

/** A sells 10 at 5, B takes 4, C asks for 8 and gets 6; then C cancels the rest. */
const LINES: LineObject[] = [
  { type: 'listInstrument', symbol: 'X-USD', base: 'X', quote: 'USD', tickSize: '1', lotSize: '1' },
  { type: 'openAccount', account: 1 },
  { type: 'openAccount', account: 2 },
  { type: 'openAccount', account: 3 },
  { type: 'deposit', account: 1, asset: 'X', amount: '10', transferId: '1' },
  { type: 'deposit', account: 2, asset: 'USD', amount: '100.00', transferId: '2' },
  { type: 'deposit', account: 3, asset: 'USD', amount: '100.00', transferId: '3' },
  {
    type: 'newOrder',
    account: 1,
    symbol: 'X-USD',
    clientOrderId: '1',
    side: 'sell',
    price: '5',
    quantity: '10',
  },
  {
    type: 'newOrder',
    account: 2,
    symbol: 'X-USD',
    clientOrderId: '1',
    side: 'buy',
    price: '5',
    quantity: '4',
  },
  {
    type: 'newOrder',
    account: 3,
    symbol: 'X-USD',
    clientOrderId: '1',
    side: 'buy',
    price: '5',
    quantity: '8',
  },
  { type: 'timeAdvanced' },
].map((line, i) => ({ ...line, timestampUs: 1_789_995_600_000_000 + 1000 * i }));

describe('a journal without a command', () => {
  it('is a whole journal of its own: dense, verified, and the same as if the command had never come', async () => {
    const lines = flowLines(300, 8);
    const words = slotsOf(lines);
    const dataDir = dataDirWith(words);
    const before = readAll(openStorage(join(dataDir, 'journal'), 'positional'));
    const skipped = [40, 41, 120];
    const into = newDirectory();
    const report = await correct(dataDir, { skip: skipped.join(','), into });
    expect(report.written).toBe(lines.length - 3);
    expect(report.changes.map(({ sequence, newSequence }) => [sequence, newSequence])).toEqual(
      skipped.map((sequence) => [sequence, null]),
    );

    const core = new Core({ maxOrders: 10_000 });
    const logic = new BusinessLogicProcessor(core, new EventBuffer());
    const kept = slotsOf(lines.filter((_, i) => !skipped.includes(i + 1)));
    for (let at = 0; at < kept.length; at += SLOT_WORDS) logic.onCommand(kept, at);
    const storage = openStorage(join(into, 'journal'), 'positional');
    expect(readAll(storage)).toEqual(kept);
    expect(verifyJournal(storage)).toMatchObject({ ok: true, lastSequence: kept.length / SLOT_WORDS });
    const replayed = replayJournal({ directory: join(into, 'journal') });
    expect(replayed).toMatchObject({ stateHash: logic.stateHash(), outputHash: logic.outputHash() });
    expect(report.stateHash.corrected).toBe(logic.stateHash());
    expect(report.stateHash.original).toBe(replayJournal({ directory: join(dataDir, 'journal') }).stateHash);
    expect(readAll(openStorage(join(dataDir, 'journal'), 'positional'))).toEqual(before);
  });

  it('differs from the original where the command mattered, and the report says where', async () => {
    const dataDir = dataDirWith(slotsOf(LINES));
    const report = await correct(dataDir, { skip: '9', into: newDirectory() });
    expect(report.changes).toMatchObject([
      {
        sequence: 9,
        newSequence: null,
        original: [{ type: 'accepted' }, { type: 'trade', quantity: '4' }],
        corrected: [],
      },
    ]);
    expect(report.differentCommands).toBe(1);
    expect(report.firstDifference).toMatchObject({
      sequence: 10,
      newSequence: 9,
      original: [{ type: 'accepted' }, { type: 'trade', quantity: '6' }],
      corrected: [{ type: 'accepted' }, { type: 'trade', quantity: '8' }],
    });
    const amounts = (side: { available: string; reserved: string }) => [side.available, side.reserved];
    expect(
      report.balances.map((one) => [one.account, one.asset, amounts(one.original), amounts(one.corrected)]),
    ).toEqual([
      [1, 'USD', ['50.00', '0.00'], ['40.00', '0.00']],
      [1, 'X', ['0', '0'], ['0', '2']],
      [2, 'USD', ['80.00', '0.00'], ['100.00', '0.00']],
      [2, 'X', ['4', '0'], ['0', '0']],
      [3, 'USD', ['60.00', '10.00'], ['60.00', '0.00']],
      [3, 'X', ['6', '0'], ['8', '0']],
    ]);
    expect(report.orders).toMatchObject([
      { account: 1, original: null, corrected: { side: 'sell', leaves: '2', cumulative: '8' } },
      { account: 3, original: { side: 'buy', leaves: '2', cumulative: '6' }, corrected: null },
    ]);
  });

  it('differs in nothing when the command did nothing', async () => {
    const dataDir = dataDirWith(slotsOf(LINES));
    const report = await correct(dataDir, { skip: '11', into: newDirectory() });
    expect(report).toMatchObject({
      written: 10,
      differentCommands: 0,
      firstDifference: null,
      balances: [],
      orders: [],
    });
    // The running numbers of later commands are no difference, nor are those of reports.
    const rejected = [...LINES.slice(0, 8), { ...LINES[7]!, quantity: '99' }, ...LINES.slice(8)];
    const other = await correct(dataDirWith(slotsOf(rejected)), { skip: '9', into: newDirectory() });
    expect(other).toMatchObject({ differentCommands: 0, firstDifference: null, balances: [], orders: [] });
  });
});

describe('a journal with another command in the place of one', () => {
  it('keeps time, session and number of the one it replaces unless told otherwise', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const into = newDirectory();
    const patch = patchFile(
      {
        sequence: 9,
        command: {
          type: 'deposit',
          account: 7,
          asset: 'USD',
          amount: '17.00',
          transferId: '3',
          clientSequence: 5,
        },
      },
      '',
      { sequence: 20, command: 'skip' },
    );
    const report = await correct(dataDir, { patch, into });
    expect(report.written).toBe(23);
    expect(report.changes[0]).toMatchObject({
      original: [{ type: 'balanceChanged', amount: '-2.50', reason: 'withdraw' }],
      corrected: [{ type: 'balanceChanged', amount: '17.00', reason: 'deposit', sequence: 9 }],
    });
    // A snapshot shows the balance: the first other command with another answer.
    expect(report.firstDifference).toMatchObject({ sequence: 24, newSequence: 23 });
    expect(report.balances).toHaveLength(1);
    const [original, corrected] = [dataDir, into].map((directory) =>
      readAll(openStorage(join(directory, 'journal'), 'positional')),
    );
    const header = (words: Int32Array) => [...words.slice(8 * SLOT_WORDS + 4, 8 * SLOT_WORDS + 8)];
    expect(header(corrected!)).toEqual(header(original!));
  });

  it('comes in a directory that a node can be started on', async () => {
    const dataDir = dataDirWith(slotsOf(LINES));
    writeFileSync(join(dataDir, 'ringfence.json'), '{ "maxOrders": 5000 }', { mode: 0o600 });
    mkdirSync(join(dataDir, 'keys'));
    writeFileSync(join(dataDir, 'keys', 'admin.pem'), 'secret', { mode: 0o600 });
    const into = newDirectory();
    mkdirSync(into);
    await correct(dataDir, { skip: '9', into });
    expect(readdirSync(into).sort()).toEqual(['journal', 'keys', 'ringfence.json']);
    expect(readFileSync(join(into, 'keys', 'admin.pem'), 'utf8')).toBe('secret');
    expect(statSync(join(into, 'keys', 'admin.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(into).mode & 0o777).toBe(0o700);
    const identity = (directory: string) => readFileSync(join(directory, 'journal', 'identity.json'), 'utf8');
    expect(identity(into)).toBe(identity(dataDir));
  });

  it('is told to people side by side', async () => {
    const output = new CollectedOutput();
    const dataDir = dataDirWith(slotsOf(LINES));
    const into = newDirectory();
    await replayFromFlags({ dataDir, skip: '9', into }, output);
    expect(output.text).toContain(`${into}: 10 of 11 commands, 1 corrected, 1 others answered differently\n`);
    expect(output.text).toContain('command 9, skipped:\n');
    expect(output.text).toContain('first command that is answered differently: 10, now 9\n');
    expect(output.text).toMatch(/^\* {2}quantity +6 +8$/m);
    expect(output.text).toMatch(/^ {3}symbol +X-USD +X-USD$/m);
    expect(output.text).toMatch(/^ +2 {2}USD +80\.00 +100\.00 +0\.00 +0\.00$/m);
  });
});

describe('a correction is refused', () => {
  it('with one sentence that says why, and makes nothing', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const into = newDirectory();
    const occupied = temporaryDirectory();
    writeFileSync(join(occupied, 'file'), '');
    const listings = [LINES[0]!, { ...LINES[0]!, symbol: 'Y-USD', base: 'Y' }, ...LINES.slice(1)];
    const deposit = { type: 'deposit', account: 7, asset: 'USD', amount: '1.00', transferId: '9' };
    const cases: [ReplayFlags, RegExp, number][] = [
      [{ skip: '10' }, /never corrected in place; name a new data directory with --into/, 2],
      [{ into }, /nothing to correct; name commands with --skip or --patch/, 2],
      [{ skip: '10', into: dataDir }, /is not empty/, 4],
      [{ skip: '10', into: occupied }, /is not empty \(it holds file\)/, 4],
      [{ skip: '0', into }, /--skip: "0" is not a value of it/, 2],
      [{ skip: '10,,', into }, /--skip: "" is not a value of it/, 2],
      [{ skip: '10,10', into }, /--skip: command 10 is corrected twice/, 2],
      [{ skip: '25', into }, /there is no command 25: the journal has 1 to 24/, 1],
      [{ skip: '21', into }, /command 21 starts an epoch/, 4],
      [
        { dataDir: dataDirWith(slotsOf(listings)), skip: '1', into },
        /command 2 \(listInstrument\) would get number 1 instead of 2/,
        4,
      ],
      [{ skip: '10', toSequence: '5', into }, /--to-sequence and --skip exclude each other/, 2],
      [{ patch: '/nowhere', into }, /\/nowhere: there is no such file/, 1],
      [{ patch: patchFile('{'), into }, /line 1 is not JSON/, 2],
      [{ patch: patchFile('', { sequence: 10, comand: 'skip' }), into }, /line 2 is no patch/, 2],
      [
        { patch: patchFile({ sequence: 9, command: { type: 'epochStarted' } }), into },
        /no command "epochStarted"/,
        2,
      ],
      [
        { patch: patchFile({ sequence: 9, command: { ...deposit, time: '2026-01-01' } }), into },
        /time cannot be changed/,
        2,
      ],
      [
        { patch: patchFile({ sequence: 9, command: { ...deposit, amount: '0.001' } }), into },
        /line 1: amount "0.001" is not a whole/,
        2,
      ],
      [
        { patch: patchFile({ sequence: 9, command: deposit }), skip: '9', into },
        /command 9 is corrected twice/,
        2,
      ],
    ];
    for (const [flags, sentence, exitCode] of cases) {
      const refused = failureOf(await correct(dataDir, flags).catch((error: unknown) => error));
      expect(refused.text).toMatch(sentence);
      expect(refused.text).not.toContain('\n');
      expect(refused.exitCode, refused.text).toBe(exitCode);
      expect(existsSync(into)).toBe(false);
    }
    expect(readdirSync(join(into, '..'))).toEqual([]);
  });
});
