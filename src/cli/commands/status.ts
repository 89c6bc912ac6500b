import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';

export function addStatusCommand(root: Command): void {
  addDataDirFlag(root.command('status'))
    .description('Show what a running node does: role, epoch, sequences, journal, standby, sessions.')
    .option('--json', 'the whole status as one JSON object')
    .addHelpText('after', '\nExample:\n  ringfence status --data-dir ./data --json\n')
    .action(async (flags: { dataDir?: string; json?: boolean }) => {
      const { callControl } = await import('../control-client.js');
      const { dataDirOf } = await import('../data-dir.js');
      const status = (await callControl(dataDirOf(flags), 'GET', '/status')) as object;
      process.stdout.write(flags.json ? `${JSON.stringify(status)}\n` : table(status, ''));
    });
}

/** Lines of `name  value`; what is nested is indented below its name. */
function table(values: object, indent: string): string {
  const entries = Object.entries(values as Record<string, unknown>);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  let text = '';
  for (const [name, value] of entries) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      text += `${indent}${name}\n${table(value, `${indent}  `)}`;
    } else {
      text += `${indent}${name.padEnd(width)}  ${Array.isArray(value) ? value.join(', ') : String(value)}\n`;
    }
  }
  return text;
}
