/** Reads a file of order flow, gzipped or not, piece by piece: any size of file in little memory. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { refuseDirectory } from '../refuse-directory.js';
import { type FlowCommand, type FlowCounts, ImportError } from './flow-command.js';
import { ItchFlow } from './itch.js';
import { LobsterFlow } from './lobster.js';

export type FlowFormat = 'lobster' | 'itch';

export interface FlowFile {
  /** The commands, in batches as they are read. Throws ImportError that names the file and the place. */
  batches(): AsyncGenerator<FlowCommand[]>;
  /** What became of the records read so far. */
  readonly counts: FlowCounts;
  /** Symbol of the instrument; for an ITCH file without a named stock known after the first batch. */
  readonly symbol: string;
}

/**
 * Opens `path`. `symbol` is the stock ('' = the first one of an ITCH file, the start of the name of a LOBSTER file);
 * the orders are dealt to `accounts` accounts.
 */
export function openFlowFile(path: string, format: FlowFormat, accounts: number, symbol: string): FlowFile {
  const source = openFile(path);
  return format === 'lobster'
    ? lobsterFile(path, source, accounts, symbol)
    : itchFile(path, source, accounts, symbol);
}

function openFile(path: string): Readable {
  refuseDirectory(path);
  const start = Buffer.alloc(2);
  const descriptor = openSync(path, 'r');
  readSync(descriptor, start, 0, 2, 0);
  closeSync(descriptor);
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (start[0] !== 0x1f || start[1] !== 0x8b) return file;
  const unzipped = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => unzipped.destroy(error));
  return file.pipe(unzipped);
}

function lobsterFile(path: string, source: Readable, accounts: number, symbol: string): FlowFile {
  const flow = new LobsterFlow(accounts);
  async function* batches(): AsyncGenerator<FlowCommand[]> {
    let rest = '';
    for await (const chunk of naming(path, source)) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop()!;
      yield commandsOf(path, lines, flow);
    }
    if (rest !== '') yield commandsOf(path, [rest], flow);
  }
  return { batches, counts: flow.counts, symbol: symbol === '' ? symbolOfName(path) : symbol };
}

function commandsOf(path: string, lines: readonly string[], flow: LobsterFlow): FlowCommand[] {
  const commands: FlowCommand[] = [];
  try {
    for (const line of lines) {
      const command = flow.command(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (command !== undefined) commands.push(command);
    }
  } catch (error) {
    throw inFile(path, error);
  }
  return commands;
}

function itchFile(path: string, source: Readable, accounts: number, symbol: string): FlowFile {
  const flow = new ItchFlow(accounts, symbol);
  async function* batches(): AsyncGenerator<FlowCommand[]> {
    let rest = Buffer.alloc(0);
    for await (const chunk of naming(path, source)) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const commands: FlowCommand[] = [];
      let offset = 0;
      try {
        while (offset + 2 <= bytes.length) {
          const length = view.getUint16(offset);
          if (offset + 2 + length > bytes.length) break;
          const command = length === 0 ? undefined : flow.command(view, offset + 2, length);
          if (command !== undefined) commands.push(command);
          offset += 2 + length;
        }
      } catch (error) {
        throw inFile(path, error);
      }
      rest = Buffer.from(bytes.subarray(offset));
      yield commands;
    }
    if (rest.length > 0)
      throw new ImportError(
        `${path}: the last message is cut short; the file is not complete or not ITCH 5.0`,
      );
  }
  return {
    batches,
    counts: flow.counts,
    get symbol() {
      return flow.symbol;
    },
  };
}

/** The chunks of a stream; its errors name the file. */
async function* naming(path: string, source: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) yield chunk as Buffer;
  } catch (error) {
    throw inFile(path, error);
  }
}

function inFile(path: string, error: unknown): Error {
  const message = (error as Error).message;
  return error instanceof ImportError || message.includes(path)
    ? new ImportError(`${path}: ${message}`)
    : new ImportError(`${path}: cannot be read: ${message}`);
}

/** `AAPL_2012-06-21_..._message_50.csv.gz` -> `AAPL`. */
function symbolOfName(path: string): string {
  return /^([A-Z][A-Z0-9]{0,11})[_.]/.exec(basename(path))?.[1] ?? 'FLOW';
}
