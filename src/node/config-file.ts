/**
 * The configuration file: JSON in which `//` and `/* *\/` comments and a comma before a closing bracket are allowed, so
 * that `init` can explain every option beside its value and an operator can comment a line out.
 */
import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.js';

export interface ConfigFile {
  /** Path as it was given, for messages. */
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads a configuration file. Throws ConfigError that names the file and, for a syntax mistake, the line and column.
 */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new ConfigError(
      `configuration file ${path}: ${reason}; make a data directory with "ringfence init" or name another file with --config`,
    );
  }
  return { path, values: parseConfigText(text, path) };
}

/** Parses the text of a configuration file; `path` is for messages only. */
export function parseConfigText(text: string, path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(blankComments(text, path));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const position = /at position ([0-9]+)/.exec((error as Error).message)?.[1];
    const where = position === undefined ? 'at its end' : `at ${lineAndColumn(text, Number(position))}`;
    throw new ConfigError(
      `configuration file ${path}: not valid JSON ${where}; expected { "option": value, ... }`,
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError(`configuration file ${path}: holds no object; expected { "option": value, ... }`);
  }
  return parsed as Record<string, unknown>;
}

/** Replaces comments and trailing commas by blanks, so that every other character keeps its position. */
function blankComments(text: string, path: string): string {
  let result = '';
  let i = 0;
  let pendingComma = -1;
  while (i < text.length) {
    const char = text[i]!;
    const next = text[i + 1];
    if (char === '"') {
      const start = i++;
      while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
      result += text.slice(start, ++i);
      pendingComma = -1;
    } else if (char === '/' && next === '/') {
      while (i < text.length && text[i] !== '\n') {
        result += ' ';
        i++;
      }
    } else if (char === '/' && next === '*') {
      const end = text.indexOf('*/', i + 2);
      if (end < 0) {
        throw new ConfigError(
          `configuration file ${path}: the comment at ${lineAndColumn(text, i)} is never closed`,
        );
      }
      result += text.slice(i, end + 2).replace(/[^\n]/g, ' ');
      i = end + 2;
    } else {
      if ((char === '}' || char === ']') && pendingComma >= 0) {
        result = `${result.slice(0, pendingComma)} ${result.slice(pendingComma + 1)}`;
      }
      if (char === ',' && /[^\s,{[]\s*$/.test(result)) pendingComma = result.length;
      else if (!/\s/.test(char)) pendingComma = -1;
      result += char;
      i++;
    }
  }
  return result;
}

function lineAndColumn(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  return `line ${before.length}, column ${before[before.length - 1]!.length + 1}`;
}
