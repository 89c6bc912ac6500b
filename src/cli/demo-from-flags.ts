/** What `demo` runs: its flags, checked. */
import { CONFIG_OPTIONS } from '../node/config-options.js';
import { checkedChoice, checkedInteger } from './checked-flags.js';
import { type DemoOptions, isGood, reportText, runDemo } from './demo/run-demo.js';
import { CliError, ExitCode } from './failure.js';
import { MAX_FLOW_ACCOUNTS } from './import/flow-lines.js';
import type { FlowFormat } from './import/read-flow.js';

/** The nodes exchange hashes every 4,096 commands; half of the load comes before the crash. */
const LEAST_COMMANDS = 20_000;

/** Runs the demo and prints its report; resolves with the exit code. */
export async function demoFromFlags(
  flags: Readonly<Record<string, string | boolean | undefined>>,
): Promise<number> {
  const report = await runDemo(optionsOf(flags));
  process.stdout.write(flags['json'] === true ? `${JSON.stringify(report)}\n` : reportText(report));
  return isGood(report) ? ExitCode.ok : ExitCode.failure;
}

function optionsOf(flags: Readonly<Record<string, string | boolean | undefined>>): DemoOptions {
  const text = (name: string) => String(flags[name]);
  const file = flags['file'] === undefined ? null : text('file');
  const guessed: FlowFormat = file !== null && /\.csv(\.gz)?$/i.test(file) ? 'lobster' : 'itch';
  const seconds = checkedInteger('--seconds', text('seconds'), 2, 3600);
  const rate = checkedInteger('--rate', text('rate'), 1, 1_000_000);
  if (rate * seconds < LEAST_COMMANDS) {
    throw new CliError(
      `--rate ${rate} for --seconds ${seconds} is too little to compare the nodes by; rate x seconds must be ${LEAST_COMMANDS} at least`,
      ExitCode.usage,
    );
  }
  return {
    file,
    format: checkedChoice('--format', flags['format'] === undefined ? guessed : text('format'), [
      'lobster',
      'itch',
    ]),
    seconds,
    rate,
    accounts: checkedInteger('--accounts', text('accounts'), 1, MAX_FLOW_ACCOUNTS),
    seed: checkedInteger('--seed', text('seed'), 0, Number.MAX_SAFE_INTEGER),
    ackPolicy: checkedChoice('--ack-policy', text('ackPolicy'), CONFIG_OPTIONS.ackPolicy.choices!),
    keep: flags['keep'] === true,
    output: flags['json'] === true ? process.stderr : process.stdout,
  };
}
