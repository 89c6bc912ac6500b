import type { Command } from 'commander';
import type { AccountFlags } from '../account-from-flags.js';
import { addDataDirFlag } from '../config-flags.js';
import { addMomentFlags } from '../moment-flags.js';

const HELP = `
Begins with the nearest snapshot before the moment, and takes what has changed since from the index of accounts; where that
does not go so far, or is damaged, it replays the journal instead and says so. Reads only, takes no lock: it may run beside a
live node. Amounts, prices and quantities are exact decimals. --history lists the events of the account, oldest first, each with the command that caused
it (cause), the session that sent that command and its number there.

Examples:
  ringfence account 7 --data-dir ./data
  ringfence account 7 --at 2026-09-21T13:42:00Z --json
  ringfence account 7 --history --at-sequence 250000 --json | jq -r .type | sort | uniq -c
`;

export function addAccountCommand(root: Command): void {
  addMomentFlags(addDataDirFlag(root.command('account').argument('<id>', 'number of the account')))
    .description('Balances and open orders of an account at any moment, or its history.')
    .option('--history', 'every event that touched the account up to the moment')
    .option('--json', 'one JSON object; with --history one for each event, a line each')
    .addHelpText('after', HELP)
    .action(async (id: string, flags: AccountFlags) => {
      const { accountFromFlags } = await import('../account-from-flags.js');
      await accountFromFlags(id, flags, process.stdout);
    });
}
