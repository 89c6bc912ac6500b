/** Journals on a simulated disk whose sealed segments have their lines in the manifest. */
import { generateKeyPairSync } from 'node:crypto';
import { type ManifestSigner, signerOf } from '../../journal/manifest-key.js';
import { SegmentSealer } from '../../journal/seal-segments.js';
import type { Storage } from '../../journal/storage.js';
import { appendBatches, IDENTITY, openWriter, SEGMENT_BYTES } from './journal-records.js';
import { SimulatedDisk } from './simulated-disk.js';

export function makeSigner(): ManifestSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signerOf(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
}

export const signer = makeSigner();

/** Appends batches of one size and closes the journal. */
export function fill(storage: Storage, batches: number, batch: number, segmentBytes = SEGMENT_BYTES): void {
  const writer = openWriter(storage, { segmentBytes });
  appendBatches(
    writer,
    Array.from({ length: batches }, () => batch),
  );
  writer.close();
}

export function journal(batches = 30, batch = 60, segmentBytes = SEGMENT_BYTES): SimulatedDisk {
  const disk = new SimulatedDisk();
  fill(disk, batches, batch, segmentBytes);
  return disk;
}

/** Adds all lines that are due; returns how many. */
export function sealAll(storage: Storage): number {
  const sealer = new SegmentSealer(storage, IDENTITY, signer);
  let sealed = 0;
  while (sealer.sealNext() !== '') sealed++;
  return sealed;
}

export function sealedJournal(batches = 30): SimulatedDisk {
  const disk = journal(batches);
  sealAll(disk);
  return disk;
}
