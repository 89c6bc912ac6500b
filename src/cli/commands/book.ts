import type { Command } from 'commander';
import type { BookFlags } from '../book-from-flags.js';
import { addDataDirFlag } from '../config-flags.js';
import { addMomentFlags } from '../moment-flags.js';

const HELP = `
Replays the journal up to the moment; reads only, takes no lock: it may run beside a live node.

Examples:
  ringfence book BTC-USD --data-dir ./data --depth 5
  ringfence book BTC-USD --at 2026-09-21T13:42:00Z --json
`;

export function addBookCommand(root: Command): void {
  addMomentFlags(addDataDirFlag(root.command('book').argument('<symbol>', 'symbol of the instrument')))
    .description('The order book of an instrument at any moment.')
    .option('--depth <n>', 'levels of each side; default all')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (symbol: string, flags: BookFlags) => {
      const { bookFromFlags } = await import('../book-from-flags.js');
      bookFromFlags(symbol, flags, process.stdout);
    });
}
