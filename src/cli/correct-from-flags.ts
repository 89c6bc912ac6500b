/** What `replay --skip` and `--patch` run: a corrected journal in a new data directory, and what it changed. */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { type CorrectionReport, correctJournal, type Divergence } from '../../replay/correct-journal.js';
import type { AccountDifference } from '../../replay/diff.js';
import { CONFIG_FILE_NAME, resolveConfig } from '../node/config.js';
import { formatUnits, minorUnit } from '../wire/decimal.js';
import { eventObjects } from './audit/event-objects.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { type Listings, listingsOf } from './exec/listings.js';
import { orderObject } from './exec/view-objects.js';
import { CliError, ExitCode } from './failure.js';
import { KEYS_FOLDER, refuseOccupied } from './init-data-dir.js';
import { journalOf } from './journal-of.js';
import { correctionsOf } from './patch-lines.js';
import { ProgressLine } from './progress-line.js';
import { sideBySide } from './side-by-side.js';
import { textTable } from './text-table.js';

export interface CorrectFlags {
  readonly dataDir?: string;
  readonly skip?: string;
  readonly patch?: string;
  readonly into?: string;
  readonly json?: boolean;
}

/** The report as it is printed with `--json`. */
interface PrintedReport {
  readonly into: string;
  readonly commands: number;
  readonly written: number;
  readonly changes: readonly PrintedDivergence[];
  readonly differentCommands: number;
  readonly firstDifference: PrintedDivergence | null;
  readonly balances: readonly PrintedBalance[];
  readonly orders: readonly { account: number; original: object | null; corrected: object | null }[];
  readonly stateHash: { readonly original: string; readonly corrected: string };
}

interface PrintedDivergence {
  readonly sequence: number;
  /** Null: the command is not in the corrected journal. */
  readonly newSequence: number | null;
  readonly original: readonly object[];
  readonly corrected: readonly object[];
}

interface PrintedBalance {
  readonly account: number;
  readonly asset: string;
  readonly original: { readonly available: string; readonly reserved: string };
  readonly corrected: { readonly available: string; readonly reserved: string };
}

/** Makes the directory and prints the report. Throws before it makes anything, or leaves nothing half made. */
export function correctFromFlags(flags: CorrectFlags, output: Writable): void {
  if (flags.into === undefined) {
    throw new CliError(
      'a journal is never corrected in place; name a new data directory with --into',
      ExitCode.usage,
    );
  }
  const dataDir = dataDirOf(flags);
  const directory = journalOf(dataDir);
  const into = resolve(flags.into);
  refuseOccupied(into);
  const corrections = correctionsOf(flags.skip, flags.patch);
  const { segmentBytes } = resolveConfig({ dataDir }, process.env);
  mkdirSync(dirname(into), { recursive: true });
  const making = join(dirname(into), `.${basename(into)}.${randomBytes(4).toString('hex')}`);
  mkdirSync(making, { mode: 0o700 });
  const progress = new ProgressLine('replay', 'commands');
  let report: CorrectionReport;
  try {
    copySettings(dataDir, making);
    report = correctJournal({
      directory,
      target: join(making, 'journal'),
      corrections,
      makeCore: () => coreOf(dataDir),
      segmentBytes,
      onProgress: (sequence, lastSequence) => progress.show(sequence, lastSequence),
    });
    if (existsSync(into)) rmdirSync(into);
    renameSync(making, into);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  } finally {
    progress.clear();
  }
  const printed = printedReport(into, report);
  output.write(flags.json ? `${JSON.stringify(printed)}\n` : reportText(printed));
}

/** Configuration and keys go along, so that a node can be started on the new directory in place of the old one. */
function copySettings(dataDir: string, making: string): void {
  const config = join(dataDir, CONFIG_FILE_NAME);
  if (existsSync(config)) copyFileSync(config, join(making, CONFIG_FILE_NAME));
  const keys = join(dataDir, KEYS_FOLDER);
  if (!existsSync(keys)) return;
  mkdirSync(join(making, KEYS_FOLDER), { mode: 0o700 });
  // A copied file has the mode of its original.
  for (const name of readdirSync(keys)) copyFileSync(join(keys, name), join(making, KEYS_FOLDER, name));
}

