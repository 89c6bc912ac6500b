/** Ends the current step with an error that is a mistake of ours, never of the disk or of a user. */
export function fail(message: string): never {
  throw new Error(`journal: ${message}`);
}
