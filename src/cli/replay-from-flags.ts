/** What `replay` runs. */
import { replayJournal } from '../../replay/replay-journal.js';
import { checkedInteger, checkedTimeUs } from './checked-flags.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';

export interface ReplayFlags {
  readonly dataDir?: string;
  readonly toSequence?: string;
  readonly at?: string;
  readonly json?: boolean;
}

/** Replays the journal and prints the result. */
export function replayFromFlags(flags: ReplayFlags): void {
  if (flags.toSequence !== undefined && flags.at !== undefined) {
    throw new CliError('--to-sequence and --at exclude each other; give one of them', ExitCode.usage);
  }
  const until = {
    ...(flags.toSequence === undefined
      ? {}
      : { toSequence: checkedInteger('--to-sequence', flags.toSequence, 1, Number.MAX_SAFE_INTEGER) }),
    ...(flags.at === undefined ? {} : { atTimeUs: checkedTimeUs('--at', flags.at) }),
  };
  const progress = new ProgressLine('replay', 'commands');
  const dataDir = dataDirOf(flags);
  const result = replayJournal({
    directory: journalOf(dataDir),
    core: coreOf(dataDir),
    ...until,
    onProgress: (sequence, lastSequence) => progress.show(sequence, lastSequence),
  });
  progress.clear();
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const time = result.lastTimestampUs === 0 ? '' : ` at ${isoTime(result.lastTimestampUs)}`;
  process.stdout.write(
    `${result.commands.toLocaleString('en-US')} commands in ${(result.elapsedMs / 1000).toFixed(3)} s ` +
      `(${Math.round(result.perSecond).toLocaleString('en-US')}/s)\n` +
      `last sequence  ${result.lastSequence}${time}, epoch ${result.epoch}\n` +
      `state hash     ${result.stateHash}\n` +
      `output hash    ${result.outputHash}\n`,
  );
}
