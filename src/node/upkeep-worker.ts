/** The helper thread that keeps the journal in order: a small step, then a rest. */
import { readFileSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openAccountIndex } from '../../journal/account-index-store.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openFlatStorage } from '../../journal/open-storage.js';
import type { JournalIdentity } from '../../journal/segment.js';
import { snapshotNeedOf } from '../../journal/snapshot-need.js';
import { readTiers } from '../../journal/tiers.js';
import { JournalUpkeep, type UpkeepRules } from '../../journal/upkeep.js';
import { runInBackground } from '../runtime/background-thread.js';
import { SystemClock } from '../runtime/clock.js';
import { type FromUpkeep, type RecordsAnswer, STANDBY_CELL, STOP_CELL } from './upkeep-thread.js';

/** After each piece of a segment that is sealed, so that the disk is free for the journaler most of the time. */
const REST_MS = 5;

interface Order {
  readonly directory: string;
  readonly identity: JournalIdentity;
  readonly keyFile: string;
  readonly archiveTo: string;
  readonly rules: UpkeepRules;
  readonly state: SharedArrayBuffer;
}

runInBackground();

const clock = new SystemClock();
const { directory, identity, keyFile, archiveTo, rules, state } = workerData as Order;
const cells = new Int32Array(state);
const sequences = new BigInt64Array(state);
const port = parentPort!;
const tell = (message: FromUpkeep): void => port.postMessage(message);
const local = openFlatStorage(directory, 'positional');

const upkeep = new JournalUpkeep({
  local,
  archives: () => readTiers(local).map((archive) => openFlatStorage(archive, 'positional')),
  accountIndex: () => openAccountIndex(directory),
  archiveTo: archiveTo === '' ? undefined : openFlatStorage(archiveTo, 'positional'),
  identity,
  signer: signerOf(readFileSync(keyFile, 'utf8')),
  rules,
  needs: () => {
    const standbySequence = Number(Atomics.load(sequences, STANDBY_CELL));
    const snapshotSequence = snapshotNeedOf(directory);
    return standbySequence === 0 ? { snapshotSequence } : { snapshotSequence, standbySequence };
  },
  nowMs: () => Math.floor(clock.epochMicroseconds() / 1_000),
  rest: () => Atomics.wait(cells, STOP_CELL, 0, REST_MS),
  onEvent: tell,
  requestRecords: (wanted) => tell({ type: 'wanted', ...wanted }),
});

while (Atomics.load(cells, STOP_CELL) === 0) {
  const answer = receiveMessageOnPort(port) as { message: RecordsAnswer } | undefined;
  if (answer !== undefined) upkeep.onRecords(answer.message.file, answer.message.problem);
  const restMs = answer === undefined ? upkeep.step() : 0;
  if (restMs > 0) Atomics.wait(cells, STOP_CELL, 0, restMs);
}
