/**
 * `manifest.jsonl`: signed statements about the journal, one on each line, in the order in which they were made. A line
 * names the SHA-256 of the line before and is signed with the key of the node: nothing that it vouches for, no line, and
 * no order of lines can be changed afterwards without the key. Kinds of lines:
 *
 * - a sealed segment, as it was when it was sealed; one for each, in order;
 * - a snapshot, as it was when it was taken;
 * - a removal: retention has taken the oldest segments away, so that the journal begins later from here on.
 */
import { createHash } from 'node:crypto';
import { JournalCorruptionError, JournalVersionError } from './errors.js';
import { isSignedBy, type ManifestSigner } from './manifest-key.js';
import { withManifestLock } from './manifest-lock.js';
import { replaceFile } from './replace-file.js';
import type { JournalIdentity } from './segment.js';
import type { SegmentSum } from './segment-sum.js';
import { readFully, type Storage } from './storage.js';

export const MANIFEST_FILE = 'manifest.jsonl';
/** Of a line about a segment; such lines stay readable for releases that know no other kind. */
const SEGMENT_FORMAT = 1;
/** Of the other kinds, and the newest format that this release reads. */
const FORMAT = 2;
const SIGNED_AS = 'ringfence journal manifest 1\n';
const NO_LINE = '0'.repeat(64);

/** What is known of a segment when it is sealed. */
export interface SealedSegment extends SegmentSum {
  readonly kind: 'segment';
  readonly segment: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain after its last record. */
  readonly chain: number;
  readonly bytes: number;
}

/** What is known of a snapshot when it is taken. */
export interface SignedSnapshot {
  readonly kind: 'snapshot';
  /** Name in the directory of snapshots. */
  readonly file: string;
  /** Last command that is in it. */
  readonly sequence: number;
  readonly bytes: number;
  /** Of all its bytes, hexadecimal. */
  readonly sha256: string;
}

/** The decision to remove segments; made durable before the first of them goes. */
export interface Removal {
  readonly kind: 'removal';
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Wall clock, epoch microseconds. */
  readonly atUs: number;
  /** The rule that they fell under. */
  readonly reason: string;
}

export type Statement = SealedSegment | SignedSnapshot | Removal;

