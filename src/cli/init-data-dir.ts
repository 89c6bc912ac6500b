/**
 * Makes the data directory of a node: configuration file, administrator's key, replication key, the node's own key.
 *
 * Everything is written into a directory of its own beside the wanted one and renamed into place at the end, so a
 * failure leaves nothing half made.
 */
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { rawPublicKey } from '../../journal/raw-public-key.js';
import {
  CONFIG_FILE_NAME,
  type ConfigFlags,
  type NodeConfig,
  replicationKeyPath,
  resolveConfig,
  resolveValues,
} from '../node/config.js';
import { CONFIG_KEYS, type ConfigValues } from '../node/config-options.js';
import { renderConfigFile } from '../node/config-text.js';
import { isThere } from '../node/is-there.js';
import { ensureNodeKey } from '../node/node-key.js';
import { CliError, ExitCode } from './failure.js';

export const KEYS_FOLDER = 'keys';
const ADMIN_KEY = join(KEYS_FOLDER, 'admin.pem');
/** Ports of a standby's node lie so far above its primary's, so that both run on one machine as they are. */
const STANDBY_PORT_STEP = 10;
const MAX_NODE_ID = 0xffffffff;

export interface InitOptions {
  /** Absolute path of the directory to make. */
  readonly dataDir: string;
  /** Data directory of the node to stand by, or undefined. */
  readonly join: string | undefined;
  /** File with the key of the pair, for a standby on another machine. */
  readonly replicationKey: string | undefined;
  /** Options of the configuration to write, by key. */
  readonly flags: ConfigFlags;
}

export interface InitReport {
  readonly dataDir: string;
  readonly configFile: string;
  /** '' for a standby: its administrators are those of the primary. */
  readonly adminKeyFile: string;
  readonly config: ConfigValues;
}

/** Makes the directory. Throws CliError or ConfigError that names what is in the way. */
export function initDataDir(options: InitOptions): InitReport {
  refuseOccupied(options.dataDir);
  const primary = options.join === undefined ? undefined : primaryOf(options.join);
  const values = valuesFor(options, primary);
  const isFirst = values.adminPublicKey === '';
  const admin = isFirst ? generateKeyPairSync('ed25519') : undefined;
  const adminPublicKey =
    admin === undefined ? values.adminPublicKey : rawPublicKey(admin.publicKey).toString('hex');
  const replicationKey = keyOfPair(options, primary);

  const parent = dirname(options.dataDir);
  mkdirSync(parent, { recursive: true });
  const making = join(parent, `.${basename(options.dataDir)}.${randomBytes(4).toString('hex')}`);
  mkdirSync(making, { mode: 0o700 });
  try {
    mkdirSync(join(making, KEYS_FOLDER), { mode: 0o700 });
    if (admin !== undefined) {
      writeFileSync(join(making, ADMIN_KEY), admin.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
        mode: 0o600,
      });
    }
    ensureNodeKey(making);
    if (options.flags['replicationKeyFile'] === undefined) {
      writeFileSync(join(making, values.replicationKeyFile), `${replicationKey}\n`, { mode: 0o600 });
    }
    const text = renderConfigFile({ ...values, adminPublicKey });
    writeFileSync(join(making, CONFIG_FILE_NAME), text, { mode: 0o600 });
    if (existsSync(options.dataDir)) rmdirSync(options.dataDir);
    renameSync(making, options.dataDir);
    chmodSync(options.dataDir, 0o700);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return {
    dataDir: options.dataDir,
    configFile: join(options.dataDir, CONFIG_FILE_NAME),
    adminKeyFile: isFirst ? join(options.dataDir, ADMIN_KEY) : '',
    config: { ...values, adminPublicKey },
  };
}

