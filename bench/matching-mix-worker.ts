/**
 * Makes the tape of the mix on a thread of its own. The generator needs an engine; in the thread that is measured it
 * would be a second one, and compiled code holds the addresses of one engine only.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type MixLoad, mixTape } from './matching-mix.js';

const { commands, seed, load } = workerData as { commands: number; seed: number; load: MixLoad };
const tape = mixTape(commands, seed, load);
parentPort!.postMessage(tape, [tape.words.buffer as ArrayBuffer]);
