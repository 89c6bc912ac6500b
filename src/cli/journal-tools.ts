/** What the `journal` commands run. */
import { existsSync, readFileSync } from 'node:fs';
import { catRecords } from '../../journal/cat.js';
import { digestJournal, formatDigest, parseDigest } from '../../journal/digest.js';
import { listSegments } from '../../journal/ls.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openStorage } from '../../journal/open-storage.js';
import { verifyJournal } from '../../journal/verify.js';
import { nodeKeyFile } from '../node/node-key.js';
import { checkedInteger, checkedTimeUs } from './checked-flags.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';
import { writeText } from './write-text.js';

interface JournalFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

const PIECE_CHARS = 65_536;

/** Reading tools use plain reads: a mapping of a file that another process cuts short could end this one. */
function storageOf(flags: JournalFlags) {
  return openStorage(journalOf(dataDirOf(flags)), 'positional');
}

/** Checks the journal and prints the report; returns the exit code. */
export function verifyFromFlags(flags: JournalFlags & { publicKey?: string; digest?: string }): number {
  const progress = new ProgressLine('verify', 'segments');
  const report = verifyJournal(storageOf(flags), {
    onProgress: (done, total) => progress.show(done, total),
    publicKey: publicKeyOf(flags),
    ...(flags.digest === undefined ? {} : { digest: checkedDigest(flags.digest) }),
  });
  progress.clear();
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    for (const problem of report.problems) process.stderr.write(`ringfence: ${problem.message}\n`);
    const torn =
      report.tornBytes === 0 ? '' : `, torn tail of ${report.tornBytes} bytes (never acknowledged)`;
    process.stdout.write(
      `${report.ok ? 'whole' : 'DAMAGED'}: ${report.segments} segments, ${report.frames} frames, ${report.records} commands ` +
        `(${report.firstSequence}..${report.lastSequence}), epoch ${report.epoch}, durable up to ${report.durableSequence}${torn}\n`,
    );
    const { segments, snapshots, pending, keys, removedThrough } = report.manifest;
    if (removedThrough > 0) {
      process.stdout.write(
        `history begins at command ${report.firstSequence}: retention has removed 1..${removedThrough}\n`,
      );
    }
    const signed = keys.length === 0 ? '' : ` by ${keys.join(', ')}`;
    process.stdout.write(
      `manifest: ${segments} sealed segments and ${snapshots} snapshots signed${signed}, ${pending} segments not yet\n`,
    );
    if (report.ok && flags.digest !== undefined) process.stdout.write('unchanged since the digest\n');
  }
  return report.ok ? ExitCode.ok : ExitCode.corruption;
}

/** The key that must have signed the manifest: the one that was named, or that of the data directory; '' = not known. */
function publicKeyOf(flags: JournalFlags & { publicKey?: string }): string {
  if (flags.publicKey === undefined) {
    const path = nodeKeyFile(dataDirOf(flags));
    return existsSync(path) ? signerOf(readFileSync(path, 'utf8')).publicKey : '';
  }
  if (/^[0-9a-f]{64}$/.test(flags.publicKey)) return flags.publicKey;
  throw new CliError(
    `--public-key: "${flags.publicKey}" is no key; allowed: 64 hexadecimal digits`,
    ExitCode.usage,
  );
}

function checkedDigest(text: string) {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  throw new CliError(
    `--digest: "${text}" is no digest; give what "ringfence journal digest" has printed (rf1-...)`,
    ExitCode.usage,
  );
}

/** Prints the digest of the journal up to a command. */
export function digestFromFlags(flags: JournalFlags & { at?: string }): void {
  const { at } = flags;
  const isSequence = at !== undefined && /^[0-9]+$/.test(at);
  const digest = digestJournal(storageOf(flags), {
    ...(isSequence ? { toSequence: checkedInteger('--at', at, 0, Number.MAX_SAFE_INTEGER) } : {}),
    ...(at !== undefined && !isSequence ? { atTimeUs: checkedTimeUs('--at', at) } : {}),
  });
  const text = formatDigest(digest);
  process.stdout.write(flags.json ? `${JSON.stringify({ digest: text, ...digest })}\n` : `${text}\n`);
}

/** Prints the segments. */
export function listFromFlags(flags: JournalFlags): void {
  const segments = listSegments(storageOf(flags));
  if (flags.json) {
    for (const segment of segments) process.stdout.write(`${JSON.stringify(segment)}\n`);
    return;
  }
  const first = segments[0]?.firstSequence ?? 1;
  if (first > 1) process.stdout.write(`history begins at command ${first}: what was before it was removed\n`);
  process.stdout.write(
    'segment                                   bytes  first sequence   last sequence  epoch  state\n',
  );
  for (const segment of segments) {
    process.stdout.write(
      `${segment.file.padEnd(36)} ${String(segment.bytes).padStart(10)} ${String(segment.firstSequence).padStart(15)} ` +
        `${String(segment.lastSequence).padStart(15)} ${String(segment.epoch).padStart(6)}  ${segment.isSealed ? 'sealed' : 'open'}\n`,
    );
  }
}

/** Prints decoded commands. */
export async function catFromFlags(
  flags: JournalFlags & { from?: string; to?: string; fromTime?: string; toTime?: string },
): Promise<void> {
  const last = Number.MAX_SAFE_INTEGER;
  const range = {
    ...(flags.from === undefined ? {} : { fromSequence: checkedInteger('--from', flags.from, 1, last) }),
    ...(flags.to === undefined ? {} : { toSequence: checkedInteger('--to', flags.to, 1, last) }),
    ...(flags.fromTime === undefined ? {} : { fromTimeUs: checkedTimeUs('--from-time', flags.fromTime) }),
    ...(flags.toTime === undefined ? {} : { toTimeUs: checkedTimeUs('--to-time', flags.toTime) }),
  };
  let piece = '';
  for (const line of catRecords(storageOf(flags), range)) {
    piece += `${line}\n`;
    if (piece.length < PIECE_CHARS) continue;
    await writeText(process.stdout, piece);
    piece = '';
  }
  if (piece !== '') await writeText(process.stdout, piece);
}