/** Throws CliError unless `dataDir` is not there or empty. */
export function refuseOccupied(dataDir: string): void {
  let names: string[];
  try {
    names = readdirSync(dataDir);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw new CliError(`${dataDir} is a file; name a directory`, ExitCode.refused);
    throw error;
  }
  if (names.length === 0) return;
  const isNode = names.includes(CONFIG_FILE_NAME);
  throw new CliError(
    `${dataDir} ${isNode ? 'holds a node already' : `is not empty (it holds ${names[0]})`}; name another directory`,
    ExitCode.refused,
  );
}

/** Configuration of the node to stand by. */
function primaryOf(directory: string): NodeConfig {
  const dataDir = resolve(directory);
  if (!isThere(join(dataDir, CONFIG_FILE_NAME))) {
    throw new CliError(
      `--join: ${dataDir} is no data directory (it has no ${CONFIG_FILE_NAME}); name that of the primary`,
      ExitCode.usage,
    );
  }
  return resolveConfig({ dataDir }, {});
}

/** The values to write: given ones first, then what follows from the node to stand by, then fresh identities. */
function valuesFor(options: InitOptions, primary: NodeConfig | undefined): ConfigValues {
  const given = resolveValues(options.flags, {});
  const isStandby = primary !== undefined || options.flags['role'] === 'standby';
  if (isStandby && primary === undefined) requireIdentityOfPair(options);
  const derived: Record<string, unknown> = {
    ...given,
    clusterId: primary?.clusterId ?? randomClusterId(),
    nodeId: freshNodeId(primary?.nodeId),
    role: isStandby ? 'standby' : 'primary',
  };
  if (primary !== undefined) {
    derived['adminPublicKey'] = primary.adminPublicKey;
    derived['maxOrders'] = primary.maxOrders;
    derived['primaryAddress'] = `${primary.replicationHost}:${primary.replicationPort}`;
    for (const key of ['port', 'adminPort', 'replicationPort'] as const) {
      derived[key] = primary[key] === 0 ? 0 : Math.min(primary[key] + STANDBY_PORT_STEP, 65535);
    }
  }
  for (const key of CONFIG_KEYS) if (options.flags[key] !== undefined) derived[key] = given[key];
  const values = derived as unknown as ConfigValues;
  if (values.clusterId === '0')
    throw new CliError('--cluster-id: 0 stands for none; allowed: 1 to 2^64-1', ExitCode.usage);
  if (values.nodeId === 0)
    throw new CliError(`--node-id: 0 stands for none; allowed: 1 to ${MAX_NODE_ID}`, ExitCode.usage);
  return values;
}

/** A standby made without the directory of its primary needs the identity of the pair in flags. */
function requireIdentityOfPair(options: InitOptions): void {
  const missing = [
    ...(options.flags['clusterId'] === undefined ? ['--cluster-id'] : []),
    ...(options.flags['adminPublicKey'] === undefined ? ['--admin-public-key'] : []),
    ...(options.flags['primaryAddress'] === undefined ? ['--primary-address'] : []),
    ...(options.replicationKey === undefined && options.flags['replicationKeyFile'] === undefined
      ? ['--replication-key']
      : []),
  ];
  if (missing.length === 0) return;
  throw new CliError(
    `a standby needs the identity of its pair: give --join with the data directory of the primary, or ${missing.join(', ')} from its ${CONFIG_FILE_NAME}`,
    ExitCode.usage,
  );
}

/** The shared key as 64 hexadecimal digits: that of the pair, or a fresh one. */
function keyOfPair(options: InitOptions, primary: NodeConfig | undefined): string {
  const path = options.replicationKey ?? (primary === undefined ? undefined : replicationKeyPath(primary));
  if (path === undefined) return randomBytes(32).toString('hex');
  const text = readFileSync(path, 'latin1').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text;
  throw new CliError(`${path} is no replication key; it must hold 64 hexadecimal digits`, ExitCode.usage);
}

function randomClusterId(): string {
  const id = randomBytes(8).readBigUInt64LE();
  return (id === 0n ? 1n : id).toString();
}

function freshNodeId(other: number | undefined): number {
  for (;;) {
    const id = randomInt(1, MAX_NODE_ID);
    if (id !== other) return id;
  }
}
