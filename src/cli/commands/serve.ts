import type { Command } from 'commander';
import { addConfigFlags, addDataDirFlag } from '../config-flags.js';

const HELP = `
Options come from flags, then environment variables (RINGFENCE_MAX_ORDERS for --max-orders), then the configuration
file, then defaults. The log goes to standard error as JSON lines. SIGINT and SIGTERM stop the node in order.

Examples:
  ringfence serve --data-dir ./primary
  ringfence serve --data-dir ./standby --role standby --primary-address 10.0.0.1:9402
`;

export function addServeCommand(root: Command): void {
  const command = addDataDirFlag(root.command('serve'))
    .description('Run a node on a data directory made by init.')
    .option(
      '--config <path>',
      'configuration file (RINGFENCE_CONFIG; default ringfence.json in the data directory)',
    )
    .option('--json', 'say that the node is ready as one JSON object')
    .addHelpText('after', HELP);
  addConfigFlags(command).action(async (flags: Record<string, string | boolean | undefined>) => {
    const { serveNode } = await import('../serve-node.js');
    process.exitCode = await serveNode(flags);
  });
}
