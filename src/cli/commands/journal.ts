import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';

const VERIFY_HELP = `
Checks every byte that the journal vouches for: headers, checksums, chain, sequence, epochs, links between segments, and
sealed segments against the SHA-256 in the signed manifest.
Exit code 0: everything is whole (a torn tail is no damage); 3: damage, each place named.

Example:
  ringfence journal verify --data-dir ./data --json
  ringfence journal verify --data-dir ./data --digest rf1-1000-...
`;
const DIGEST_HELP = `
The digest names a command and pins down every bit of every command up to it; it is the same on both nodes of a pair.
Write it down; "journal verify --digest" proves later that nothing before it has changed.

Examples:
  ringfence journal digest --data-dir ./data
  ringfence journal digest --data-dir ./data --at 1000000
  ringfence journal digest --data-dir ./data --at 2024-05-01T16:00:00Z
`;
const CAT_HELP = `
Examples:
  ringfence journal cat --data-dir ./data --from 1000 --to 1010
  ringfence journal cat --data-dir ./data --from-time 2024-05-01T09:30:00Z | grep newOrder
`;

const ARCHIVE_HELP = `
A segment is moved when it is sealed and has its line in the signed manifest: compressed, synced, read back, and only then
removed here. All commands, and the node, go on reading it where it is; the place is noted in journal/tiers.json.
The node may run meanwhile.

Examples:
  ringfence journal archive --data-dir ./data --older-than 30d --to /mnt/cold/journal
  ringfence journal archive --data-dir ./data --keep 100
`;
const SCRUB_HELP = `
Reads every copy of every segment that is in the signed manifest, here and in archives, at a limited rate, and compares it
with the SHA-256 of the manifest. The node may run meanwhile.
Exit code 0: nothing has changed; 3: rot, each place named by file and offset (of the segment).

Example:
  ringfence journal scrub --data-dir ./data --rate 16MiB
`;
const RESTORE_HELP = `
Copies segments back into the journal directory; the archive keeps its copies.

Examples:
  ringfence journal restore --data-dir ./data
  ringfence journal restore --data-dir ./data --from 1000000 --to 2000000
`;

const RETAIN_HELP = `
Only the oldest segments go, with all their copies, and never: what a start from the oldest kept snapshot replays (without
a snapshot nothing goes), what the attached standby has yet to store, what is not in the signed manifest, the newest one.
The removal is declared by a signed line in the manifest; from then on the journal begins later, and says so when it is
asked for more. What an auditor may want to prove again belongs into a backup before. The node may run meanwhile.

Examples:
  ringfence journal retain --data-dir ./data --older-than 730d --dry-run
  ringfence journal retain --data-dir ./data --older-than 730d --max-bytes 2TiB
`;

const INDEX_HELP = `
Replays the whole journal and writes the index of accounts anew, with which "ringfence account" answers at once. A node
writes it by itself (accountIndex); this is for journals of older releases, and after a node has run without it. The node
must not run.

Example:
  ringfence journal index --data-dir ./data
`;

