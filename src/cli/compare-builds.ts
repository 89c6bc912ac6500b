/**
 * Two builds over one journal: each replays it in a process of its own and prints hashes; the first that differ lead to a
 * block of commands, and in it to the command.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { CliError, ExitCode } from './failure.js';
import { lineBatches } from './line-batches.js';
import type { ReplayRun } from './print-replay.js';
import { ProgressLine } from './progress-line.js';
import { sideBySide } from './side-by-side.js';

/** Commands of a block: hashes are few on the way, and the second pass prints no more than these. */
const BLOCK_COMMANDS = 4096;
const MAX_LINE_CHARS = 1 << 20;
const MAIN = join('src', 'cli', 'main.js');

interface HashLine {
  readonly sequence: number;
  readonly outputHash: string;
}

interface CommandEvents {
  readonly sequence: number;
  readonly command: object;
  readonly events: readonly object[];
}

/**
 * Compares this build with the one in `otherDirectory` (its root, or its dist) over the journal up to `toSequence` (all)
 * and prints what was found; returns the exit code, 3 when they differ.
 */
export async function compareBuilds(
  run: ReplayRun,
  otherDirectory: string,
  toSequence: number | undefined,
  isJson: boolean,
  output: Writable,
): Promise<number> {
  const mains = [fileURLToPath(new URL('main.js', import.meta.url)), mainOf(otherDirectory)] as const;
  // A node may be writing: both builds go up to the same command.
  const { lastSequence } = recover(openStorage(run.directory, 'positional'));
  const last = Math.min(toSequence ?? lastSequence, lastSequence);
  const upTo = (sequence: number) => ['--data-dir', run.dataDir, '--to-sequence', String(sequence)];

  const progress = new ProgressLine('compare', 'commands');
  const block =
    last === 0
      ? undefined
      : await firstDifferentHash(mains, [...upTo(last), '--hash-every', String(BLOCK_COMMANDS)], (done) =>
          progress.show(done, last),
        );
  if (block === undefined) {
    progress.clear();
    output.write(
      isJson
        ? `${JSON.stringify({ equal: true, commands: last })}\n`
        : `both builds answer all ${last} commands alike\n`,
    );
    return ExitCode.ok;
  }
  const first = Math.floor((block.sequence - 1) / BLOCK_COMMANDS) * BLOCK_COMMANDS + 1;
  const within = [...upTo(block.sequence), '--hash-every', '1', '--from-sequence', String(first)];
  const found = await firstDifferentHash(mains, within, () => {});
  progress.clear();
  // The blocks differed, so that a command in there must; a build that answers differently every time is the exception.
  if (found === undefined) {
    throw new CliError(
      `the builds differ in commands ${first} to ${block.sequence} in one replay and not in the next; one of them does not repeat itself`,
      ExitCode.corruption,
    );
  }
  const asked = ['--data-dir', run.dataDir, '--events-of', String(found.sequence)];
  const [own, other] = await Promise.all(mains.map((main) => eventsOf(main, asked)));
  output.write(isJson ? differenceJson(own!, other!) : differenceText(own!, other!, otherDirectory));
  return ExitCode.corruption;
}

function mainOf(directory: string): string {
  for (const main of [join(directory, 'dist', MAIN), join(directory, MAIN)]) {
    if (existsSync(main)) return resolve(main);
  }
  throw new CliError(
    `${directory} holds no build (there is no ${join(directory, 'dist', MAIN)}); name the directory of one`,
    ExitCode.usage,
  );
}

/** The first hash of the second build that is not that of the first; undefined = all are equal. */
async function firstDifferentHash(
  mains: readonly [string, string],
  args: readonly string[],
  onEqual: (sequence: number) => void,
): Promise<HashLine | undefined> {
  const [own, other] = mains.map((main) => new BuildReplay(main, args));
  const [ownHashes, otherHashes] = [own!.hashes(), other!.hashes()];
  try {
    for (;;) {
      const [left, right] = await Promise.all([ownHashes.next(), otherHashes.next()]);
      if (left.done === true && right.done === true) return undefined;
      if (left.done === true || right.done === true || left.value.sequence !== right.value.sequence) {
        throw new CliError('the builds replay different numbers of commands; is the journal being changed?');
      }
      if (left.value.outputHash !== right.value.outputHash) return right.value;
      onEqual(left.value.sequence);
    }
  } finally {
    own!.stop();
    other!.stop();
  }
}

async function eventsOf(main: string, args: readonly string[]): Promise<CommandEvents> {
  const replay = new BuildReplay(main, args);
  try {
    let text = '';
    for await (const line of replay.lines()) text += line;
    return JSON.parse(text) as CommandEvents;
  } finally {
    replay.stop();
  }
}

/** The replay of a build in a process of its own. */
class BuildReplay {
  private readonly main: string;
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;
  private errorText = '';

  constructor(main: string, args: readonly string[]) {
    this.main = main;
    this.child = spawn(process.execPath, [main, 'replay', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.errorText += text;
    });
    this.ended = new Promise((settle, fail) => {
      this.child.on('error', fail);
      this.child.on('close', settle);
    });
    // Whoever reads the lines is told; one that was stopped is nobody's.
    this.ended.catch(() => {});
  }

  /** The lines that it prints. Throws CliError when it ends in a failure. */
  async *lines(): AsyncGenerator<string> {
    for await (const batch of lineBatches(this.child.stdout!, MAX_LINE_CHARS)) {
      for (const line of batch) if (line !== undefined && line !== '') yield line;
    }
    if ((await this.ended) === ExitCode.ok) return;
    const reason = this.errorText.trim().split('\n')[0] ?? '';
    throw new CliError(`${this.main} replay failed: ${reason}`);
  }

  async *hashes(): AsyncGenerator<HashLine> {
    for await (const line of this.lines()) yield JSON.parse(line) as HashLine;
  }

  stop(): void {
    this.child.kill();
  }
}

function differenceJson(own: CommandEvents, other: CommandEvents): string {
  const { sequence, command } = own;
  const report = { equal: false, sequence, command, events: own.events, otherEvents: other.events };
  return `${JSON.stringify(report)}\n`;
}

function differenceText(own: CommandEvents, other: CommandEvents, otherDirectory: string): string {
  return (
    `first command that the builds answer differently: ${own.sequence}\n${JSON.stringify(own.command)}\n` +
    sideBySide(['this build', otherDirectory], own.events, other.events)
  );
}
