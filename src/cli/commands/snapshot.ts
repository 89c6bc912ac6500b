import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';
import type { SnapshotFlags } from '../snapshot-tools.js';

const VERIFY_HELP = `
Reads each snapshot, checks its SHA-256, that it belongs to this journal, and that its tables give the state hash that it
is of: every row is hashed again. Reads only; the node may run meanwhile.
Exit code 0: all are good; 3: one is not, each named with the reason.

Example:
  ringfence snapshot verify --data-dir ./data --json
`;
const TAKE_HELP = `
A node that runs takes it in the background, of all that is durable now. Without a node it is taken here, under the lock of
the journal, from the newest good snapshot on.

Example:
  ringfence snapshot take --data-dir ./data
`;

export function addSnapshotCommand(root: Command): void {
  const snapshot = root
    .command('snapshot')
    .description('List, check and take snapshots, from which a start goes on.');

  addDataDirFlag(snapshot.command('ls'))
    .description('List the snapshots, newest first.')
    .option('--json', 'one JSON object for each snapshot, a line each')
    .action(async (flags: SnapshotFlags) => {
      const { listSnapshots } = await import('../snapshot-tools.js');
      listSnapshots(flags, process.stdout);
    });

  addDataDirFlag(snapshot.command('verify'))
    .description('Check every snapshot against its sum, the journal and its state hash.')
    .option('--json', 'one JSON object for each snapshot, a line each')
    .addHelpText('after', VERIFY_HELP)
    .action(async (flags: SnapshotFlags) => {
      const { verifySnapshots } = await import('../snapshot-tools.js');
      process.exitCode = verifySnapshots(flags, process.stdout);
    });

  addDataDirFlag(snapshot.command('take'))
    .description('Take a snapshot now.')
    .option('--json', 'one JSON object')
    .addHelpText('after', TAKE_HELP)
    .action(async (flags: SnapshotFlags) => {
      const { takeSnapshotNow } = await import('../snapshot-tools.js');
      await takeSnapshotNow(flags, process.stdout);
    });
}
