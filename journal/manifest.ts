/**
 * `manifest.jsonl`: one line for each sealed segment, in order. A line tells what the segment was when it was sealed, names
 * the SHA-256 of the line before, and is signed with the key of the node: a segment, a line or the order of lines cannot
 * be changed afterwards without the key.
 */
import { createHash } from 'node:crypto';
import { JournalCorruptionError } from './errors.js';
import { isSignedBy, type ManifestSigner } from './manifest-key.js';
import { replaceFile } from './replace-file.js';
import type { JournalIdentity } from './segment.js';
import type { SegmentSum } from './segment-sum.js';
import { readFully, type Storage } from './storage.js';

export const MANIFEST_FILE = 'manifest.jsonl';
const MANIFEST_FORMAT = 1;
const SIGNED_AS = 'ringfence journal manifest 1\n';
const NO_LINE = '0'.repeat(64);

/** What is known of a segment when it is sealed. */
export interface SealedSegment extends SegmentSum {
  readonly segment: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain after its last record. */
  readonly chain: number;
  readonly bytes: number;
}

export interface ManifestEntry extends SealedSegment {
  readonly clusterId: string;
  readonly nodeId: number;
  /** SHA-256 of the line before; zeros in the first line. */
  readonly previous: string;
  /** Public key of the signer, hexadecimal. */
  readonly key: string;
  readonly signature: string;
  /** The line as it stands in the file, and where. */
  readonly line: string;
  readonly offset: number;
}

/**
 * All lines; none when there is no manifest. Reads, and checks no signature: see `manifestFaults`.
 * @throws JournalCorruptionError for a line that is no entry
 */
export function readManifest(storage: Storage): ManifestEntry[] {
  if (!storage.exists(MANIFEST_FILE)) return [];
  const file = storage.openForRead(MANIFEST_FILE);
  const bytes = new Uint8Array(file.bytes);
  try {
    readFully(file, 0, bytes, 0, bytes.length);
  } finally {
    file.close();
  }
  const entries: ManifestEntry[] = [];
  let offset = 0;
  for (const line of new TextDecoder('latin1').decode(bytes).split('\n')) {
    if (line !== '') entries.push(parseLine(line, offset));
    offset += line.length + 1;
  }
  return entries;
}

/** Adds a line, durable when this returns. */
export function appendToManifest(
  storage: Storage,
  entries: readonly ManifestEntry[],
  sealed: SealedSegment,
  identity: JournalIdentity,
  signer: ManifestSigner,
): ManifestEntry {
  const last = entries.at(-1);
  const { segment, firstSequence, lastSequence, chain, bytes, sha256, pieces } = sealed;
  const unsigned = JSON.stringify({
    format: MANIFEST_FORMAT,
    segment,
    firstSequence,
    lastSequence,
    chain,
    bytes,
    sha256,
    pieces,
    clusterId: identity.clusterId.toString(),
    nodeId: identity.nodeId,
    previous: last === undefined ? NO_LINE : sha256Of(last.line),
    key: signer.publicKey,
  });
  const signature = signer.sign(SIGNED_AS + unsigned);
  const line = `${unsigned.slice(0, -1)},"signature":"${signature}"}`;
  const lines = [...entries.map((entry) => entry.line), line];
  replaceFile(storage, MANIFEST_FILE, `${lines.join('\n')}\n`);
  return parseLine(line, last === undefined ? 0 : last.offset + last.line.length + 1);
}

/**
 * What is wrong with the lines themselves: signatures, order, links.
 * @param publicKey the key that must have signed; '' = whichever a line names
 */
export function manifestFaults(
  entries: readonly ManifestEntry[],
  publicKey: string,
): JournalCorruptionError[] {
  const faults: JournalCorruptionError[] = [];
  let previous: ManifestEntry | undefined;
  for (const entry of entries) {
    const wanted = previous === undefined ? NO_LINE : sha256Of(previous.line);
    const follows = previous === undefined ? entry.firstSequence === 1 : isAfter(entry, previous);
    if (entry.previous !== wanted || !follows) {
      faults.push(fault(entry, 'the line after the one before', `a line about ${entry.segment}`));
    } else if (publicKey !== '' && entry.key !== publicKey) {
      faults.push(fault(entry, `the key ${publicKey}`, entry.key));
    } else if (!isSignedBy(entry.key, SIGNED_AS + unsignedPart(entry.line), entry.signature)) {
      faults.push(fault(entry, `a signature of ${entry.segment} by ${entry.key}`, 'another one'));
    }
    previous = entry;
  }
  return faults;
}

function isAfter(entry: ManifestEntry, previous: ManifestEntry): boolean {
  return entry.firstSequence === previous.lastSequence + 1;
}

function unsignedPart(line: string): string {
  return `${line.slice(0, line.lastIndexOf(',"signature":'))}}`;
}

function parseLine(line: string, offset: number): ManifestEntry {
  let entry: ManifestEntry | undefined;
  try {
    entry = { ...(JSON.parse(line) as ManifestEntry), line, offset };
  } catch {
    entry = undefined;
  }
  const isEntry =
    entry !== undefined &&
    [entry.segment, entry.sha256, entry.previous, entry.key, entry.signature].every(
      (text) => typeof text === 'string',
    ) &&
    [entry.firstSequence, entry.lastSequence, entry.chain, entry.bytes].every(Number.isSafeInteger) &&
    Array.isArray(entry.pieces);
  if (isEntry) return entry!;
  throw new JournalCorruptionError(MANIFEST_FILE, offset, 'a line about a segment', line.slice(0, 40));
}

function fault(entry: ManifestEntry, expected: string, found: string): JournalCorruptionError {
  return new JournalCorruptionError(MANIFEST_FILE, entry.offset, expected, found);
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
