/** The public conformance workload (see README.md here) as a tape of commands. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ReplaceFlag, Side, TimeInForce } from '../src/core/codes.js';
import { CommandTape } from './command-tape.js';

const HEADER_BYTES = 16;
const RECORD_BYTES = 40;
const RecordType = { newOrder: 0, cancel: 1, modify: 2 } as const;

/**
 * Reads a workload file, gzipped or not: a 16-byte header with the record count at 12, then 40-byte little-endian
 * records. Record n becomes command setupCount + 1 + n; a modify is a replace that reinserts; the account comes from
 * the order id. Throws when the file is not of this form.
 */
export function workloadTape(file: string, accounts: number): CommandTape {
  const raw = readFileSync(file);
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  const count = bytes.length < HEADER_BYTES ? -1 : bytes.readUInt32LE(12);
  if (bytes.length !== HEADER_BYTES + count * RECORD_BYTES) throw new Error(`${file} is not a workload file`);
  const tape = new CommandTape(accounts, count);
  for (let n = 0; n < count; n += 1) {
    const at = HEADER_BYTES + n * RECORD_BYTES;
    const type = bytes.readUInt8(at);
    const side = bytes.readUInt8(at + 1) === 0 ? Side.buy : Side.sell;
    const quantity = bytes.readUInt32LE(at + 4);
    const id = Number(bytes.readBigUInt64LE(at + 16));
    const price = Number(bytes.readBigInt64LE(at + 24));
    const account = 1 + (id % accounts);
    if (type === RecordType.newOrder) {
      const timeInForce = bytes.readUInt8(at + 2) === 1 ? TimeInForce.IOC : TimeInForce.GTC;
      tape.newOrder(account, id, side, price, quantity, timeInForce);
    } else if (type === RecordType.cancel) {
      tape.cancelOrder(account, id);
    } else if (type === RecordType.modify) {
      tape.replaceOrder(account, id, price, quantity, ReplaceFlag.reinsert);
    } else {
      throw new Error(`${file}: record ${n} has type ${type}`);
    }
  }
  return tape;
}

/** The report hash published for a workload file, from expected.txt beside it; undefined when there is none. */
export function expectedReportHash(file: string): string | undefined {
  const list = join(dirname(file), 'expected.txt');
  if (!existsSync(list)) return undefined;
  for (const line of readFileSync(list, 'latin1').trim().split('\n')) {
    const [hash, scenario] = line.trim().split(/\s+/);
    if (scenario !== undefined && basename(file).startsWith(`orders_${scenario}_`)) return hash;
  }
  return undefined;
}
