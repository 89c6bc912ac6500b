import type { Command } from 'commander';
import type { ImportFlags } from '../import-from-flags.js';

const LOBSTER_HELP = `
Records: 1 new order; 2 partial cancel -> replace with the smaller total; 3 delete -> cancel; 4 execution -> IOC of the
other side at that price and size; 5, 6 and 7 are skipped. So are records about orders from before the file began.

Examples:
  ringfence import lobster AAPL_2012-06-21_message_50.csv.gz | ringfence exec > events.jsonl
  ringfence import lobster AAPL_2012-06-21_message_50.csv.gz --data-dir ./data --speed 10
`;
const ITCH_HELP = `
Messages: A, F new order; X partial cancel; D cancel; U replace (priority lost); E, C execution -> IOC of the other side
at the price of the resting order; everything else is skipped, and so are messages about unknown orders.

Examples:
  ringfence import itch 01302020.NASDAQ_ITCH50.gz --symbol AAPL --output aapl.jsonl
  ringfence import itch aapl.itch50.bin --data-dir ./data --speed max
`;

export function addImportCommand(root: Command): void {
  const importer = root
    .command('import')
    .description(
      'Turn real order flow into commands: JSON lines for exec, or orders sent to a running node.',
    );
  for (const format of ['lobster', 'itch'] as const) {
    importer
      .command(format)
      .description(
        format === 'lobster'
          ? 'A LOBSTER message file (.csv, .csv.gz).'
          : 'A NASDAQ TotalView-ITCH 5.0 file (.bin, .gz).',
      )
      .argument('<file>', 'the file, gzipped or not')
      .option('--output <path>', 'write lines to a file instead of standard output')
      .option(
        '--symbol <stock>',
        format === 'lobster'
          ? 'stock; default: the start of the file name'
          : 'stock to take; default: the first one in the file',
      )
      .option('--accounts <n>', 'spread the orders over so many accounts', '4')
      .option(
        '--no-setup',
        'without the lines that list the instrument, open the accounts and give them money',
      )
      .option('--data-dir <dir>', 'send to the node that runs on this data directory, as its administrator')
      .option('--to <url>', 'send to a node: its trading address, ws://host:port')
      .option('--admin-to <url>', 'with --to: its administrator address')
      .option('--key-file <path>', "with --to: the administrator's private key (keys/admin.pem)")
      .option('--speed <speed>', 'when sending: 1, 10 (times the speed of the file) or max', 'max')
      .option('--first-account <n>', 'when sending: number of the first account', '2000001')
      .option('--json', 'when sending: the result as one JSON object on standard output')
      .addHelpText('after', format === 'lobster' ? LOBSTER_HELP : ITCH_HELP)
      .action(async (path: string, flags: ImportFlags) => {
        const { importFromFlags } = await import('../import-from-flags.js');
        await importFromFlags(format, path, flags);
      });
  }
}
