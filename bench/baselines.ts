/** What the same machine does at best, measured in the same run: a bare echo, and one synced write. */
import { fork } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Histogram } from 'hdr-histogram-js';
import { clientFrame, openRawWebSocket } from './raw-web-socket.js';

const ROUNDS = 3000;
const MESSAGE_BYTES = 40;
const WRITE_BYTES = 4096;
const FILE_BYTES = 16 << 20;

export function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
}

/** Round trips of one small message at a time over a bare `ws` server in another process, in microseconds. */
export async function measureEcho(): Promise<Histogram> {
  const server = fork(fileURLToPath(new URL('./echo-server.js', import.meta.url)), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    const port = await new Promise<string>((resolve, reject) => {
      server.once('exit', () => reject(new Error('the echo server ended')));
      server.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    });
    const socket = await openRawWebSocket(`ws://127.0.0.1:${port}`, 'echo');
    const frame = clientFrame(new Uint8Array(MESSAGE_BYTES));
    const histogram = newHistogram();
    for (let i = 0; i < ROUNDS; i++) {
      const startedAt = performance.now();
      await new Promise<void>((resolve) => {
        socket.onMessage = () => resolve();
        socket.write(frame);
      });
      if (i >= ROUNDS / 10)
        histogram.recordValue(Math.max(1, Math.round((performance.now() - startedAt) * 1000)));
    }
    socket.close();
    return histogram;
  } finally {
    server.kill();
  }
}

/** One 4 KiB write and one fdatasync at a time into a file that has its space already, in microseconds. */
export function measureSyncedWrite(): Histogram {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-sync-'));
  const file = openSync(join(directory, 'file'), 'w');
  try {
    writeSync(file, Buffer.alloc(FILE_BYTES, 1));
    fdatasyncSync(file);
    const page = Buffer.alloc(WRITE_BYTES, 7);
    const histogram = newHistogram();
    for (let i = 0; i < ROUNDS; i++) {
      const startedAt = performance.now();
      writeSync(file, page, 0, WRITE_BYTES, (i * WRITE_BYTES) % FILE_BYTES);
      fdatasyncSync(file);
      if (i >= ROUNDS / 10)
        histogram.recordValue(Math.max(1, Math.round((performance.now() - startedAt) * 1000)));
    }
    return histogram;
  } finally {
    closeSync(file);
    rmSync(directory, { recursive: true, force: true });
  }
}
