/**
 * The configuration of a node: options from flags, environment variables, the configuration file and the table's
 * defaults, in that order of precedence. A wrong value or an unknown name throws a ConfigError that names the option,
 * where it was set, and what is allowed.
 */
import { dirname, join, resolve } from 'node:path';
import { nearestName } from '../base/nearest-name.js';
import { ConfigError } from './config-error.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import {
  CONFIG_KEYS,
  CONFIG_OPTIONS,
  type ConfigKey,
  type ConfigOption,
  type ConfigValues,
  environmentVariableOf,
  flagOf,
} from './config-options.js';
import { isThere } from './is-there.js';

export const CONFIG_FILE_NAME = 'ringfence.json';
export const DEFAULT_DATA_DIR = './data';

export interface NodeConfig extends ConfigValues {
  /** Absolute path of the data directory. */
  readonly dataDir: string;
}

/** Flags by option key (`maxOrders`, not `--max-orders`), besides `dataDir` and `config` (a file). */
export type ConfigFlags = Readonly<Record<string, string | boolean | undefined>>;
type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'RINGFENCE_';
/** Variables with the prefix that are no options. */
const OTHER_VARIABLES = /^RINGFENCE_(CONFIG|DATA_DIR|SEED|TEST_.*)$/;

/**
 * Resolves the configuration of the node of `flags.dataDir` (or RINGFENCE_DATA_DIR, or the folder of `flags.config`, or
 * ./data). The file is `flags.config`, RINGFENCE_CONFIG, or ringfence.json in the data directory where there is one.
 */
export function resolveConfig(flags: ConfigFlags, environment: Environment): NodeConfig {
  const named = textFlag(flags, 'config') ?? environment['RINGFENCE_CONFIG'];
  const dataDir = resolve(
    textFlag(flags, 'dataDir') ??
      environment[environmentVariableOf('dataDir')] ??
      (named === undefined ? DEFAULT_DATA_DIR : dirname(named)),
  );
  const usual = join(dataDir, CONFIG_FILE_NAME);
  const path = named ?? (isThere(usual) ? usual : undefined);
  const file = path === undefined ? undefined : readConfigFile(path);
  return { ...resolveValues(flags, environment, file), dataDir };
}

/** The options alone, from sources that were read before. */
export function resolveValues(flags: ConfigFlags, environment: Environment, file?: ConfigFile): ConfigValues {
  refuseUnknownNames(environment, file);
  const values: Record<string, unknown> = {};
  for (const key of CONFIG_KEYS) {
    const option = CONFIG_OPTIONS[key] as ConfigOption<unknown>;
    const variable = environmentVariableOf(key);
    if (flags[key] !== undefined) {
      values[key] = checkedValue(key, option, flags[key], `flag ${flagOf(key)}`, true);
    } else if (environment[variable] !== undefined) {
      values[key] = checkedValue(
        key,
        option,
        environment[variable],
        `environment variable ${variable}`,
        true,
      );
    } else if (file !== undefined && Object.hasOwn(file.values, key)) {
      values[key] = checkedValue(key, option, file.values[key], `"${key}" in ${file.path}`, false);
    } else {
      values[key] = option.fallback;
    }
  }
  const resolved = values as unknown as ConfigValues;
  refuseContradictions(resolved);
  return resolved;
}

/** Path of the replication key of a node. */
export function replicationKeyPath(config: NodeConfig): string {
  return resolve(config.dataDir, config.replicationKeyFile);
}

function textFlag(flags: ConfigFlags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

function refuseUnknownNames(environment: Environment, file: ConfigFile | undefined): void {
  for (const name of Object.keys(file?.values ?? {})) {
    if (Object.hasOwn(CONFIG_OPTIONS, name)) continue;
    throw new ConfigError(`${file!.path}: there is no option "${name}"${suggestion(name, CONFIG_KEYS)}`);
  }
  const variables = CONFIG_KEYS.map(environmentVariableOf);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || OTHER_VARIABLES.test(name) || variables.includes(name)) continue;
    throw new ConfigError(
      `environment variable ${name}: there is no such option${suggestion(name, variables)}`,
    );
  }
}

function suggestion(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? '; "ringfence serve --help" lists them' : `; did you mean ${nearest}?`;
}

/** Rules between options. */
function refuseContradictions(values: ConfigValues): void {
  if (values.hardLimitBytes < values.softLimitBytes) {
    throw new ConfigError(
      `option hardLimitBytes is ${values.hardLimitBytes}, below softLimitBytes (${values.softLimitBytes}); it must be at least that`,
    );
  }
  if (values.archiveAfterHours > 0 && values.archiveDir === '') {
    throw new ConfigError(
      `option archiveAfterHours is ${values.archiveAfterHours}, but archiveDir does not say where to; set it`,
    );
  }
  if (values.cancelReserve * 4 > values.inputRingSlots) {
    throw new ConfigError(
      `option cancelReserve is ${values.cancelReserve}, more than a quarter of inputRingSlots (${values.inputRingSlots})`,
    );
  }
}

/** A value as its option wants it; `isText` when it comes from a flag or a variable. */
function checkedValue(
  key: ConfigKey,
  option: ConfigOption<unknown>,
  value: unknown,
  source: string,
  isText: boolean,
): unknown {
  const refuse = (): never => {
    const shown = typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
    throw new ConfigError(`${source}: ${shown} is not a value of ${key}; allowed: ${option.allowed}`);
  };
  switch (option.kind) {
    case 'integer':
    case 'port':
    case 'bytes': {
      const number =
        isText || option.kind === 'bytes' ? numberFromText(value, option.kind === 'bytes') : value;
      if (typeof number !== 'number' || !Number.isSafeInteger(number)) return refuse();
      if (number < option.minimum! || number > option.maximum!) return refuse();
      if (option.powerOfTwo === true && (number & (number - 1)) !== 0) return refuse();
      return number;
    }
    case 'boolean':
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      return refuse();
    case 'choice':
      return typeof value === 'string' && option.choices!.includes(value) ? value : refuse();
    case 'list': {
      if (typeof value === 'string' && isText)
        return value
          .split(',')
          .map((each) => each.trim())
          .filter((each) => each !== '');
      return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : refuse();
    }
    case 'u64':
      if (typeof value !== 'string' || !/^[0-9]{1,20}$/.test(value) || BigInt(value) >= 1n << 64n)
        return refuse();
      return BigInt(value).toString();
    case 'key':
      return typeof value === 'string' && /^([0-9a-f]{64})?$/i.test(value) ? value.toLowerCase() : refuse();
    case 'text':
    case 'path':
      if (typeof value !== 'string' || /\p{Cc}/u.test(value)) return refuse();
      if (key === 'primaryAddress' && value !== '' && !/^.+:[0-9]{1,5}$/.test(value)) return refuse();
      // An empty text stands for "not set", where that is the default.
      if (value === '' && option.fallback !== '') return refuse();
      return value;
  }
}

function numberFromText(value: unknown, withUnits: boolean): number {
  if (typeof value === 'number') return value;
  const match = typeof value === 'string' ? /^([0-9]{1,16})(KiB|MiB|GiB)?$/.exec(value) : null;
  if (match === null || (match[2] !== undefined && !withUnits)) return Number.NaN;
  const scale = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }[match[2] ?? ''] ?? 1;
  return Number(match[1]) * scale;
}
