import type { Command } from 'commander';
import type { AuditFlags } from '../audit-from-flags.js';
import { addDataDirFlag } from '../config-flags.js';

const HELP = `
Replays the journal and writes what happened in between, both times included, oldest first: transfers, orders entered,
replaced and cancelled, trades with both parties and the money that changed hands, rejections, and what administrators
and the node did. Each event names the command that caused it (cause), the session that sent that command (the id of its
API key; 0 = the node itself) and the number of the command in that session (clientSequence), which rises strictly: the
two together are the correlation id, chosen by the sender and in no other command. A promotion names the operator (actor)
and the epoch before it (previousEpoch). Reads only, takes no lock.

Examples:
  ringfence audit --from 2026-09-21T00:00:00Z --to 2026-09-21T23:59:59.999999Z --output 2026-09-21.jsonl
  ringfence audit --format csv --data-dir ./data | head
`;

export function addAuditCommand(root: Command): void {
  addDataDirFlag(root.command('audit'))
    .description('Write the business events of a period as JSON lines or CSV.')
    .option('--from <time>', 'first moment (ISO 8601); default the beginning')
    .option('--to <time>', 'last moment (ISO 8601); default the end')
    .option('--format <format>', 'jsonl or csv', 'jsonl')
    .option('--output <file>', 'a new file to write to; default standard output')
    .option('--json', 'a summary on standard error as one JSON object')
    .addHelpText('after', HELP)
    .action(async (flags: AuditFlags) => {
      const { auditFromFlags } = await import('../audit-from-flags.js');
      await auditFromFlags(flags, process.stdout);
    });
}
