/** A wrong option, flag, environment variable or configuration file: the message is one sentence for the operator. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  override readonly name = 'ConfigError';
}
