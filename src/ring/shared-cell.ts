/**
 * A shared cell: one Int32 in shared memory with a single writer, that other threads read and wait for.
 * Ring cursors, consumer sequences and node counters are all cells.
 *
 * Each cell owns two pairs of 64-byte cache lines, so that neither a neighbour's writes nor the waiters'
 * bookkeeping make its readers miss:
 *
 * ```
 * byte 0                4                                      128             132              256
 *      | value (Int32)  | the writer's own words ...           | waiters       | padding        |
 * ```
 *
 * The waiting protocol, here once for all users:
 *
 * ```
 *   waiter                                   writer
 *   W1  waiters += 1                         P1  value = new
 *   W2  if value != seen: leave              P2  if waiters != 0: notify(value)
 *   W3  wait(value, seen)
 *   W4  waiters -= 1, and look again
 * ```
 *
 * No wake-up is lost: all four steps are sequentially consistent Atomics operations. If P2 reads 0 then it came
 * before W1, so P1 came before W2 and the waiter sees the new value. If P2 reads non-zero it notifies; a waiter
 * that is not asleep yet is caught by W3, which compares the value again under the lock that notify takes.
 * A wake-up proves nothing by itself (it may be spurious, late, or meant for somebody else), so every user looks
 * at the value again and waits for `>=`, never for equality.
 */

/** Int32 words from one cell to the next. */
export const CELL_WORDS = 64;

/** Offset of the count of waiting threads from the cell's value. */
const WAITERS = 32;

/** Stores the cell's value, releasing everything written before it, and wakes whoever waits. Writer only. */
export function publishCell(words: Int32Array, cell: number, value: number): void {
  Atomics.store(words, cell, value);
  if (Atomics.load(words, cell + WAITERS) !== 0) Atomics.notify(words, cell);
}

/** Blocks this thread until the value differs from `seen`, at most `timeoutMs`; may return early. */
export function waitCell(words: Int32Array, cell: number, seen: number, timeoutMs: number): void {
  Atomics.add(words, cell + WAITERS, 1);
  if (Atomics.load(words, cell) === seen) Atomics.wait(words, cell, seen, timeoutMs);
  Atomics.sub(words, cell + WAITERS, 1);
}

/**
 * The same without blocking the thread: the promise resolves after the value differed from `seen` or after a
 * wake-up, or `undefined` is returned when it differs already. The promise alone does not keep the process alive.
 */
export function waitCellAsync(words: Int32Array, cell: number, seen: number): Promise<void> | undefined {
  Atomics.add(words, cell + WAITERS, 1);
  const wait = Atomics.waitAsync(words, cell, seen);
  if (!wait.async) {
    Atomics.sub(words, cell + WAITERS, 1);
    return undefined;
  }
  return wait.value.then(() => {
    Atomics.sub(words, cell + WAITERS, 1);
  });
}
