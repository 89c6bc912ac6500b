import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { isActorName } from '../../node/actor-name.js';
import { addDataDirFlag } from '../config-flags.js';

const HELP = `
The standby applies everything it received, opens a higher epoch and takes orders from then on; frames of the old
primary are refused. Make sure that the old primary is stopped, or cut off from its clients.
Who did it is written into the journal with the epoch, and "ringfence audit" shows it.
An acknowledgement policy that waits for a standby stalls until one is attached: --ack-policy disk goes on alone.

Example:
  ringfence promote --data-dir ./standby --ack-policy disk
`;

interface PromoteFlags {
  readonly dataDir?: string;
  readonly ackPolicy?: string;
  readonly actor?: string;
  readonly json?: boolean;
}

export function addPromoteCommand(root: Command): void {
  addDataDirFlag(root.command('promote'))
    .description('Turn the standby that runs on this data directory into the primary.')
    .option(
      '--ack-policy <policy>',
      'acknowledgement policy from now on: disk, replica, disk+replica, two-disks',
    )
    .option(
      '--actor <name>',
      'who promotes, for the audit: up to 32 ASCII characters; default the user of the system',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (flags: PromoteFlags) => {
      const { callControl } = await import('../control-client.js');
      const { dataDirOf } = await import('../data-dir.js');
      const { checkedChoice } = await import('../checked-flags.js');
      const { CONFIG_OPTIONS } = await import('../../node/config-options.js');
      const policy = flags.ackPolicy;
      if (policy !== undefined) checkedChoice('--ack-policy', policy, CONFIG_OPTIONS.ackPolicy.choices!);
      const actor = flags.actor ?? systemUser();
      const body = policy === undefined ? { actor } : { ackPolicy: policy, actor };
      const answer = (await callControl(dataDirOf(flags), 'POST', '/promote', body)) as { epoch?: number };
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(answer)}\n`
          : `promoted: this node is the primary of epoch ${answer.epoch}\n`,
      );
    });
}

/** The user of the system as the audit names it: by number where there is no name, or none that the journal takes. */
function systemUser(): string {
  try {
    const { username } = userInfo();
    if (username !== '' && isActorName(username)) return username;
  } catch {
    // A user id without an entry in the list of users.
  }
  return `uid ${process.getuid?.() ?? 'unknown'}`;
}
