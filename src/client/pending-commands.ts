import type { DecodedMessage } from '../wire/sbe-frames.js';

/** A command that has not been answered. */
export interface PendingCommand {
  readonly clientSequence: number;
  /** The SBE message, for sending and sending again. */
  readonly message: Uint8Array;
  /** Names of the reports that answer it. */
  readonly answers: readonly string[];
  /** Reports that came before the answer; kept for snapshots only. */
  readonly parts: DecodedMessage[] | undefined;
  readonly resolve: (answer: DecodedMessage) => void;
  readonly reject: (error: Error) => void;
}

/** The commands of a client that have not been answered, in the order of their numbers. */
export class PendingCommands {
  private readonly bySequence = new Map<number, PendingCommand>();

  get count(): number {
    return this.bySequence.size;
  }

  add(command: PendingCommand): void {
    this.bySequence.set(command.clientSequence, command);
  }

  get(clientSequence: number): PendingCommand | undefined {
    return this.bySequence.get(clientSequence);
  }

  /** Takes a command out. */
  take(clientSequence: number): PendingCommand | undefined {
    const command = this.bySequence.get(clientSequence);
    if (command !== undefined) this.bySequence.delete(clientSequence);
    return command;
  }

  /** All of them, oldest first. */
  all(): PendingCommand[] {
    return [...this.bySequence.values()];
  }

  /** Fails all of them. */
  rejectAll(error: Error): void {
    const commands = this.all();
    this.bySequence.clear();
    for (const command of commands) command.reject(error);
  }
}
