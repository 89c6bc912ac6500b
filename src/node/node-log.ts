import { destination, type Logger, pino } from 'pino';

/**
 * A log of one thread: JSON lines on standard error, written at once. Threads cannot share a buffered log: what a
 * blocked or dying worker still held back would be lost.
 */
export function makeLog(role: string, level: string): Logger {
  return pino({ name: 'ringfence', level, base: { role } }, destination({ fd: 2, sync: true }));
}
