/** What `replay` runs. */
import type { Writable } from 'node:stream';
import { type ReplayResult, replayJournal } from '../../replay/replay-journal.js';
import { tuneCompiler } from '../runtime/compiler-flags.js';
import { checkedInteger, checkedTimeUs } from './checked-flags.js';
import { compareBuilds } from './compare-builds.js';
import { coreOf } from './core-of.js';
import { type CorrectFlags, correctFromFlags } from './correct-from-flags.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { printEventsOf, printHashes } from './print-replay.js';
import { ProgressLine } from './progress-line.js';

export interface ReplayFlags extends CorrectFlags {
  readonly toSequence?: string;
  readonly at?: string;
  readonly expect?: string;
  readonly compareWith?: string;
  readonly hashEvery?: string;
  readonly fromSequence?: string;
  readonly eventsOf?: string;
  readonly full?: boolean;
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
  tuneCompiler();
  refuseMixture(flags);
  if (CORRECTION_FLAGS.some((key) => flags[key] !== undefined)) {
    correctFromFlags(flags, output);
    return ExitCode.ok;
  }
  const toSequence = sequenceOf('--to-sequence', flags.toSequence);
  const eventsOf = sequenceOf('--events-of', flags.eventsOf);
  const every = sequenceOf('--hash-every', flags.hashEvery);
  const fromSequence = sequenceOf('--from-sequence', flags.fromSequence);
  if (fromSequence !== undefined && every === undefined) {
    throw new CliError('--from-sequence goes with --hash-every only; give that too', ExitCode.usage);
  }
  const atTimeUs = flags.at === undefined ? undefined : checkedTimeUs('--at', flags.at);
  const expected = hashOf('--expect', flags.expect);
  const dataDir = dataDirOf(flags);
  const run = { dataDir, directory: journalOf(dataDir) };
  if (eventsOf !== undefined) {
    await printEventsOf(run, eventsOf, output);
    return ExitCode.ok;
  }
  if (flags.compareWith !== undefined) {
    return await compareBuilds(run, flags.compareWith, toSequence, flags.json === true, output);
  }
  if (every !== undefined) {
    await printHashes(run, { every, fromSequence: fromSequence ?? 1, toSequence }, output);
    return ExitCode.ok;
  }
  const progress = new ProgressLine('replay', 'commands');
  const result = replayJournal({
    directory: run.directory,
    core: coreOf(run.dataDir),
    ...(toSequence === undefined ? {} : { toSequence }),
    ...(atTimeUs === undefined ? {} : { atTimeUs }),
    // The whole journal is replayed to see that it gives what it gave; a part of it, to get at that state.
    ...((toSequence ?? atTimeUs) === undefined || flags.full === true ? {} : { from: {} }),
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

function sequenceOf(flag: string, value: string | undefined): number | undefined {
  return value === undefined ? undefined : checkedInteger(flag, value, 1, Number.MAX_SAFE_INTEGER);
}

function hashOf(flag: string, value: string | undefined): string | undefined {
  if (value === undefined || /^[0-9a-fA-F]{16}$/.test(value)) return value?.toLowerCase();
  throw new CliError(
    `${flag}: "${value}" is not a state hash; allowed: 16 hexadecimal digits`,
    ExitCode.usage,
  );
}

function resultText(result: ReplayResult): string {
  const time = result.lastTimestampUs === 0 ? '' : ` at ${isoTime(result.lastTimestampUs)}`;
  return (
    `${result.commands.toLocaleString('en-US')} commands in ${(result.elapsedMs / 1000).toFixed(3)} s ` +
    `(${Math.round(result.perSecond).toLocaleString('en-US')}/s)\n` +
    (result.snapshotSequence === 0
      ? ''
      : `began with     the snapshot of command ${result.snapshotSequence}\n`) +
    result.refused.map(({ file, reason }) => `not used       ${file}: ${reason}\n`).join('') +
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
