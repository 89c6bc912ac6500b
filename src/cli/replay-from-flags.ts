/** What `replay` runs. */
import type { Writable } from 'node:stream';
import { replayJournal } from '../../replay/replay-journal.js';
import { checkedInteger, checkedTimeUs } from './checked-flags.js';
import { coreOf } from './core-of.js';
import { type CorrectFlags, correctFromFlags } from './correct-from-flags.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';

export interface ReplayFlags extends CorrectFlags {
  readonly toSequence?: string;
  readonly at?: string;
}

/** Flags that say what a replay is for, each set of them apart from the others. */
const PURPOSES: readonly (readonly (keyof ReplayFlags)[])[] = [
  ['toSequence'],
  ['at'],
  ['skip', 'patch', 'into'],
];

/** Replays the journal and prints the result; returns the exit code. */
export async function replayFromFlags(flags: ReplayFlags, output: Writable): Promise<number> {
  refuseMixture(flags);
  if (flags.skip !== undefined || flags.patch !== undefined || flags.into !== undefined) {
    correctFromFlags(flags, output);
    return ExitCode.ok;
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
    output.write(`${JSON.stringify(result)}\n`);
    return ExitCode.ok;
  }
  const time = result.lastTimestampUs === 0 ? '' : ` at ${isoTime(result.lastTimestampUs)}`;
  output.write(
    `${result.commands.toLocaleString('en-US')} commands in ${(result.elapsedMs / 1000).toFixed(3)} s ` +
      `(${Math.round(result.perSecond).toLocaleString('en-US')}/s)\n` +
      `last sequence  ${result.lastSequence}${time}, epoch ${result.epoch}\n` +
      `state hash     ${result.stateHash}\n` +
      `output hash    ${result.outputHash}\n`,
  );
  return ExitCode.ok;
}

function refuseMixture(flags: ReplayFlags): void {
  const given = PURPOSES.flatMap((purpose) => purpose.filter((key) => flags[key] !== undefined).slice(0, 1));
  if (given.length < 2) return;
  const [first, second] = given.map(
    (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
  throw new CliError(`${first} and ${second} exclude each other; give one of them`, ExitCode.usage);
}