function printedReport(into: string, report: CorrectionReport): PrintedReport {
  const original = listingsOf(report.original.core);
  const corrected = listingsOf(report.corrected.core);
  const divergence = (one: Divergence): PrintedDivergence => ({
    sequence: one.sequence,
    newSequence: one.newSequence === 0 ? null : one.newSequence,
    original: eventObjects(one.originalEvents, one.originalCommand, original),
    corrected: eventObjects(one.correctedEvents, one.correctedCommand, corrected),
  });
  return {
    into,
    commands: report.commands,
    written: report.written,
    changes: report.changes.map(divergence),
    differentCommands: report.differentCommands,
    firstDifference: report.firstDifference === undefined ? null : divergence(report.firstDifference),
    balances: report.accounts.flatMap(printedBalances),
    orders: report.accounts.flatMap((account) => printedOrders(account, original, corrected)),
    stateHash: { original: report.original.stateHash, corrected: report.corrected.stateHash },
  };
}

function printedBalances({ accountId, balances }: AccountDifference): PrintedBalance[] {
  return balances.map(({ asset, decimals, original, corrected }) => {
    const unit = minorUnit(decimals);
    const amounts = (balance: typeof original) => ({
      available: formatUnits(balance?.available ?? 0, unit),
      reserved: formatUnits(balance?.reserved ?? 0, unit),
    });
    return { account: accountId, asset, original: amounts(original), corrected: amounts(corrected) };
  });
}

function printedOrders({ accountId, orders }: AccountDifference, before: Listings, after: Listings) {
  return orders.map(({ original, corrected }) => ({
    account: accountId,
    original: original === undefined ? null : orderObject(original, before),
    corrected: corrected === undefined ? null : orderObject(corrected, after),
  }));
}

function reportText(report: PrintedReport): string {
  const heads = ['original', 'corrected'] as const;
  const sections = [
    `${report.into}: ${report.written} of ${report.commands} commands, ${report.changes.length} corrected, ` +
      `${report.differentCommands} others answered differently\n`,
  ];
  for (const change of report.changes) {
    const place = change.newSequence === null ? 'skipped' : `now ${change.newSequence}`;
    sections.push(
      `command ${change.sequence}, ${place}:\n${sideBySide(heads, change.original, change.corrected)}`,
    );
  }
  if (report.firstDifference !== null) {
    const { sequence, newSequence, original, corrected } = report.firstDifference;
    sections.push(
      `first command that is answered differently: ${sequence}, now ${newSequence}\n${sideBySide(heads, original, corrected)}`,
    );
  }
  sections.push(
    report.balances.length === 0
      ? 'all balances are the same at the end\n'
      : `balances at the end that differ:\n${balanceTable(report.balances)}`,
  );
  if (report.orders.length === 0) sections.push('all open orders are the same at the end\n');
  for (const { account, original, corrected } of report.orders) {
    const sides = [original, corrected].map((order) => (order === null ? [] : [order])) as [
      object[],
      object[],
    ];
    sections.push(
      `open order of account ${account} at the end that differs:\n${sideBySide(heads, ...sides)}`,
    );
  }
  sections.push(
    textTable(
      ['state hash', ''],
      [
        ['original', report.stateHash.original],
        ['corrected', report.stateHash.corrected],
      ],
    ),
  );
  return sections.join('\n');
}

function balanceTable(balances: readonly PrintedBalance[]): string {
  return textTable(
    ['>account', 'asset', '>available', '>corrected', '>reserved', '>corrected'],
    balances.map(({ account, asset, original, corrected }) => [
      String(account),
      asset,
      original.available,
      corrected.available,
      original.reserved,
      corrected.reserved,
    ]),
  );
}
