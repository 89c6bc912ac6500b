import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';

export function addStopCommand(root: Command): void {
  addDataDirFlag(root.command('stop'))
    .description('Stop a running node in order: no new commands, everything durable, then the end.')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  ringfence stop --data-dir ./data\n')
    .action(async (flags: { dataDir?: string; json?: boolean }) => {
      const { stopNode } = await import('../stop-node.js');
      const { dataDirOf } = await import('../data-dir.js');
      const pid = await stopNode(dataDirOf(flags));
      process.stdout.write(
        flags.json ? `${JSON.stringify({ stopped: true, pid })}\n` : `stopped (process ${pid})\n`,
      );
    });
}
