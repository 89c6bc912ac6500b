/** Each sync call of a real writer process fails once: over LD_PRELOAD where there is a compiler, else over strace. */
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, expect, test } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { compiledShim } from '../support/failing-sync.js';
import { FaultTally, isLongRun } from '../support/fault-tally.js';
import { expectRecords, IDENTITY, openWriter, readAll } from '../support/journal-records.js';
import { hasMapping, removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { killWriters, lastAcknowledged, startWriter, type Writer } from '../support/writer-process.js';

const BACKENDS = hasMapping ? ['mmap', 'positional'] : ['positional'];
const BATCHES = 40;
const TIMEOUT_MS = isLongRun ? 3_600_000 : 300_000;
const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;

afterEach(killWriters);
afterAll(removeTemporaryDirectories);

/** Starts a writer whose `at`-th call of one kind fails with EIO; undefined where there is no way to do so. */
function startFailing(
  directory: string,
  backend: string,
  call: 'sync' | 'fsync',
  at: number,
): Writer | undefined {
  const shim = compiledShim();
  if (shim !== '') {
    const variable = call === 'sync' ? 'FAIL_SYNC_AT' : 'FAIL_FSYNC_AT';
    return startWriter(directory, backend, BATCHES, { LD_PRELOAD: shim, [variable]: `${at}` });
  }
  if (!hasStrace) return undefined;
  const calls = call === 'sync' ? 'msync,fdatasync' : 'fsync';
  const trace = ['strace', '-f', '-o', '/dev/null', '-e', `trace=${calls}`];
  return startWriter(directory, backend, BATCHES, {}, [
    ...trace,
    '-e',
    `inject=${calls}:error=EIO:when=${at}`,
  ]);
}

test.for(BACKENDS.flatMap((backend) => (['sync', 'fsync'] as const).map((call) => [backend, call] as const)))(
  'each one fails once (%s, %s): the process ends, or goes on without the file, and loses nothing',
  { timeout: TIMEOUT_MS },
  async ([backend, call], context) => {
    const what = call === 'sync' ? 'msync or fdatasync' : 'fsync';
    const tally = new FaultTally(context, `each ${what} of a process fails once, ${backend}`);
    let ended = 0;
    for (
      let at = 1, inARow = 0;
      inARow < (isLongRun ? 3 : 1);
      at = isLongRun ? at + 1 : Math.ceil(at * 1.6)
    ) {
      const directory = temporaryDirectory();
      const writer = startFailing(directory, backend, call, at);
      if (writer === undefined) return context.skip('needs gcc or strace');
      await tally.tryAsync(`call ${at}`, async () => {
        const exitCode = await writer.ended;
        const acknowledged = lastAcknowledged(writer.lines());
        if (exitCode === 0) {
          // After the last call, or a segment made ahead was thrown away and made again.
          expect(acknowledged).toBe(BATCHES * 20);
          inARow++;
        } else {
          inARow = 0;
          ended++;
          expect(writer.errors()).toMatch(/^(JOURNAL_\w+|EIO) /);
          expect(exitCode).toBeGreaterThan(0);
          expect(writer.lines()).not.toContain('closed');
        }
        const storage = openStorage(directory, backend as 'mmap');
        const { lastSequence } = recover(storage, IDENTITY);
        expect(lastSequence).toBeGreaterThanOrEqual(acknowledged);
        expectRecords(readAll(storage), 1, lastSequence);
        openWriter(storage).close();
        expect(recover(storage, IDENTITY).clean).toBe(true);
      });
    }
    expect(ended).toBeGreaterThan(1);
    tally.check();
  },
);
