/** What `journal index` runs. */
import { join } from 'node:path';
import { IDENTITY_FILE, JournalDirectory, readIdentity } from '../../journal/journal-directory.js';
import { indexJournal } from '../../replay/index-journal.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { CliError } from './failure.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';

/** Makes the index of accounts anew and prints what it came to. Throws JournalLockedError while a node runs. */
export function indexFromFlags(flags: { dataDir?: string; json?: boolean }): void {
  const dataDir = dataDirOf(flags);
  const directory = journalOf(dataDir);
  const identity = readIdentity(join(directory, IDENTITY_FILE));
  if (identity === undefined) {
    throw new CliError(`${directory} has no ${IDENTITY_FILE}: it is not the journal of a node`);
  }
  const lock = JournalDirectory.open(directory, identity);
  const progress = new ProgressLine('index', 'commands');
  try {
    const made = indexJournal({
      directory,
      clusterId: identity.clusterId,
      core: coreOf(dataDir),
      onProgress: (sequence, lastSequence) => progress.show(sequence, lastSequence),
    });
    progress.clear();
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(made)}\n`);
      return;
    }
    const { firstSequence, lastSequence, blocks, bytes, elapsedMs } = made;
    process.stdout.write(
      `index of accounts: commands ${firstSequence}..${lastSequence} in ${blocks} files of ${bytes} bytes, made in ${elapsedMs} ms\n`,
    );
  } finally {
    lock.close();
  }
}
