/** What `serve` runs: the node of a data directory, until it is stopped or fails. */
import { type ConfigFlags, type NodeConfig, resolveConfig } from '../node/config.js';
import { startNode } from '../node/node.js';
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
  const ready = { event: 'ready', role: config.role, client, admin, control, replication, pid: process.pid };
  process.stdout.write(
    flags['json'] === true
      ? `${JSON.stringify(ready)}\n`
      : `ready: ${config.role} on ${config.dataDir}\n  trading  ${client}\n  admin    ${admin}\n` +
          `  control  ${control}\n${replication === null ? '' : `  standby  ${replication}\n`}`,
  );
  const exitCode = await node.closed;
  const { failureReason } = node;
  if (failureReason !== undefined)
    process.stderr.write(`ringfence: the node has ended: ${failureReason.message}\n`);
  return exitCode;
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
