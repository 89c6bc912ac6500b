import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';
import type { ReplayFlags } from '../replay-from-flags.js';

const HELP = `
Reads the journal only, takes no lock: it may run beside a live node. The hashes equal those of a node that has
processed the same commands. Without --to-sequence and --at every command is replayed, from the first on; with one of them
the replay begins with the newest snapshot before that moment, unless --full is given.

Corrections: --skip and --patch write the journal again without some commands, or with others in their place, into a new
data directory (with the configuration and the keys of the old one) and report what differs: what the corrected commands
bring about now, the first other command that is answered differently, and balances and open orders at the end. Sequences
are dense again; times stay. A line of a patch is {"sequence":17,"command":C}, where C is "skip" or a line of exec; the
command keeps time, and session and clientSequence unless it names others. Refused: the start of an epoch, and what would
shift the numbers of instruments or keys that later commands name. Running numbers (orderId, tradeId, reports) and book
levels are not compared on the way.

Another build: --compare-with runs the replay of this build and of the one in the directory side by side over the same
journal and finds the first command that they answer differently, by hashes of blocks of commands first; exit code 3 if
there is one. It needs a build that has --hash-every and --events-of.

Examples:
  ringfence replay --data-dir ./data
  ringfence replay --data-dir ./data --to-sequence 250000 --json
  ringfence replay --data-dir ./data --at 2024-05-01T09:30:00.000Z
  ringfence replay --data-dir ./data --expect 6f1c9a0c5d2e7b34
  ringfence replay --data-dir ./data --compare-with ../ringfence-next --json
  ringfence replay --data-dir ./data --skip 250017,250018 --into ./corrected
`;

export function addReplayCommand(root: Command): void {
  addDataDirFlag(root.command('replay'))
    .description('Process a journal again from its beginning: hashes and speed, or a corrected journal.')
    .option('--to-sequence <n>', 'stop after this command')
    .option('--at <time>', 'stop after the last command of this time (ISO 8601)')
    .option('--full', 'with --to-sequence or --at: from the first command on, without a snapshot')
    .option('--expect <hash>', 'exit with code 3 unless this is the state hash at the end')
    .option(
      '--compare-with <dir>',
      'find the first command that the build in this directory answers differently',
    )
    .option('--hash-every <n>', 'the output hash after every n-th command and the last, as JSON lines')
    .option('--from-sequence <n>', 'with --hash-every: print no hashes before this command')
    .option('--events-of <n>', 'this command and all its events with all their fields, as one JSON object')
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
