import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';

const HELP = `
Reads the journal only, takes no lock: it may run beside a live node. The hashes equal those of a node that has
processed the same commands.

Examples:
  ringfence replay --data-dir ./data
  ringfence replay --data-dir ./data --to-sequence 250000 --json
  ringfence replay --data-dir ./data --at 2024-05-01T09:30:00.000Z
`;

export function addReplayCommand(root: Command): void {
  addDataDirFlag(root.command('replay'))
    .description('Process a journal again from its beginning; print commands/s, state hash and output hash.')
    .option('--to-sequence <n>', 'stop after this command')
    .option('--at <time>', 'stop after the last command of this time (ISO 8601)')
    .option('--json', 'one JSON object: commands, perSecond, lastSequence, stateHash, outputHash, ...')
    .addHelpText('after', HELP)
    .action(async (flags: { dataDir?: string; toSequence?: string; at?: string; json?: boolean }) => {
      const { replayFromFlags } = await import('../replay-from-flags.js');
      replayFromFlags(flags);
    });
}
