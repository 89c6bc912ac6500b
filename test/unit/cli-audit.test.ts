/** The audit: what happened in a period, complete, and in sums equal to the books. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accountFromFlags } from '../../src/cli/account-from-flags.js';
import { CSV_COLUMNS } from '../../src/cli/audit/csv.js';
import { type AuditFlags, auditFromFlags } from '../../src/cli/audit-from-flags.js';
import { failureOf } from '../../src/cli/failure.js';
import { isoTime } from '../../src/cli/iso-time.js';
import { CollectedOutput, dataDirWith, flowLines, slotsOf } from '../support/cli/exec-journal.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';

let notes: string[] = [];
beforeAll(() => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    notes.push(String(text));
    return true;
  });
});
afterAll(() => {
  vi.restoreAllMocks();
  removeTemporaryDirectories();
});

async function audit(dataDir: string, flags: Partial<AuditFlags> = {}): Promise<CollectedOutput> {
  const output = new CollectedOutput();
  notes = [];
  await auditFromFlags({ dataDir, format: 'jsonl', ...flags }, output);
  return output;
}

/** A decimal of at most four places as a whole number, so that sums are exact. */
function exact(text: unknown): bigint {
  const [, sign, whole, part = ''] = /^(-?)([0-9]+)(?:\.([0-9]{1,4}))?$/.exec(String(text))!;
  return BigInt(`${sign}${whole}${part.padEnd(4, '0')}`);
}

const time = (sequence: number) => isoTime(1_750_000_000_000_000 + 1000 * sequence);

describe('an audit', () => {
  it('adds up to the balances of every account', async () => {
    const dataDir = dataDirWith(slotsOf(flowLines(300, 21)));
    const sums = new Map<string, bigint>();
    const add = (account: unknown, asset: unknown, amount: bigint) =>
      sums.set(`${account} ${asset}`, (sums.get(`${account} ${asset}`) ?? 0n) + amount);
    const records = (await audit(dataDir)).records();
    for (const record of records) {
      if (record['type'] === 'balanceChanged' && !record['duplicate']) {
        add(record['account'], record['asset'], exact(record['amount']));
      }
      if (record['type'] !== 'trade') continue;
      const isBuy = record['takerSide'] === 'buy';
      const [buyer, seller] = isBuy
        ? [record['takerAccount'], record['makerAccount']]
        : [record['makerAccount'], record['takerAccount']];
      const [base, quote] = [exact(record['baseAmount']), exact(record['quoteAmount'])];
      add(buyer, record['base'], base);
      add(seller, record['base'], -base);
      add(buyer, record['quote'], -quote);
      add(seller, record['quote'], quote);
    }
    expect(records.filter(({ type }) => type === 'trade').length).toBeGreaterThan(20);
    for (const account of [1, 2, 3, 4]) {
      const output = new CollectedOutput();
      await accountFromFlags(String(account), { dataDir, json: true }, output);
      const balances = output.records()[0]!['balances'] as Record<string, string>[];
      expect(balances.length).toBe(2);
      for (const { asset, available, reserved } of balances) {
        expect(sums.get(`${account} ${asset}`), `${account} ${asset}`).toBe(
          exact(available) + exact(reserved),
        );
      }
    }
  });

  it('holds business events only, each with what caused it', async () => {
    const records = (await audit(dataDirWith(goldenCommands()))).records();
    expect(records.map(({ sequence, type, cause }) => [sequence, type, cause])).toEqual([
      [1, 'epochChanged', 'epochStarted'],
      [2, 'apiKeyRegistered', 'registerApiKey'],
      [3, 'instrumentListed', 'listInstrument'],
      [4, 'accountOpened', 'openAccount'],
      [5, 'accountOpened', 'openAccount'],
      [6, 'balanceChanged', 'deposit'],
      [7, 'balanceChanged', 'deposit'],
      [8, 'balanceChanged', 'deposit'],
      [9, 'balanceChanged', 'withdraw'],
      [10, 'accepted', 'newOrder'],
      [11, 'accepted', 'newOrder'],
      [12, 'accepted', 'newOrder'],
      [12, 'trade', 'newOrder'],
      [13, 'accepted', 'newOrder'],
      [13, 'trade', 'newOrder'],
      [13, 'trade', 'newOrder'],
      [14, 'accepted', 'newOrder'],
      [15, 'rejected', 'newOrder'],
      [16, 'rejected', 'newOrder'],
      [17, 'replaced', 'replaceOrder'],
      [18, 'cancelled', 'cancelOrder'],
      [19, 'rejected', 'cancelOrder'],
      [21, 'epochChanged', 'epochStarted'],
      [22, 'accepted', 'newOrder'],
      [23, 'cancelled', 'massCancel'],
      [23, 'cancelled', 'massCancel'],
      [23, 'massCancelled', 'massCancel'],
    ]);
    expect(records[12]).toMatchObject({
      baseAmount: '30',
      quoteAmount: '17559.90',
      time: time(12),
      session: 0,
    });
  });

  it('of a period knows the listings from before it, both ends included', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const output = await audit(dataDir, { from: time(12), to: time(14) });
    expect(output.records().map(({ sequence }) => sequence)).toEqual([12, 12, 13, 13, 13, 14]);
    expect(output.records()[0]).toMatchObject({ symbol: 'AAPL-USD', price: '585.33' });
    expect(notes.at(-1)).toBe('audit: 6 events of 14 commands, up to sequence 14\n');
    expect((await audit(dataDir, { from: '2026-01-01' })).text).toBe('');
    expect((await audit(dataDir, { to: '2020-01-01', json: true })).text).toBe('');
    expect(notes.at(-1)).toBe('{"events":0,"commands":0,"lastSequence":0}\n');
  });

  it('is the same in CSV, which has a column for every field', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const records = (await audit(dataDir)).records();
    const columns: readonly string[] = CSV_COLUMNS;
    for (const record of records) {
      for (const field of Object.keys(record)) expect(columns, field).toContain(field);
    }
    const lines = (await audit(dataDir, { format: 'csv' })).text.split('\r\n');
    expect(lines[0]).toBe(columns.join(','));
    expect(lines.length).toBe(records.length + 2);
    records.forEach((record, i) => {
      // No value of this journal needs quotes, but for the messages.
      const cells = lines[i + 1]!.replace(/"([^"]*)"/g, (_, text: string) => text.replaceAll(',', ';')).split(
        ',',
      );
      expect(cells).toEqual(columns.map((name) => String(record[name] ?? '').replaceAll(',', ';')));
    });
  });

  it('goes into a new file and over no old one', async () => {
    const dataDir = dataDirWith(goldenCommands());
    const file = join(temporaryDirectory(), 'audit.jsonl');
    expect((await audit(dataDir, { output: file })).text).toBe('');
    expect(readFileSync(file, 'utf8')).toBe((await audit(dataDir)).text);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await audit(dataDir, { output: file }).catch(failureOf);
    expect(again).toMatchObject({ exitCode: 4 });
    expect((again as { text: string }).text).toContain(`${file}: it exists already`);
    for (const [flags, sentence] of [
      [{ from: time(5), to: time(4) }, /--from .* is after --to/],
      [{ format: 'xml' }, /--format: "xml" is not a value of it; allowed: jsonl, csv/],
      [{ to: 'noon' }, /--to: "noon" is not a time/],
    ] as const) {
      const other = `${file}.2`;
      const refused = await audit(dataDir, { ...flags, output: other }).catch(failureOf);
      expect(refused).toMatchObject({ exitCode: 2, text: expect.stringMatching(sentence) });
      expect(existsSync(other)).toBe(false);
    }
  });
});
