/** The moment that a question about the past is asked for. */
import type { Command } from 'commander';
import type { Moment } from '../../replay/as-of.js';
import { checkedInteger, checkedTimeUs } from './checked-flags.js';
import { CliError, ExitCode } from './failure.js';

export interface MomentFlags {
  readonly at?: string;
  readonly atSequence?: string;
}

/** Adds `--at` and `--at-sequence`. */
export function addMomentFlags(command: Command): Command {
  return command
    .option('--at <time>', 'after the last command of this time (ISO 8601); default: now')
    .option('--at-sequence <n>', 'after this command');
}

/** The moment of the flags. Throws CliError for both flags at once and for values that are none. */
export function momentOf(flags: MomentFlags): Moment {
  if (flags.at !== undefined && flags.atSequence !== undefined) {
    throw new CliError('--at and --at-sequence exclude each other; give one of them', ExitCode.usage);
  }
  if (flags.at !== undefined) return { timeUs: checkedTimeUs('--at', flags.at) };
  if (flags.atSequence === undefined) return {};
  return { sequence: checkedInteger('--at-sequence', flags.atSequence, 1, Number.MAX_SAFE_INTEGER) };
}
