/** What `audit` runs. */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { replayInBatches } from '../../replay/replay-journal.js';
import { CSV_HEAD, csvRow } from './audit/csv.js';
import { EventRecords } from './audit/event-records.js';
import { checkedChoice, checkedTimeUs } from './checked-flags.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';
import { writeText } from './write-text.js';

export interface AuditFlags {
  readonly dataDir?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format: string;
  readonly output?: string;
  readonly json?: boolean;
}

const PIECE_CHARS = 65_536;
const FILE_MODE = 0o600;

/** Writes the audit to the file of the flags, or to `standardOutput`; says on standard error how much it was. */
export async function auditFromFlags(flags: AuditFlags, standardOutput: Writable): Promise<void> {
  const isCsv = checkedChoice('--format', flags.format, ['jsonl', 'csv']) === 'csv';
  const fromTimeUs = flags.from === undefined ? 0 : checkedTimeUs('--from', flags.from);
  const toTimeUs = flags.to === undefined ? undefined : checkedTimeUs('--to', flags.to);
  if (toTimeUs !== undefined && fromTimeUs > toTimeUs) {
    throw new CliError(`--from ${flags.from} is after --to ${flags.to}; exchange them`, ExitCode.usage);
  }
  const dataDir = dataDirOf(flags);
  const directory = journalOf(dataDir);
  const core = coreOf(dataDir);
  // A new file only: an audit that was handed out is not written over.
  const file = flags.output === undefined ? undefined : openSync(flags.output, 'wx', FILE_MODE);
  const progress = new ProgressLine('audit', 'commands');
  const records = new EventRecords(core, { fromTimeUs });
  let piece = isCsv ? CSV_HEAD : '';
  const steps = replayInBatches({
    directory,
    core,
    // What happened before the first event that is wanted need not be seen.
    ...(fromTimeUs === 0 ? {} : { from: { timeUs: fromTimeUs - 1 } }),
    onStart: () => records.begin(),
    ...(toTimeUs === undefined ? {} : { atTimeUs: toTimeUs }),
    onCommand: (words, at, events) => {
      for (const line of records.linesOf(words, at, events)) piece += isCsv ? csvRow(line) : line;
    },
    onProgress: (sequence, lastSequence) => progress.show(sequence, lastSequence),
  });
  for (;;) {
    const step = steps.next();
    if (piece.length >= PIECE_CHARS || step.done === true) {
      if (file === undefined) await writeText(standardOutput, piece);
      else appendFileSync(file, piece);
      piece = '';
    }
    if (step.done !== true) continue;
    if (file !== undefined) closeSync(file);
    progress.clear();
    const { commands, lastSequence } = step.value;
    process.stderr.write(
      flags.json
        ? `${JSON.stringify({ events: records.count, commands, lastSequence })}\n`
        : `audit: ${records.count} events of ${commands} commands, up to sequence ${lastSequence}\n`,
    );
    return;
  }
}
