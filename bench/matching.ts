/**
 * Commands through the business logic, on one thread, with accounts, reservations, sessions and both hashes on:
 *
 * ```
 * command slots in memory -> [BusinessLogicProcessor] --batches--> OUTPUT RING --> [drain]: stores; report after the run
 * ```
 *
 * The time runs from the first command until the other thread has taken the last event. Reading and encoding of
 * commands before, and the making of reports after, are not in it. All runs are rounds of one
 * core, as a node has one: each cancels first what the round before left, and must give the same report, and the
 * published report hash where there is one, or no figure is printed. Both hashes are those after the first round.
 */

import { parseArgs } from 'node:util';
import { checkInvariants } from '../src/core/invariants.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import type { CommandTape } from './command-tape.js';
import { type MatchingMemoryFigures, measureMemory } from './matching-memory.js';
import { MIX_LOADS, mixCapacities } from './matching-mix.js';
import { type MatchingOutcome, MatchingRig, makeMixTape } from './matching-rig.js';
import type { ServiceTimeFigures } from './matching-service-time.js';
import { expectedReportHash, workloadTape } from './matching-workload.js';

export interface MatchingOptions {
  /** A workload file; without it a mix is generated. */
  readonly workload?: string;
  /** Which mix: a key of MIX_LOADS. */
  readonly load: keyof typeof MIX_LOADS;
  /** Commands of the generated mix. */
  readonly commands: number;
  /** Seed of the generated mix. */
  readonly seed: number;
  /** Measured runs; those of `warmUpRuns` go before them. */
  readonly runs: number;
  /** Called with a line for people. */
  readonly onLine?: (line: string) => void;
}

export interface MatchingFigures extends MatchingOutcome {
  readonly medianPerSecond: number;
  readonly bestPerSecond: number;
}

const ACCOUNTS = 1_000;
const WARM_UP_COMMANDS = 8_000_000;
/** At a constant rate the core is compiled no sooner for there being fewer commands. */
const WARM_UP_SECONDS = 20;
const BATCH = 256;

/**
 * The benchmark as the bench command knows it: `--workload FILE | --load NAME --commands N --seed N`, `--runs N`;
 * `--service-time` or `--memory` measure something else.
 */
export const matching = {
  summary: 'commands per second through the core, with accounts and an output ring',
  async run(
    args: readonly string[],
    json: boolean,
  ): Promise<MatchingFigures | MatchingMemoryFigures | ServiceTimeFigures> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        workload: { type: 'string' },
        load: { type: 'string', default: 'mix' },
        commands: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: '1' },
        runs: { type: 'string', default: '10' },
        rate: { type: 'string', default: '1000000' },
        'service-time': { type: 'boolean', default: false },
        memory: { type: 'boolean', default: false },
      },
    });
    tuneCompiler();
    const onLine = json ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) };
    if (values.memory) return measureMemory(onLine);
    const options: MatchingOptions = {
      ...(values.workload === undefined ? {} : { workload: values.workload }),
      load: loadNamed(values.load),
      commands: count('commands', values.commands),
      seed: count('seed', values.seed),
      runs: count('runs', values.runs),
      ...onLine,
    };
    if (!values['service-time']) return runMatching(options);
    const { measureServiceTime } = await import('./matching-service-time.js');
    const rate = count('rate', values.rate);
    const { rig, warmUps } = await makeRig(options, rate * WARM_UP_SECONDS);
    return measureServiceTime(rig, rate, warmUps, options.runs, onLine);
  },
};

/** Runs the benchmark. Throws, without figures, when a run gave another outcome than it must. */
export async function runMatching(options: MatchingOptions): Promise<MatchingFigures> {
  const { onLine } = options;
  const { rig, warmUps } = await makeRig(options, WARM_UP_COMMANDS);
  const commands = rig.tape.count - rig.tape.setupCount;
  onLine?.(`${commands} commands after ${rig.tape.setupCount} of setup`);
  const rates: number[] = [];
  try {
    for (let run = 0; run < warmUps + options.runs; run += 1) {
      const seconds = await rig.run(() => playAll(rig));
      if (run >= warmUps) rates.push(commands / seconds);
    }
    checkInvariants(rig.processor.core);
  } finally {
    await rig.close();
  }
  rates.sort((a, b) => a - b);
  const figures: MatchingFigures = {
    ...rig.outcome!,
    medianPerSecond: Math.round(rates[rates.length >> 1]),
    bestPerSecond: Math.round(rates[rates.length - 1]),
  };
  onLine?.(
    `${(figures.medianPerSecond / 1e6).toFixed(2)} M commands/s median of ${rates.length}, ` +
      `best ${(figures.bestPerSecond / 1e6).toFixed(2)} M; ${figures.events} events`,
  );
  onLine?.(`report ${figures.reportSha256}${figures.expectedSha256 === undefined ? '' : ' as expected'}`);
  return figures;
}

async function makeRig(
  options: MatchingOptions,
  warmUpCommands: number,
): Promise<{ rig: MatchingRig; warmUps: number }> {
  const { workload, runs } = options;
  if (workload !== undefined) {
    const tape = workloadTape(workload, ACCOUNTS);
    const capacities = { ...mixCapacities(), maxOrders: 1_048_576 };
    const warmUps = warmUpRuns(tape, warmUpCommands);
    const expected = expectedReportHash(workload);
    return { rig: new MatchingRig(tape, capacities, warmUps + runs, expected), warmUps };
  }
  const load = MIX_LOADS[options.load];
  const tape = await makeMixTape(options.commands, options.seed, load);
  const warmUps = warmUpRuns(tape, warmUpCommands);
  return { rig: new MatchingRig(tape, mixCapacities(load), warmUps + runs), warmUps };
}

/**
 * Runs that are not measured: while the core is new, V8 compiles it in the background for some seconds, on a processor
 * that the run or its drain needs.
 */
function warmUpRuns(tape: CommandTape, warmUpCommands: number): number {
  const commands = tape.count - tape.setupCount;
  return Math.min(40, Math.max(3, Math.ceil(warmUpCommands / commands)));
}

/** Plays the measured commands as fast as they go; returns the seconds that they took. */
function playAll(rig: MatchingRig): number {
  const { tape, processor } = rig;
  const { output } = processor;
  const start = process.hrtime.bigint();
  for (let n = tape.setupCount; n < tape.count; ) {
    const end = Math.min(n + BATCH, tape.count);
    processor.onCommands(tape.words, n * SLOT_WORDS, end - n);
    n = end;
    output.flush();
  }
  rig.awaitDrained();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function loadNamed(name: string): keyof typeof MIX_LOADS {
  if (Object.hasOwn(MIX_LOADS, name)) return name as keyof typeof MIX_LOADS;
  throw new RangeError(`--load ${name}; allowed: ${Object.keys(MIX_LOADS).join(', ')}`);
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`--${name} ${text}; allowed: a whole number from 1`);
  }
  return value;
}
