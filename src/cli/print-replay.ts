/** What one replay prints for another program to compare: hashes on the way, or one command with its events. */
import type { Writable } from 'node:stream';
import { slotJson } from '../../journal/cat.js';
import { replayAsOf } from '../../replay/as-of.js';
import { replayInBatches } from '../../replay/replay-journal.js';
import { readInt64 } from '../base/int64.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../wire/slot.js';
import { WireError } from '../wire/wire-error.js';
import { coreOf } from './core-of.js';
import { writeText } from './write-text.js';

export interface ReplayRun {
  readonly dataDir: string;
  /** Its journal directory. */
  readonly directory: string;
}

const PIECE_CHARS = 16_384;

/**
 * Prints `{"sequence":N,"outputHash":H}` after every command whose sequence is a multiple of `every`, from
 * `fromSequence` on, and after the last one. The hash runs over all events from the first command on.
 */
export async function printHashes(
  run: ReplayRun,
  range: { readonly every: number; readonly fromSequence: number; readonly toSequence: number | undefined },
  output: Writable,
): Promise<void> {
  const { every, fromSequence, toSequence } = range;
  const lineOf = (sequence: number, outputHash: string) => `${JSON.stringify({ sequence, outputHash })}\n`;
  let piece = '';
  let printed = 0;
  const steps = replayInBatches({
    directory: run.directory,
    core: coreOf(run.dataDir),
    ...(toSequence === undefined ? {} : { toSequence }),
    onCommand: (words, at, _events, logic) => {
      const sequence = readInt64(words, at + HeaderWord.sequence);
      if (sequence < fromSequence || sequence % every !== 0) return;
      piece += lineOf(sequence, logic.outputHash());
      printed = sequence;
    },
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true && step.value.lastSequence !== printed) {
      piece += lineOf(step.value.lastSequence, step.value.outputHash);
    }
    if (piece.length >= PIECE_CHARS || (step.done === true && piece !== '')) {
      await writeText(output, piece);
      piece = '';
    }
    if (step.done === true) return;
  }
}

/** Prints `{"sequence":N,"command":{...},"events":[...]}`. Throws MomentError where there is no such command. */
export async function printEventsOf(run: ReplayRun, sequence: number, output: Writable): Promise<void> {
  let command = '';
  let answered: string[] = [];
  const steps = replayAsOf({
    directory: run.directory,
    moment: { sequence },
    core: coreOf(run.dataDir),
    from: { sequence: sequence - 1 },
    onCommand: (words, at, events) => {
      if (readInt64(words, at + HeaderWord.sequence) !== sequence) return;
      command = commandJson(words, at);
      answered = Array.from({ length: events.count }, (_, i) => slotJson(events.words, i * SLOT_WORDS));
    },
  });
  while (steps.next().done !== true);
  await writeText(output, `{"sequence":${sequence},"command":${command},"events":[${answered.join(',')}]}\n`);
}

/** A journal may hold commands that only another release understands; the engine has rejected them. */
function commandJson(words: Int32Array, at: number): string {
  try {
    return slotJson(words, at);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return JSON.stringify({ type: 'unknown', templateId: templateOf(words[at]!) });
  }
}