export function addJournalCommand(root: Command): void {
  const journal = root
    .command('journal')
    .description('Look at the journal of a data directory; move old segments of it.');

  addDataDirFlag(journal.command('verify'))
    .description('Check the whole journal, its manifest, and what was written down of it.')
    .option('--digest <digest>', 'prove that nothing has changed up to the command of this digest')
    .option(
      '--public-key <hex>',
      'key that must have signed the manifest (default: that of the data directory, if it is there)',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', VERIFY_HELP)
    .action(async (flags: { dataDir?: string; json?: boolean; digest?: string; publicKey?: string }) => {
      const { verifyFromFlags } = await import('../journal-tools.js');
      process.exitCode = verifyFromFlags(flags);
    });

  addDataDirFlag(journal.command('digest'))
    .description('Print the digest of all commands up to one, for the records of an auditor.')
    .option('--at <sequence or time>', 'last command, or a moment (ISO 8601); default: the last command')
    .option('--json', 'one JSON object')
    .addHelpText('after', DIGEST_HELP)
    .action(async (flags: { dataDir?: string; json?: boolean; at?: string }) => {
      const { digestFromFlags } = await import('../journal-tools.js');
      digestFromFlags(flags);
    });

  addDataDirFlag(journal.command('ls'))
    .description('List the segments.')
    .option('--json', 'one JSON object for each segment, a line each')
    .action(async (flags: { dataDir?: string; json?: boolean }) => {
      const { listFromFlags } = await import('../journal-tools.js');
      listFromFlags(flags);
    });

  addDataDirFlag(journal.command('cat'))
    .description('Print commands as JSON lines, decoded.')
    .option('--from <sequence>', 'first command')
    .option('--to <sequence>', 'last command')
    .option('--from-time <time>', 'first moment (ISO 8601)')
    .option('--to-time <time>', 'last moment (ISO 8601)')
    .addHelpText('after', CAT_HELP)
    .action(
      async (flags: { dataDir?: string; from?: string; to?: string; fromTime?: string; toTime?: string }) => {
        const { catFromFlags } = await import('../journal-tools.js');
        await catFromFlags(flags);
      },
    );

  addDataDirFlag(journal.command('archive'))
    .description('Move sealed segments to another directory, compressed.')
    .option('--older-than <age>', 'only what was sealed so long ago: a number with s, m, h or d, such as 30d')
    .option('--keep <number>', 'leave so many sealed segments, the newest ones')
    .option('--to <dir>', 'directory to move them to (default: archiveDir of the configuration)')
    .option('--json', 'one JSON object for each segment, a line each')
    .addHelpText('after', ARCHIVE_HELP)
    .action(
      async (flags: { dataDir?: string; olderThan?: string; keep?: string; to?: string; json?: boolean }) => {
        const { archiveFromFlags } = await import('../journal-archive.js');
        archiveFromFlags(flags);
      },
    );

  addDataDirFlag(journal.command('restore'))
    .description('Copy archived segments back.')
    .option('--from <sequence>', 'first command that is wanted')
    .option('--to <sequence>', 'last command that is wanted')
    .option('--json', 'one JSON object for each segment, a line each')
    .addHelpText('after', RESTORE_HELP)
    .action(async (flags: { dataDir?: string; from?: string; to?: string; json?: boolean }) => {
      const { restoreFromFlags } = await import('../journal-archive.js');
      restoreFromFlags(flags);
    });

  addDataDirFlag(journal.command('retain'))
    .description('Remove the oldest segments, by age or by size, for good.')
    .option('--older-than <age>', 'what was sealed so long ago: a number with s, m, h or d, such as 730d')
    .option(
      '--max-bytes <size>',
      'the oldest, while all copies take more than this; also with MiB, GiB or TiB',
    )
    .option('--dry-run', 'only say what would go, what would stay, and why')
    .option('--json', 'one JSON object')
    .addHelpText('after', RETAIN_HELP)
    .action(
      async (flags: {
        dataDir?: string;
        olderThan?: string;
        maxBytes?: string;
        dryRun?: boolean;
        json?: boolean;
      }) => {
        const { retainFromFlags } = await import('../journal-retain.js');
        await retainFromFlags(flags);
      },
    );

  addDataDirFlag(journal.command('scrub'))
    .description('Read sealed segments and archives again and report rot.')
    .option('--rate <bytes>', 'bytes to read each second, also with KiB, MiB or GiB', '32MiB')
    .option('--json', 'one JSON object')
    .addHelpText('after', SCRUB_HELP)
    .action(async (flags: { dataDir?: string; rate: string; json?: boolean }) => {
      const { scrubFromFlags } = await import('../journal-archive.js');
      process.exitCode = await scrubFromFlags(flags);
    });

  addDataDirFlag(journal.command('index'))
    .description('Make the index of accounts anew.')
    .option('--json', 'one JSON object')
    .addHelpText('after', INDEX_HELP)
    .action(async (flags: { dataDir?: string; json?: boolean }) => {
      const { indexFromFlags } = await import('../journal-index.js');
      indexFromFlags(flags);
    });
}
