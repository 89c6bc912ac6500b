/** What `logic` runs. */
import { LogicVersion } from '../core/logic-version.js';
import { checkedInteger } from './checked-flags.js';
import { callControl } from './control-client.js';
import { dataDirOf } from './data-dir.js';
import { connectAdmin } from './market.js';
import { nodeEndpoints } from './node-endpoints.js';

export interface LogicFlags {
  readonly dataDir?: string;
  readonly activate?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
}

/** Prints the version in force; with `--activate`, switches to that one before, as an administrator. */
export async function logicFromFlags(flags: LogicFlags): Promise<void> {
  const wanted =
    flags.activate === undefined
      ? undefined
      : checkedInteger('--activate', flags.activate, LogicVersion.first + 1, LogicVersion.newest);
  if (wanted === undefined) {
    const { logicVersion } = (await callControl(dataDirOf(flags), 'GET', '/status')) as {
      logicVersion: number;
    };
    const newest = LogicVersion.newest;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ logicVersion, newest })}\n`
        : `logic version ${logicVersion} is in force; this release knows up to ${newest}\n`,
    );
    return;
  }
  const { adminUrls, adminKeyFile } = await nodeEndpoints(flags);
  const admin = await connectAdmin(adminUrls, adminKeyFile);
  try {
    const { logicVersion, previousVersion, sequence } = (await admin.activateLogic({ logicVersion: wanted }))
      .fields;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ logicVersion, previousVersion, sequence })}\n`
        : `logic version ${logicVersion} holds after command ${sequence}; ${previousVersion} held until then\n`,
    );
  } finally {
    await admin.close();
  }
}
