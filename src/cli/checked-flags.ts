/** Values of flags that belong to one command alone. Each refusal names the flag, the value and what is allowed. */
import { CliError, ExitCode } from './failure.js';

/** One of `choices`. */
export function checkedChoice<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  if ((choices as readonly string[]).includes(value)) return value as T;
  throw new CliError(
    `${flag}: "${value}" is not a value of it; allowed: ${choices.join(', ')}`,
    ExitCode.usage,
  );
}

/** A whole number from `minimum` to `maximum`. */
export function checkedInteger(flag: string, value: string, minimum: number, maximum: number): number {
  const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw new CliError(
    `${flag}: "${value}" is not a value of it; allowed: a whole number from ${minimum} to ${maximum}`,
    ExitCode.usage,
  );
}

/** A moment in ISO 8601, as epoch microseconds. */
export function checkedTimeUs(flag: string, value: string): number {
  const milliseconds = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  if (Number.isFinite(milliseconds) && milliseconds >= 0) {
    const microseconds = /\.[0-9]{3}([0-9]{1,3})/.exec(value)?.[1] ?? '';
    return milliseconds * 1000 + Number(microseconds.padEnd(3, '0'));
  }
  throw new CliError(
    `${flag}: "${value}" is not a time; allowed: ISO 8601 such as 2024-05-01T09:30:00.000Z`,
    ExitCode.usage,
  );
}
