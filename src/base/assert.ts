/**
 * Asserts are for our own mistakes and end the process; a client's mistake is a reject event, never an assert.
 */

/** Throws with `message` unless `condition` holds. The message is a literal: it is built even when it is not needed. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Throws, naming the numbers that were wrong; call it behind an `if`, so that nothing is built on success. */
export function fail(message: string, ...values: readonly (number | string)[]): never {
  throw new Error(`assertion failed: ${message}${values.length === 0 ? '' : ` (${values.join(', ')})`}`);
}
