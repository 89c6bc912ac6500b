import type { Command } from 'commander';

const HELP = `
Starts a primary and a standby on free loopback ports in a temporary directory, opens accounts, replays order flow over
binary WebSocket, kills the primary with SIGKILL under load, promotes the standby, reconnects, and reports: orders
acknowledged, lost, doubled, the pause, and the state hashes of both nodes and of a fresh replay.
Exit code 0 only when nothing was lost or doubled and the hashes are equal.

Examples:
  ringfence demo
  ringfence demo --file AAPL_2012-06-21_message_50.csv.gz --json
`;

export function addDemoCommand(root: Command): void {
  root
    .command('demo')
    .description('A pair of nodes under load, a crash, a promotion and a report, in half a minute.')
    .option('--file <path>', 'order flow from a LOBSTER or ITCH file; otherwise a seeded generator')
    .option('--format <format>', 'lobster or itch; default: by the name of the file')
    .option('--seconds <n>', 'how long the load runs', '20')
    .option('--rate <n>', 'commands each second', '5000')
    .option('--accounts <n>', 'accounts that trade', '8')
    .option('--seed <n>', 'seed of the generator', '1')
    .option('--ack-policy <policy>', 'acknowledgement policy of the pair', 'disk+replica')
    .option('--keep', 'keep the temporary directory')
    .option('--json', 'the report as one JSON object on standard output, no screen')
    .addHelpText('after', HELP)
    .action(async (flags: Record<string, string | boolean | undefined>) => {
      const { demoFromFlags } = await import('../demo-from-flags.js');
      process.exitCode = await demoFromFlags(flags);
    });
}
