/** The options of the configuration as flags of a command. */
import type { Command } from 'commander';
import { CONFIG_KEYS, CONFIG_OPTIONS, flagOf } from '../node/config-options.js';

/** Adds `--data-dir`. */
export function addDataDirFlag(command: Command): Command {
  return command.option(
    '--data-dir <dir>',
    'data directory of the node (RINGFENCE_DATA_DIR; default ./data)',
  );
}

/** Adds a flag for every option of the configuration. Values are checked when the configuration is resolved. */
export function addConfigFlags(command: Command): Command {
  for (const key of CONFIG_KEYS) {
    const option = CONFIG_OPTIONS[key];
    const fallback = JSON.stringify(option.fallback);
    command.option(
      `${flagOf(key)} <value>`,
      `${option.description} Allowed: ${option.allowed}. Default ${fallback}.`,
    );
  }
  return command;
}
