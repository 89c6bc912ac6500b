/**
 * One stage of the pipeline. A runner loops it on a thread of its own; a test or simulator calls the same methods by
 * hand. Clocks, files and sockets are given to its constructor.
 */
export interface Agent {
  /** Names the thread and its errors, e.g. `journaler`. */
  roleName(): string;
  /** Runs once on the agent's thread, before the first `doWork`. */
  onStart?(): void;
  /** Does what can be done now without waiting and returns how much that was; 0 means that there is nothing. */
  doWork(): number;
  /** Runs once on the agent's thread after the last `doWork`, not after an error. */
  onClose?(): void;
}
