/** What `import` runs. */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { checkedInteger } from './checked-flags.js';
import { CliError, ExitCode } from './failure.js';
import type { FlowCommand, FlowCounts } from './import/flow-command.js';
import { flowLine, flowSymbol, MAX_FLOW_ACCOUNTS, setupLines } from './import/flow-lines.js';
import { type FlowFile, type FlowFormat, openFlowFile } from './import/read-flow.js';
import { writeText } from './write-text.js';

export interface ImportFlags {
  readonly output?: string;
  readonly symbol?: string;
  readonly accounts: string;
  readonly setup: boolean;
  readonly to?: string;
  readonly adminTo?: string;
  readonly dataDir?: string;
  readonly keyFile?: string;
  readonly speed: string;
  readonly firstAccount: string;
  readonly json?: boolean;
}

const PIECE_CHARS = 65_536;

/** Imports `path`, as lines or to a running node, and tells on standard error what became of its records. */
export async function importFromFlags(format: FlowFormat, path: string, flags: ImportFlags): Promise<void> {
  const accounts = checkedInteger('--accounts', flags.accounts, 1, MAX_FLOW_ACCOUNTS);
  const stock = flags.symbol ?? '';
  if (stock !== '' && !/^[A-Z0-9][A-Z0-9.]{0,11}$/.test(stock)) {
    throw new CliError(
      `--symbol: "${stock}" is not a stock symbol; allowed: 1 to 12 of A-Z 0-9 .`,
      ExitCode.usage,
    );
  }
  const file = openFlowFile(path, format, accounts, stock);
  if (flags.to !== undefined || flags.dataDir !== undefined) {
    const { sendFlowFile } = await import('./send-flow-file.js');
    await sendFlowFile(file, accounts, flags);
  } else {
    const output = flags.output === undefined ? process.stdout : createWriteStream(flags.output);
    await writeLines(file, accounts, output, flags.setup);
    if (output !== process.stdout) await finished(output.end());
  }
  process.stderr.write(summaryText(path, file.counts));
}

async function writeLines(
  file: FlowFile,
  accounts: number,
  output: Writable,
  hasSetup: boolean,
): Promise<void> {
  let isFirst = true;
  for await (const commands of file.batches()) {
    if (commands.length === 0) continue;
    if (isFirst && hasSetup) await writeText(output, setupLines(file.symbol, accounts));
    isFirst = false;
    await writeCommands(commands, flowSymbol(file.symbol), output);
  }
}

async function writeCommands(
  commands: readonly FlowCommand[],
  symbol: string,
  output: Writable,
): Promise<void> {
  let piece = '';
  for (const command of commands) {
    piece += flowLine(command, symbol);
    if (piece.length < PIECE_CHARS) continue;
    await writeText(output, piece);
    piece = '';
  }
  if (piece !== '') await writeText(output, piece);
}

/** `FILE: 3 new orders ...`, one record kind a line. */
function summaryText(path: string, counts: FlowCounts): string {
  const names = Object.keys(counts).sort();
  const total = names.reduce((sum, name) => sum + counts[name]!, 0);
  const width = String(total).length;
  return `${path}: ${total} records\n${names.map((name) => `  ${String(counts[name]).padStart(width)} ${name}\n`).join('')}`;
}
