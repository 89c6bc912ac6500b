import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { SCHEMA_VERSION, SUBPROTOCOL_MSGPACK, SUBPROTOCOL_SBE } from '../../wire/schema.js';

/** Version of the package this file belongs to, whether it runs compiled or from source. */
export function versionText(): string {
  for (const up of ['../../../', '../../../../']) {
    try {
      const text = readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8');
      const parsed = JSON.parse(text) as { name: string; version: string };
      if (parsed.name === 'ringfence') return parsed.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('package.json of ringfence is missing');
}

export function addVersionCommand(root: Command): void {
  root
    .command('version')
    .description('Print the versions of the program, its protocols and the runtime.')
    .option('--json', 'one JSON object')
    .action((options: { json?: boolean }) => {
      const versions = {
        ringfence: versionText(),
        subprotocols: [SUBPROTOCOL_SBE, SUBPROTOCOL_MSGPACK],
        schemaVersion: SCHEMA_VERSION,
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
      };
      if (options.json) {
        process.stdout.write(`${JSON.stringify(versions)}\n`);
        return;
      }
      process.stdout.write(
        `ringfence ${versions.ringfence} (${versions.subprotocols.join(', ')}; schema ${versions.schemaVersion}), ` +
          `Node.js ${versions.node} on ${versions.platform}\n`,
      );
    });
}
