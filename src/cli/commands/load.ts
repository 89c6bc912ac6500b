import type { Command } from 'commander';
import type { LoadFlags } from '../load-from-flags.js';

const HELP = `
Opens its own instrument (LOAD-USD) and accounts as administrator, then sends order flow with the figures of a real hour
(mix, sizes, distances, lifetimes) on a fixed schedule, whether or not answers come: latency counts from the moment at
which a command was due. At the end its open orders are cancelled.

Examples:
  ringfence load --data-dir ./data --rate 20000 --seconds 30
  ringfence load --to ws://10.0.0.1:9400,ws://10.0.0.2:9400 --admin-to ws://10.0.0.1:9401 --key-file keys/admin.pem --json
`;

export function addLoadCommand(root: Command): void {
  root
    .command('load')
    .description('Load a running node at a steady rate and measure the latency of its answers.')
    .option(
      '--data-dir <dir>',
      'the node that runs on this data directory (RINGFENCE_DATA_DIR; default ./data)',
    )
    .option('--to <urls>', 'trading address of a node, ws://host:port; several with commas between them')
    .option('--admin-to <urls>', 'with --to: administrator address')
    .option('--key-file <path>', "administrator's private key (keys/admin.pem in the data directory)")
    .option('--rate <n>', 'commands each second', '5000')
    .option('--seconds <n>', 'how long, after the warm-up', '10')
    .option('--warm-up <n>', 'seconds that are not measured', '2')
    .option('--sessions <n>', 'sessions, an account each', '4')
    .option('--first-account <n>', 'number of the first account', '1000001')
    .option('--seed <n>', 'seed of the flow', '1')
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', HELP)
    .action(async (flags: LoadFlags) => {
      const { loadFromFlags } = await import('../load-from-flags.js');
      process.exitCode = await loadFromFlags(flags);
    });
}
