#!/usr/bin/env node
/**
 * The command line. Commands are declared here and loaded when they run, so that help and small commands are quick.
 */
import { Command, CommanderError } from 'commander';
import { endAtOnce } from '../../journal/libc.js';
import { addAccountCommand } from './commands/account.js';
import { addAuditCommand } from './commands/audit.js';
import { addBenchCommand } from './commands/bench.js';
import { addBookCommand } from './commands/book.js';
import { addDemoCommand } from './commands/demo.js';
import { addExecCommand } from './commands/exec.js';
import { addImportCommand } from './commands/import.js';
import { addInitCommand } from './commands/init.js';
import { addJournalCommand } from './commands/journal.js';
import { addLoadCommand } from './commands/load.js';
import { addLogicCommand } from './commands/logic.js';
import { addPromoteCommand } from './commands/promote.js';
import { addReplayCommand } from './commands/replay.js';
import { addServeCommand } from './commands/serve.js';
import { addSnapshotCommand } from './commands/snapshot.js';
import { addStatusCommand } from './commands/status.js';
import { addStopCommand } from './commands/stop.js';
import { addVersionCommand, versionText } from './commands/version.js';
import { ExitCode, failureOf } from './failure.js';

const HELP_AFTER = `
Exit codes:
  0 done   1 failed   2 wrong usage or configuration   3 corrupt journal, nodes or builds that differ
  4 refused (in use, foreign, no permission)   5 no running node reached

First minutes:
  ringfence demo                                     a pair of nodes, load, a crash, a promotion, a report
  ringfence init --data-dir ./data                   make a data directory
  ringfence serve --data-dir ./data                  run the node
  echo '{"type":"query","what":"hash"}' | ringfence exec
`;

function program(): Command {
  const root = new Command('ringfence')
    .description(
      'An exchange core: one-thread matching, a mapped journal, a hot standby, binary WebSocket order entry.',
    )
    .version(versionText(), '-v, --version')
    .showHelpAfterError('Add --help for the options.')
    .showSuggestionAfterError()
    .addHelpText('after', HELP_AFTER)
    .exitOverride();
  addInitCommand(root);
  addServeCommand(root);
  addStatusCommand(root);
  addPromoteCommand(root);
  addLogicCommand(root);
  addStopCommand(root);
  addReplayCommand(root);
  addJournalCommand(root);
  addSnapshotCommand(root);
  addAccountCommand(root);
  addBookCommand(root);
  addAuditCommand(root);
  addExecCommand(root);
  addImportCommand(root);
  addLoadCommand(root);
  addBenchCommand(root);
  addDemoCommand(root);
  addVersionCommand(root);
  return root;
}

process.on('exit', endAtOnce);

/** The reader of a pipe may leave at any time (`| head`): that ends the command quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.ok);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    const failure = failureOf(error);
    process.stderr.write(`${failure.text}\n`);
    process.exitCode = failure.exitCode;
  }
}
