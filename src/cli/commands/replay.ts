import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';
import type { ReplayFlags } from '../replay-from-flags.js';

const HELP = `
Reads the journal only, takes no lock: it may run beside a live node. The hashes equal those of a node that has
processed the same commands.

Corrections: --skip and --patch write the journal again without some commands, or with others in their place, into a new
data directory (with the configuration and the keys of the old one) and report what differs: what the corrected commands
bring about now, the first other command that is answered differently, and balances and open orders at the end. Sequences
are dense again; times stay. A line of a patch is {"sequence":17,"command":C}, where C is "skip" or a line of exec; the
command keeps time, and session and clientSequence unless it names others. Refused: the start of an epoch, and what would
shift the numbers of instruments or keys that later commands name. Running numbers (orderId, tradeId, reports) and book
levels are not compared on the way.

Examples:
  ringfence replay --data-dir ./data
  ringfence replay --data-dir ./data --to-sequence 250000 --json
  ringfence replay --data-dir ./data --at 2024-05-01T09:30:00.000Z
  ringfence replay --data-dir ./data --skip 250017,250018 --into ./corrected
`;

export function addReplayCommand(root: Command): void {
  addDataDirFlag(root.command('replay'))
    .description('Process a journal again from its beginning: hashes and speed, or a corrected journal.')
    .option('--to-sequence <n>', 'stop after this command')
    .option('--at <time>', 'stop after the last command of this time (ISO 8601)')
    .option('--skip <sequences>', 'leave these commands out, separated by commas; needs --into')
    .option('--patch <file>', 'JSON lines with commands to put in the place of others; needs --into')
    .option('--into <dir>', 'the data directory to make; must not be there, or be empty')
    .option('--json', 'one JSON object: commands, perSecond, lastSequence, stateHash, outputHash, ...')
    .addHelpText('after', HELP)
    .action(async (flags: ReplayFlags) => {
      const { replayFromFlags } = await import('../replay-from-flags.js');
      process.exitCode = await replayFromFlags(flags, process.stdout);
    });
}
