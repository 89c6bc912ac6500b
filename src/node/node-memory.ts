import { RingBuffer } from '../ring/ring-buffer.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { NodeCounters } from '../runtime/counters.js';
import { ErrorLog } from '../runtime/error-log.js';
import { INPUT_CONSUMER_COUNT, OUTPUT_CONSUMER_COUNT } from './topology.js';

/** The shared memories of a node; handed to its workers as they are. */
export interface NodeMemory {
  readonly inputRing: SharedArrayBuffer;
  readonly outputRing: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly checkpoints: SharedArrayBuffer;
  readonly errorLog: SharedArrayBuffer;
}

/** Makes the memories of a node that replays its journal from `firstSequence` on. */
export function allocateNodeMemory(
  inputRingSlots: number,
  outputRingSlots: number,
  firstSequence = 1,
): NodeMemory {
  return {
    inputRing: RingBuffer.allocate(inputRingSlots, INPUT_CONSUMER_COUNT, firstSequence),
    outputRing: RingBuffer.allocate(outputRingSlots, OUTPUT_CONSUMER_COUNT, 1),
    counters: NodeCounters.allocate(),
    checkpoints: CheckpointRing.allocate(),
    errorLog: ErrorLog.allocate(),
  };
}
