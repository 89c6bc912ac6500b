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

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Milliseconds of an age such as 30d; throws CliError (usage) for any other text. */
export function checkedAge(flag: string, text: string): number {
  const match = /^([0-9]{1,9})([smhd])$/.exec(text);
  if (match !== null) return Number(match[1]) * UNIT_MS[match[2]!]!;
  throw new CliError(
    `${flag}: "${text}" is no age; allowed: a number with s, m, h or d, such as 30d`,
    ExitCode.usage,
  );
}

/** Bytes of a size such as 16MiB; throws CliError (usage) for any other text. */
export function checkedBytes(flag: string, text: string): number {
  const match = /^([0-9]{1,12})(KiB|MiB|GiB|TiB)?$/.exec(text);
  if (match !== null) return Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 1);
  throw new CliError(
    `${flag}: "${text}" is no size; allowed: bytes, also with KiB, MiB, GiB or TiB`,
    ExitCode.usage,
  );
}
