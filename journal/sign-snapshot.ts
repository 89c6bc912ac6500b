/** Lines about snapshots in the manifest: what a snapshot was when the node took it, signed like the segments. */
import { JournalError } from './errors.js';
import { appendToManifest, type ManifestLine, readManifestLines, type SignedSnapshot } from './manifest.js';
import type { ManifestSigner } from './manifest-key.js';
import type { JournalIdentity } from './segment.js';
import { sumFile } from './segment-sum.js';
import { readSnapshotFacts, readSnapshotFile } from './snapshot-file.js';
import { parseSnapshotName, snapshotNames } from './snapshot-store.js';
import type { Storage } from './storage.js';

/** The newest line about each snapshot, by file: one that was removed and taken again has more than one. */
export function snapshotLines(lines: readonly ManifestLine[]): Map<string, SignedSnapshot> {
  const newest = new Map<string, SignedSnapshot>();
  for (const line of lines) if (line.kind === 'snapshot') newest.set(line.file, line);
  return newest;
}

/**
 * Adds the lines of the snapshot `taken`, which was just written, and of those that have none: of an older release, or of
 * a node that was ended right after it wrote them. Those must bear a good signature of the same key; damage is for
 * `verify` to name, never to sign.
 * @param journal the journal directory; its snapshots are in `snapshots`
 * @param onPiece called after each piece that was read
 */
export function signSnapshots(
  journal: Storage,
  snapshots: Storage,
  taken: string,
  identity: JournalIdentity,
  signer: ManifestSigner,
  onPiece: () => void,
): void {
  const signed = snapshotLines(readManifestLines(journal));
  for (const file of snapshotNames(snapshots)) {
    if (file !== taken && (signed.has(file) || !isOurs(snapshots, file, signer))) continue;
    appendToManifest(journal, statementAbout(snapshots, file, onPiece), identity, signer);
  }
}

/** What is wrong with a snapshot in the light of the manifest; '' = nothing, or it has no line. */
export function snapshotFault(snapshots: Storage, file: string, line: SignedSnapshot | undefined): string {
  if (line === undefined) return '';
  const { sha256 } = statementAbout(snapshots, file, () => {});
  return sha256 === line.sha256 ? '' : `its SHA-256 is ${sha256}, and ${line.sha256} in the manifest`;
}

function statementAbout(snapshots: Storage, file: string, onPiece: () => void): SignedSnapshot {
  const snapshot = snapshots.openForRead(file);
  try {
    const { sha256 } = sumFile(snapshot, onPiece);
    return { kind: 'snapshot', file, sequence: parseSnapshotName(file)!, bytes: snapshot.bytes, sha256 };
  } finally {
    snapshot.close();
  }
}

/** Whether a snapshot is whole and signed by `signer` itself. */
function isOurs(snapshots: Storage, file: string, signer: ManifestSigner): boolean {
  try {
    if (readSnapshotFacts(snapshots, file).key !== signer.publicKey) return false;
    readSnapshotFile(snapshots, file);
    return true;
  } catch (error) {
    if (error instanceof JournalError) return false;
    throw error;
  }
}
