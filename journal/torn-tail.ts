/** Cuts the torn tail that `recover` found: the one thing that a start writes into old bytes. */
import type { RecoveryReport } from './recover.js';
import { readFully, type Storage } from './storage.js';

const ZERO_CHUNK_BYTES = 1024 * 1024;

/**
 * Copies the tail to `<segment>.torn-<nowMs>`, then overwrites it with zeros, each step durable before the next: a crash
 * on the way leaves a tail that the next start cuts again. Does nothing when the report names no tail.
 */
export function cutTornTail(storage: Storage, report: RecoveryReport, nowMs: number): void {
  if (report.tornFile === '') return;
  const { tornFile, tornOffset } = report;
  const tornBytes = Math.ceil(report.tornBytes / 8) * 8;
  const tail = new Uint8Array(tornBytes);
  const source = storage.openForRead(tornFile);
  try {
    readFully(source, tornOffset, tail, 0, tornBytes);
  } finally {
    source.close();
  }
  const keptName = unusedName(storage, `${tornFile}.torn-${nowMs}`);
  storage.create(keptName, tornBytes, 'zero-fill');
  const kept = storage.openForWrite(keptName);
  try {
    kept.write(0, tail);
    kept.sync(0, tornBytes);
  } finally {
    kept.close();
  }
  storage.syncDirectory();

  const segment = storage.openForWrite(tornFile);
  try {
    const zeros = new Uint8Array(Math.min(tornBytes, ZERO_CHUNK_BYTES));
    for (let done = 0; done < tornBytes; done += zeros.length) {
      const length = Math.min(zeros.length, tornBytes - done);
      segment.write(tornOffset + done, length === zeros.length ? zeros : zeros.subarray(0, length));
    }
    segment.sync(tornOffset, tornOffset + tornBytes);
  } finally {
    segment.close();
  }
}

function unusedName(storage: Storage, wanted: string): string {
  let name = wanted;
  for (let attempt = 1; storage.exists(name); attempt++) name = `${wanted}-${attempt}`;
  return name;
}
