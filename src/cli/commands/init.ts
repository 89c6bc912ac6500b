import type { Command } from 'commander';
import { addConfigFlags, addDataDirFlag } from '../config-flags.js';

const HELP = `
Writes ringfence.json with every option explained, keys/admin.pem (private key of the first administrator) and
keys/replication.key (shared by the pair). Any option given here is written to the file.

Examples:
  ringfence init --data-dir ./primary --ack-policy disk+replica
  ringfence init --data-dir ./standby --join ./primary
`;

export function addInitCommand(root: Command): void {
  const command = addDataDirFlag(root.command('init'))
    .description('Make the data directory of a node: identity, keys and configuration.')
    .option('--join <dir>', 'make a standby of the node in this data directory')
    .option(
      '--replication-key <path>',
      'file with the key of the pair, to copy (with --join it is found by itself)',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP);
  addConfigFlags(command).action(async (flags: Record<string, string | boolean | undefined>) => {
    const { initDataDir } = await import('../init-data-dir.js');
    const { dataDirOf } = await import('../data-dir.js');
    const report = initDataDir({
      dataDir: dataDirOf(flags as { dataDir?: string }),
      join: flags['join'] as string | undefined,
      replicationKey: flags['replicationKey'] as string | undefined,
      flags,
    });
    const { dataDir, configFile, adminKeyFile, config } = report;
    if (flags['json']) {
      const { clusterId, nodeId, role, adminPublicKey } = config;
      process.stdout.write(
        `${JSON.stringify({ dataDir, configFile, adminKeyFile, clusterId, nodeId, role, adminPublicKey })}\n`,
      );
      return;
    }
    process.stdout.write(
      `made ${dataDir}\n` +
        `  configuration      ${configFile}\n` +
        (adminKeyFile === '' ? '' : `  administrator key  ${adminKeyFile} (keep it secret)\n`) +
        `  cluster ${config.clusterId}, node ${config.nodeId}, ${config.role}\n` +
        `next: ringfence serve --data-dir ${dataDir}\n`,
    );
  });
}
