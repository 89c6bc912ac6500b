import type { Command } from 'commander';
import { addDataDirFlag } from '../config-flags.js';

const HELP = `
The standby applies everything it received, opens a higher epoch and takes orders from then on; frames of the old
primary are refused. Make sure that the old primary is stopped, or cut off from its clients.
An acknowledgement policy that waits for a standby stalls until one is attached: --ack-policy disk goes on alone.

Example:
  ringfence promote --data-dir ./standby --ack-policy disk
`;

export function addPromoteCommand(root: Command): void {
  addDataDirFlag(root.command('promote'))
    .description('Turn the standby that runs on this data directory into the primary.')
    .option(
      '--ack-policy <policy>',
      'acknowledgement policy from now on: disk, replica, disk+replica, two-disks',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (flags: { dataDir?: string; ackPolicy?: string; json?: boolean }) => {
      const { callControl } = await import('../control-client.js');
      const { dataDirOf } = await import('../data-dir.js');
      const { checkedChoice } = await import('../checked-flags.js');
      const { CONFIG_OPTIONS } = await import('../../node/config-options.js');
      const policy = flags.ackPolicy;
      if (policy !== undefined) checkedChoice('--ack-policy', policy, CONFIG_OPTIONS.ackPolicy.choices!);
      const body = policy === undefined ? {} : { ackPolicy: policy };
      const answer = (await callControl(dataDirOf(flags), 'POST', '/promote', body)) as { epoch?: number };
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(answer)}\n`
          : `promoted: this node is the primary of epoch ${answer.epoch}\n`,
      );
    });
}