interface Signed {
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

export type ManifestEntry = SealedSegment & Signed;
export type ManifestLine = Statement & Signed;

/**
 * All lines; none when there is no manifest. Reads, and checks no signature: see `manifestFaults`.
 * @throws JournalCorruptionError for a line that is no statement, JournalVersionError for one of a newer release
 */
export function readManifestLines(storage: Storage): ManifestLine[] {
  if (!storage.exists(MANIFEST_FILE)) return [];
  const file = storage.openForRead(MANIFEST_FILE);
  const bytes = new Uint8Array(file.bytes);
  try {
    readFully(file, 0, bytes, 0, bytes.length);
  } finally {
    file.close();
  }
  const lines: ManifestLine[] = [];
  let offset = 0;
  for (const line of new TextDecoder('latin1').decode(bytes).split('\n')) {
    if (line !== '') lines.push(parseLine(line, offset));
    offset += line.length + 1;
  }
  return lines;
}

/** The lines about segments, in order. */
export function readManifest(storage: Storage): ManifestEntry[] {
  return segmentEntries(readManifestLines(storage));
}

/** Those of the lines that are about segments. */
export function segmentEntries(lines: readonly ManifestLine[]): ManifestEntry[] {
  return lines.filter((line) => line.kind === 'segment');
}

/** Last command that retention has declared to be removed; 0 = none, the journal begins with its first command. */
export function removedThrough(lines: readonly ManifestLine[]): number {
  return lines.reduce(
    (last, line) => (line.kind === 'removal' ? Math.max(last, line.lastSequence) : last),
    0,
  );
}

/**
 * Adds a line, durable when this returns. Several threads and processes may do so: each takes the lock and reads what the
 * others have added.
 * @throws JournalLockedError when the lock is not given back within ten seconds
 */
export function appendToManifest(
  storage: Storage,
  statement: Statement,
  identity: JournalIdentity,
  signer: ManifestSigner,
): ManifestLine {
  return withManifestLock(storage, () => {
    const lines = readManifestLines(storage);
    const last = lines.at(-1);
    const unsigned = JSON.stringify({
      ...wireForm(statement),
      clusterId: identity.clusterId.toString(),
      nodeId: identity.nodeId,
      previous: last === undefined ? NO_LINE : sha256Of(last.line),
      key: signer.publicKey,
    });
    const signature = signer.sign(SIGNED_AS + unsigned);
    const line = `${unsigned.slice(0, -1)},"signature":"${signature}"}`;
    replaceFile(storage, MANIFEST_FILE, `${[...lines.map((each) => each.line), line].join('\n')}\n`);
    return parseLine(line, last === undefined ? 0 : last.offset + last.line.length + 1);
  });
}

/** The fields of a statement in the order of the file. A line about a segment names no kind: it was the only one. */
function wireForm(statement: Statement): object {
  if (statement.kind !== 'segment') return { format: FORMAT, ...statement };
  const { segment, firstSequence, lastSequence, chain, bytes, sha256, pieces } = statement;
  return { format: SEGMENT_FORMAT, segment, firstSequence, lastSequence, chain, bytes, sha256, pieces };
}

/**
 * What is wrong with the lines themselves: signatures, order, links.
 * @param publicKey the key that must have signed; '' = whichever a line names
 */
export function manifestFaults(lines: readonly ManifestLine[], publicKey: string): JournalCorruptionError[] {
  const faults: JournalCorruptionError[] = [];
  let previous: ManifestLine | undefined;
  let nextSequence = 1;
  for (const line of lines) {
    const wanted = previous === undefined ? NO_LINE : sha256Of(previous.line);
    const follows = line.kind !== 'segment' || line.firstSequence === nextSequence;
    if (line.previous !== wanted || !follows) {
      faults.push(fault(line, 'the line after the one before', `a line about ${subjectOf(line)}`));
    } else if (publicKey !== '' && line.key !== publicKey) {
      faults.push(fault(line, `the key ${publicKey}`, line.key));
    } else if (!isSignedBy(line.key, SIGNED_AS + unsignedPart(line.line), line.signature)) {
      faults.push(fault(line, `a signature of ${subjectOf(line)} by ${line.key}`, 'another one'));
    }
    if (line.kind === 'segment') nextSequence = line.lastSequence + 1;
    previous = line;
  }
  return faults;
}

/** For messages. */
function subjectOf(line: ManifestLine): string {
  switch (line.kind) {
    case 'segment':
      return line.segment;
    case 'snapshot':
      return line.file;
    case 'removal':
      return `the removal of ${line.firstSequence}..${line.lastSequence}`;
  }
}

function unsignedPart(line: string): string {
  return `${line.slice(0, line.lastIndexOf(',"signature":'))}}`;
}

/** Which fields a statement must have: texts, then whole numbers. */
const FIELDS: Readonly<Record<Statement['kind'], readonly [readonly string[], readonly string[]]>> = {
  segment: [
    ['segment', 'sha256'],
    ['firstSequence', 'lastSequence', 'chain', 'bytes'],
  ],
  snapshot: [
    ['file', 'sha256'],
    ['sequence', 'bytes'],
  ],
  removal: [['reason'], ['firstSequence', 'lastSequence', 'atUs']],
};

function parseLine(line: string, offset: number): ManifestLine {
  let parsed: Record<string, unknown> | undefined;
  try {
    parsed = JSON.parse(line) as Record<string, unknown>;
  } catch {
    parsed = undefined;
  }
  const format = Number(parsed?.['format']);
  if (format > FORMAT) throw new JournalVersionError(MANIFEST_FILE, 'manifest format', format, FORMAT);
  const kind = parsed?.['kind'] ?? 'segment';
  if (parsed !== undefined && Object.hasOwn(FIELDS, kind as string)) {
    const [texts, numbers] = FIELDS[kind as Statement['kind']];
    const isWhole =
      [...texts, 'previous', 'key', 'signature'].every((name) => typeof parsed[name] === 'string') &&
      numbers.every((name) => Number.isSafeInteger(parsed[name])) &&
      (kind !== 'segment' || Array.isArray(parsed['pieces']));
    if (isWhole) return { ...parsed, kind, line, offset } as unknown as ManifestLine;
  }
  throw new JournalCorruptionError(MANIFEST_FILE, offset, 'a statement about the journal', line.slice(0, 40));
}

function fault(entry: ManifestLine, expected: string, found: string): JournalCorruptionError {
  return new JournalCorruptionError(MANIFEST_FILE, entry.offset, expected, found);
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
