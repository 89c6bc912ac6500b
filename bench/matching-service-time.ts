/**
 * Service time of commands at a constant rate: command i is due at start + i / rate, whether or not the ones before are
 * done, and its time counts from then until its events are published. So a pause is charged to every command that it
 * delays. As in a node, all commands that have become due meanwhile are taken as one batch, whose events are published
 * together; the clock is read after each. Times go into memory that stands ready, and into the HDR histogram when all is
 * over.
 */
import { build } from 'hdr-histogram-js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { CollectionCounter, type CollectionCounts } from './collection-counter.js';
import type { MatchingOutcome, MatchingRig } from './matching-rig.js';
import { idlePauses, type PauseFigures } from './pause-clock.js';

export interface ServiceTimeFigures extends MatchingOutcome {
  readonly offeredPerSecond: number;
  /** Commands a second from the first one due to the last one done. */
  readonly servedPerSecond: number;
  /** Service times, all measured runs together. */
  readonly nanoseconds: Readonly<Record<'p50' | 'p90' | 'p99' | 'p99_9' | 'p99_99' | 'max', number>>;
  /** Garbage collections of this thread during the measured runs, by kind. */
  readonly collections: CollectionCounts;
  /** The longest gaps of a loop that only read the clock for a second. */
  readonly idle: PauseFigures;
}

/** Commands that are taken together at most, as from the input ring of a node. */
const MAX_BATCH = 256;

/** Plays `warmUps` rounds as fast as they go and `rounds` at `rate`; closes the rig. */
export async function measureServiceTime(
  rig: MatchingRig,
  rate: number,
  warmUps: number,
  rounds: number,
  options: { readonly onLine?: (line: string) => void },
): Promise<ServiceTimeFigures> {
  const commands = rig.tape.count - rig.tape.setupCount;
  const times = new Float64Array(commands);
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
  });
  const collections = { minor: 0, major: 0, other: 0 };
  let seconds = 0;
  try {
    for (let run = 0; run < warmUps; run += 1) await rig.run(() => playOnSchedule(rig, rate, times));
    for (let run = 0; run < rounds; run += 1) {
      let counter: CollectionCounter | undefined;
      seconds += await rig.run(() => {
        counter = new CollectionCounter();
        return playOnSchedule(rig, rate, times);
      });
      const counts = await counter!.end();
      collections.minor += counts.minor;
      collections.major += counts.major;
      collections.other += counts.other;
      for (const time of times) histogram.recordValue(Math.max(1, Math.round(time * 1e6)));
    }
  } finally {
    await rig.close();
  }
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile);
  const figures: ServiceTimeFigures = {
    ...rig.outcome!,
    offeredPerSecond: rate,
    servedPerSecond: Math.round((commands * rounds) / seconds),
    nanoseconds: {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p99_9: at(99.9),
      p99_99: at(99.99),
      max: histogram.maxValue,
    },
    collections,
    idle: idlePauses(1_000),
  };
  options.onLine?.(`${histogram.totalCount} commands at ${rate}/s, served at ${figures.servedPerSecond}/s`);
  const { nanoseconds: ns } = figures;
  options.onLine?.(
    `ns: p50 ${ns.p50}, p90 ${ns.p90}, p99 ${ns.p99}, p99.9 ${ns.p99_9}, p99.99 ${ns.p99_99}, max ${ns.max}`,
  );
  options.onLine?.(
    `collections: ${collections.minor} minor, ${collections.major} major, ${collections.other} other; ` +
      `idle loop: longest gap ${figures.idle.longestUs} us`,
  );
  return figures;
}

/** Writes the milliseconds of every command into `times`; returns the seconds of the round. */
function playOnSchedule(rig: MatchingRig, rate: number, times: Float64Array): number {
  const { tape, processor } = rig;
  const { output } = processor;
  const first = tape.setupCount;
  const step = 1000 / rate;
  const start = performance.now() + 1;
  let now = start;
  for (let n = first; n < tape.count; ) {
    let due = start + (n - first) * step;
    while (now < due) now = performance.now();
    const count = Math.min(tape.count - n, Math.floor((now - due) / step) + 1, MAX_BATCH);
    processor.onCommands(tape.words, n * SLOT_WORDS, count);
    output.flush();
    now = performance.now();
    for (const end = n + count; n < end; n += 1, due += step) times[n - first] = now - due;
  }
  rig.awaitDrained();
  return (now - start) / 1000;
}
