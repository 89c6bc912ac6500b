/** Numbers that several rules share. */
import { TriggerDirection } from '../../src/core/codes.js';

export const MAX_INT32 = 2 ** 31 - 1;
export const MAX_RATE_PPM = 1_000_000;
export const MAX_SELF_TRADE_PREVENTION = 5;
export const { rising: RISING, falling: FALLING } = TriggerDirection;

export function smallest(...values: bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least));
}

export function isCommandNumber(clientSequence: number): boolean {
  return clientSequence >= 0 && clientSequence <= Number.MAX_SAFE_INTEGER;
}
