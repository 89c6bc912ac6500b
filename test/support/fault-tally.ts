/**
 * Counts what became of the faults of one kind. A test makes one, tries its faults through it, and ends with `check`;
 * `npm run test:faults` prints all tallies as a table.
 */
import type { TestContext } from 'vitest';

export interface FaultRow {
  readonly fault: string;
  readonly tried: number;
  readonly survived: number;
  readonly lost: number;
}

declare module 'vitest' {
  interface TaskMeta {
    faults?: FaultRow[];
  }
}

/** Whether everything is tried (`npm run test:faults`), or what fits into minutes (`npm test`). */
export const isLongRun = process.env['RINGFENCE_TEST_FAULTS'] === 'long';

/** First seed of every test that takes seeds; a seed that failed is run again with RINGFENCE_SEED. */
export const BASE_SEED = Number(process.env['RINGFENCE_SEED'] ?? 20_250);

/** How many seeds or tries: the small number in `npm test`, the large one in the long run, RINGFENCE_TEST_SEEDS over both. */
export function tries(few: number, many: number): number {
  return Number(process.env['RINGFENCE_TEST_SEEDS'] ?? (isLongRun ? many : few));
}

const SHOWN = 5;

export class FaultTally {
  readonly #context: TestContext;
  readonly #fault: string;
  readonly #failures: string[] = [];
  #tried = 0;
  #lost = 0;

  constructor(context: TestContext, fault: string) {
    this.#context = context;
    this.#fault = fault;
  }

  /** Tries one fault; it is survived when `attempt` does not throw. @param label the seed or place, to find it again */
  try(label: string, attempt: () => void): void {
    try {
      attempt();
      this.survived();
    } catch (error) {
      this.lost(label, (error as Error).stack ?? String(error));
    }
  }

  /** The same for attempts that take time. */
  async tryAsync(label: string, attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
      this.survived();
    } catch (error) {
      this.lost(label, (error as Error).stack ?? String(error));
    }
  }

  survived(): void {
    this.#tried++;
  }

  get tried(): number {
    return this.#tried;
  }

  /** Puts the row into the table and throws when a fault was not survived. */
  check(): void {
    const row = {
      fault: this.#fault,
      tried: this.#tried,
      survived: this.#tried - this.#lost,
      lost: this.#lost,
    };
    const { meta } = this.#context.task;
    meta.faults = [...(meta.faults ?? []), row];
    if (this.#lost === 0) return;
    throw new Error(
      `${this.#fault}: ${this.#lost} of ${this.#tried} not survived:\n${this.#failures.join('\n')}`,
    );
  }

  /** One that was not survived; for loops too fast for `try`. */
  lost(label: string, reason: string): void {
    this.#tried++;
    this.#lost++;
    if (this.#failures.length < SHOWN) this.#failures.push(`  ${label}: ${reason}`);
  }
}
