import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';

const HELP = `
The rules of the exchange have versions (what each one changed: src/core/logic-version.ts). A journal begins under
version 1. Activating a later one is a command in the journal: what came before replays by the rules of its day, the new
rules hold from the next command on, on both nodes. There is no way back. Upgrade both nodes first: an older program
refuses the journal from there on.

Examples:
  ringfence logic --data-dir ./data
  ringfence logic --data-dir ./data --activate 2
`;

export function addLogicCommand(root: Command): void {
  addDataDirFlag(root.command('logic'))
    .description('Show the version of the rules that a running node is under, or activate a later one.')
    .option('--activate <version>', 'switch to this version, from the next command on')
    .option('--key-file <file>', 'private key of the administrator (default: keys/admin.pem)')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (flags: { dataDir?: string; activate?: string; keyFile?: string; json?: boolean }) => {
      const { logicFromFlags } = await import('../logic-from-flags.js');
      await logicFromFlags(flags);
    });
}
