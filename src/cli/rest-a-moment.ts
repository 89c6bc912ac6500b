/** Long enough that a node beside it can sync once. */
const REST_MS = 5;
const cell = new Int32Array(new SharedArrayBuffer(4));

/** Between the pieces of long work on files, so that the disk is free for a journaler most of the time. */
export function restAMoment(): void {
  Atomics.wait(cell, 0, 0, REST_MS);
}
