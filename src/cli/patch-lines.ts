/** Corrections of a journal from flags: sequences to skip, and a file of commands to put in the place of others. */
import { readFileSync } from 'node:fs';
import type { Correction } from '../../replay/correct-journal.js';
import { readInt64, writeInt64 } from '../base/int64.js';
import type { Core } from '../core/core.js';
import { offsetOf } from '../wire/schema.js';
import { HeaderWord } from '../wire/slot.js';
import { WireError } from '../wire/wire-error.js';
import { checkedInteger } from './checked-flags.js';
import { COMMAND_TYPES } from './exec/command-line-fields.js';
import { CommandSlot } from './exec/command-slot.js';
import { LineError } from './exec/line-error.js';
import type { LineObject } from './exec/line-fields.js';
import { listingsOf } from './exec/listings.js';
import { CliError, ExitCode } from './failure.js';
import { refuseDirectory } from './refuse-directory.js';

const CLIENT_SEQUENCE_WORD = HeaderWord.body + offsetOf('newOrder', 'clientSequence') / 4;
const TIME_FIELDS = ['time', 'timestampUs'];

/**
 * The corrections of `--skip` and `--patch`, by sequence.
 * @throws CliError that names the flag or line, what is wrong with it and what is allowed
 */
export function correctionsOf(
  skip: string | undefined,
  patchFile: string | undefined,
): Map<number, Correction> {
  const corrections = new Map<number, Correction>();
  const add = (sequence: number, correction: Correction, where: string) => {
    if (corrections.has(sequence)) {
      throw new CliError(`${where}: command ${sequence} is corrected twice; name it once`, ExitCode.usage);
    }
    corrections.set(sequence, correction);
  };
  for (const text of skip?.split(',') ?? []) {
    add(checkedInteger('--skip', text.trim(), 1, Number.MAX_SAFE_INTEGER), 'skip', '--skip');
  }
  if (patchFile !== undefined) {
    refuseDirectory(patchFile);
    for (const [i, text] of readFileSync(patchFile, 'utf8').split('\n').entries()) {
      if (text.trim() === '') continue;
      const where = `${patchFile}: line ${i + 1}`;
      const { sequence, command } = patchOf(text, where);
      add(sequence, command === 'skip' ? 'skip' : replacementOf(command, where), where);
    }
  }
  if (corrections.size === 0) {
    throw new CliError('there is nothing to correct; name commands with --skip or --patch', ExitCode.usage);
  }
  return corrections;
}

function patchOf(text: string, where: string): { sequence: number; command: 'skip' | LineObject } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new CliError(
      `${where} is not JSON; allowed: {"sequence":17,"command":{...} or "skip"}`,
      ExitCode.usage,
    );
  }
  const { sequence, command, ...others } = (parsed ?? {}) as Record<string, unknown>;
  const isCommand =
    command === 'skip' || (typeof command === 'object' && command !== null && !Array.isArray(command));
  if (!Number.isSafeInteger(sequence) || !isCommand || Object.keys(others).length > 0) {
    throw new CliError(
      `${where} is no patch; allowed: {"sequence":17,"command":{...} or "skip"} and no other field`,
      ExitCode.usage,
    );
  }
  return { sequence: sequence as number, command: command as 'skip' | LineObject };
}

/** The command of a line of `exec`. It keeps the time of the one it replaces, and its session and number unless it names others. */
function replacementOf(line: LineObject, where: string): Correction {
  const { type } = line;
  if (typeof type !== 'string' || !COMMAND_TYPES.includes(type)) {
    throw new CliError(
      `${where}: there is no command ${JSON.stringify(type)}; allowed types: ${COMMAND_TYPES.join(', ')}`,
      ExitCode.usage,
    );
  }
  for (const field of TIME_FIELDS) {
    if (line[field] === undefined) continue;
    throw new CliError(`${where}: ${field} cannot be changed; leave it out`, ExitCode.usage);
  }
  return (words: Int32Array, at: number, corrected: Core) => {
    const sessionId = words[at + HeaderWord.sessionId]!;
    const clientSequence = readInt64(words, at + CLIENT_SEQUENCE_WORD);
    // Prices and quantities are in units of the instruments that are listed by then.
    const slot = new CommandSlot(listingsOf(corrected));
    try {
      slot.encode(type, line, 0, 0);
    } catch (error) {
      if (error instanceof LineError || error instanceof WireError) {
        throw new CliError(`${where}: ${error.message}`, ExitCode.usage);
      }
      throw error;
    }
    words.set(slot.words, at);
    if (line['session'] === undefined) words[at + HeaderWord.sessionId] = sessionId;
    if (line['clientSequence'] === undefined) writeInt64(words, at + CLIENT_SEQUENCE_WORD, clientSequence);
  };
}
