/** Text that is made from the table of options: the configuration file that `init` writes. */
import {
  CONFIG_KEYS,
  CONFIG_OPTIONS,
  type ConfigOption,
  type ConfigValues,
  environmentVariableOf,
  flagOf,
} from './config-options.js';

const LINE_CHARS = 100;

/** The configuration file with every option explained, holding `values` where given and defaults elsewhere. */
export function renderConfigFile(values: Partial<ConfigValues>): string {
  const lines = [
    '// Configuration of a Ringfence node. Comments are allowed. A flag or an environment variable goes before this file.',
    '{',
  ];
  let section = '';
  const last = CONFIG_KEYS[CONFIG_KEYS.length - 1];
  for (const key of CONFIG_KEYS) {
    const option = CONFIG_OPTIONS[key] as ConfigOption<unknown>;
    if (option.section !== section) {
      section = option.section;
      lines.push('', `  // ---- ${section} ----`);
    }
    lines.push('');
    for (const line of wrapped(option.description)) lines.push(`  // ${line}`);
    for (const line of wrapped(`Allowed: ${option.allowed}.`)) lines.push(`  // ${line}`);
    lines.push(
      `  // Default: ${JSON.stringify(option.fallback)}. Flag ${flagOf(key)}, variable ${environmentVariableOf(key)}.`,
    );
    lines.push(
      `  ${JSON.stringify(key)}: ${JSON.stringify(values[key] ?? option.fallback)}${key === last ? '' : ','}`,
    );
  }
  lines.push('}', '');
  return lines.join('\n');
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > LINE_CHARS) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
