/** What `replay` runs. */
import type { Writable } from 'node:stream';
import { type ReplayResult, replayJournal } from '../../replay/replay-journal.js';
import { checkedInteger, checkedTimeUs } from './checked-flags.js';
import { compareBuilds } from './compare-builds.js';
import { coreOf } from './core-of.js';
import { type CorrectFlags, correctFromFlags } from './correct-from-flags.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { printEventsOf, printHashes, type ReplayRun } from './print-replay.js';
import { ProgressLine } from './progress-line.js';

export interface ReplayFlags extends CorrectFlags {
  readonly toSequence?: string;
  readonly at?: string;
  readonly expect?: string;
  readonly compareWith?: string;
  readonly hashEvery?: string;
  readonly fromSequence?: string;
  readonly eventsOf?: string;
}

const CORRECTION_FLAGS: readonly (keyof ReplayFlags)[] = ['skip', 'patch', 'into'];

/** Which flags go with which: of each pair that is named here only one may be given. */
const EXCLUDED: readonly (readonly [keyof ReplayFlags, readonly (keyof ReplayFlags)[]])[] = [
  ['toSequence', ['at', 'eventsOf', ...CORRECTION_FLAGS]],
  ['at', ['compareWith', 'hashEvery', 'eventsOf', ...CORRECTION_FLAGS]],
  ['expect', ['compareWith', 'hashEvery', 'eventsOf', ...CORRECTION_FLAGS]],
  ['compareWith', ['hashEvery', 'fromSequence', 'eventsOf', ...CORRECTION_FLAGS]],
  ['hashEvery', ['eventsOf', ...CORRECTION_FLAGS]],
  ['eventsOf', ['fromSequence', ...CORRECTION_FLAGS]],
];

/** Replays the journal and prints the result; returns the exit code. */
export async function replayFromFlags(flags: ReplayFlags, output: Writable): Promise<number> {
  refuseMixture(flags);
  if (CORRECTION_FLAGS.some((key) => flags[key] !== undefined)) {
    correctFromFlags(flags, output);
    return ExitCode.ok;
  }
  const isSequence = (flag: string, value: string) => checkedInteger(flag, value, 1, Number.MAX_SAFE_INTEGER);
  const dataDir = dataDirOf(flags);
  const run = { dataDir, directory: journalOf(dataDir) };
  const toSequence =
    flags.toSequence === undefined ? undefined : isSequence('--to-sequence', flags.toSequence);
  if (flags.eventsOf !== undefined) {
    await printEventsOf(run, isSequence('--events-of', flags.eventsOf), output);
    return ExitCode.ok;
  }
  if (flags.compareWith !== undefined) {
    return await compareBuilds(run, flags.compareWith, toSequence, flags.json === true, output);
  }
  if (flags.hashEvery !== undefined) {
    const every = isSequence('--hash-every', flags.hashEvery);
    const fromSequence = isSequence('--from-sequence', flags.fromSequence ?? '1');
    await printHashes(run, { every, fromSequence, toSequence }, output);
    return ExitCode.ok;
  }
  if (flags.fromSequence !== undefined) {
    throw new CliError('--from-sequence goes with --hash-every only; give that too', ExitCode.usage);
  }
  return printResult(flags, run, output);
}

function printResult(flags: ReplayFlags, run: ReplayRun, output: Writable): number {
  const expected = flags.expect?.toLowerCase();
  if (expected !== undefined && !/^[0-9a-f]{16}$/.test(expected)) {
    throw new CliError(
      `--expect: "${flags.expect}" is not a state hash; allowed: 16 hexadecimal digits`,
      ExitCode.usage,
    );
  }
  const until = {
    ...(flags.toSequence === undefined
      ? {}
      : { toSequence: checkedInteger('--to-sequence', flags.toSequence, 1, Number.MAX_SAFE_INTEGER) }),
    ...(flags.at === undefined ? {} : { atTimeUs: checkedTimeUs('--at', flags.at) }),
  };
  const progress = new ProgressLine('replay', 'commands');
  const result = replayJournal({
    directory: run.directory,
    core: coreOf(run.dataDir),
    ...until,
    onProgress: (sequence, lastSequence) => progress.show(sequence, lastSequence),
  });
  progress.clear();
  output.write(flags.json ? `${JSON.stringify(result)}\n` : resultText(result));
  if (expected === undefined || expected === result.stateHash) return ExitCode.ok;
  throw new CliError(
    `the state hash after command ${result.lastSequence} is ${result.stateHash}, not ${expected}`,
    ExitCode.corruption,
  );
}

function resultText(result: ReplayResult): string {
  const time = result.lastTimestampUs === 0 ? '' : ` at ${isoTime(result.lastTimestampUs)}`;
  return (
    `${result.commands.toLocaleString('en-US')} commands in ${(result.elapsedMs / 1000).toFixed(3)} s ` +
    `(${Math.round(result.perSecond).toLocaleString('en-US')}/s)\n` +
    `last sequence  ${result.lastSequence}${time}, epoch ${result.epoch}\n` +
    `state hash     ${result.stateHash}\n` +
    `output hash    ${result.outputHash}\n`
  );
}

function refuseMixture(flags: ReplayFlags): void {
  for (const [flag, others] of EXCLUDED) {
    const other = others.find((key) => flags[key] !== undefined);
    if (flags[flag] === undefined || other === undefined) continue;
    throw new CliError(
      `${flagName(flag)} and ${flagName(other)} exclude each other; give one of them`,
      ExitCode.usage,
    );
  }
}

function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
