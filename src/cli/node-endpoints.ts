/** Where a running node takes sessions, and the key of its administrator, from the flags of a command. */
import { join } from 'node:path';
import { callControl } from './control-client.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';

export interface EndpointFlags {
  readonly dataDir?: string;
  readonly to?: string;
  readonly adminTo?: string;
  readonly keyFile?: string;
}

export interface NodeEndpoints {
  readonly urls: readonly string[];
  readonly adminUrls: readonly string[];
  readonly adminKeyFile: string;
}

/**
 * The addresses that `--to`, `--admin-to` and `--key-file` give (several addresses with commas between them: a pair),
 * or those of the node that runs on `--data-dir`.
 */
export async function nodeEndpoints(flags: EndpointFlags): Promise<NodeEndpoints> {
  if (flags.to !== undefined) {
    if (flags.adminTo === undefined || flags.keyFile === undefined) {
      const missing =
        flags.adminTo === undefined ? '--admin-to (administrator address)' : '--key-file (keys/admin.pem)';
      throw new CliError(`--to needs ${missing} too, to open the accounts that trade`, ExitCode.usage);
    }
    return {
      urls: addresses('--to', flags.to),
      adminUrls: addresses('--admin-to', flags.adminTo),
      adminKeyFile: flags.keyFile,
    };
  }
  const dataDir = dataDirOf(flags);
  const status = (await callControl(dataDir, 'GET', '/status')) as {
    addresses: { client: string; admin: string };
  };
  return {
    urls: [status.addresses.client],
    adminUrls: [status.addresses.admin],
    adminKeyFile: flags.keyFile ?? join(dataDir, 'keys', 'admin.pem'),
  };
}

function addresses(flag: string, text: string): readonly string[] {
  const urls = text.split(',');
  for (const url of urls) {
    if (/^wss?:\/\/[^/]+/.test(url) && URL.canParse(url)) continue;
    throw new CliError(`${flag}: "${url}" is not an address; allowed: ws://host:port`, ExitCode.usage);
  }
  return urls;
}
