/** What `serve` runs: the node of a data directory, until it is stopped or fails. */
import { type ConfigFlags, type NodeConfig, resolveConfig } from '../node/config.js';
import { startNode } from '../node/node.js';
import type { StartReport } from '../node/start-report.js';
import { CliError, ExitCode } from './failure.js';

/** Runs the node; resolves with its exit code when it has ended. */
export async function serveNode(flags: ConfigFlags): Promise<number> {
  const config = resolveConfig(flags, process.env);
  refuseIncomplete(config);
  const node = await startNode(config);
  const stop = (): void => {
    // A second signal while it stops changes nothing: ending early would only cost a longer recovery.
    void node.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const { client, admin, control, replication } = node.addresses;
  const start = node.startReport();
  const ready = {
    event: 'ready',
    role: config.role,
    client,
    admin,
    control,
    replication,
    pid: process.pid,
    start,
  };
  process.stdout.write(
    flags['json'] === true
      ? `${JSON.stringify(ready)}\n`
      : startText(start) +
          `ready: ${config.role} on ${config.dataDir}\n  trading  ${client}\n  admin    ${admin}\n` +
          `  control  ${control}\n${replication === null ? '' : `  standby  ${replication}\n`}`,
  );
  const exitCode = await node.closed;
  const { failureReason } = node;
  if (failureReason !== undefined)
    process.stderr.write(`ringfence: the node has ended: ${failureReason.message}\n`);
  return exitCode;
}

/** What was loaded, replayed and cut, and what could not be used. */
function startText(start: StartReport): string {
  if (start.lastSequence === 0) return '';
  const from =
    start.snapshot === '' ? 'the first command' : `the snapshot of command ${start.snapshotSequence}`;
  const cut = start.cutBytes === 0 ? '' : `cut: a torn tail of ${start.cutBytes} bytes of ${start.cutFile}\n`;
  const refused = start.refused.map(({ file, reason }) => `not used: ${file}: ${reason}\n`).join('');
  return (
    `${refused}${cut}recovered: ${start.replayed.toLocaleString('en-US')} commands replayed from ${from} on, ` +
    `in ${(start.elapsedMs / 1000).toFixed(2)} s\n`
  );
}

function refuseIncomplete(config: NodeConfig): void {
  if (config.clusterId === '0' || config.nodeId === 0 || config.adminPublicKey === '') {
    throw new CliError(
      `${config.dataDir} has no identity (clusterId, nodeId, adminPublicKey); make it with "ringfence init --data-dir ${config.dataDir}"`,
      ExitCode.usage,
    );
  }
  if (config.role === 'standby' && config.primaryAddress === '') {
    throw new CliError(
      'a standby needs primaryAddress: set it in the configuration file or give --primary-address host:port',
      ExitCode.usage,
    );
  }
}
