import { describe, expect, it } from 'vitest';
import { checkedChoice, checkedInteger, checkedTimeUs } from '../../src/cli/checked-flags.js';
import { CliError, ExitCode, failureOf } from '../../src/cli/failure.js';
import { ConfigError } from '../../src/node/config-error.js';

const coded = (message: string, properties: object) => Object.assign(new Error(message), properties);

describe('failures', () => {
  it.each([
    [new CliError('gone', ExitCode.unreachable), 5],
    [new ConfigError('bad port'), 2],
    [coded('in use', { code: 'JOURNAL_LOCKED', exitCode: 4 }), 4],
    [coded('broken', { code: 'JOURNAL_CORRUPT', exitCode: 3 }), 3],
    [coded('nodes differ', { code: 'STATE_DIVERGED' }), 3],
    [coded('foreign', { code: 'JOURNAL_FOREIGN' }), 4],
    [coded('not a standby', { code: 'PROMOTION_REFUSED' }), 4],
    [coded('unknown', { code: 'SOMETHING_ELSE' }), 1],
    [coded('LOGON_REFUSED: wrong key', { code: 2002, name: 'LOGON_REFUSED' }), 1],
    [coded('no gateway', { name: 'ConnectionError' }), 5],
  ])('%s exits with its code and one sentence', (error, exitCode) => {
    expect(failureOf(error)).toEqual({ text: `ringfence: ${error.message}`, exitCode });
  });

  it('an error of the system names the path or the address and what to do', () => {
    const denied = coded("EACCES: permission denied, open '/x/y'", {
      code: 'EACCES',
      syscall: 'open',
      path: '/x/y',
    });
    expect(failureOf(denied)).toEqual({
      text: 'ringfence: /x/y: no permission; check the owner and mode, or use another path',
      exitCode: 4,
    });
    const refused = coded('connect ECONNREFUSED 127.0.0.1:9', {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 9,
    });
    expect(failureOf(refused)).toEqual({
      text: 'ringfence: 127.0.0.1:9: nothing listens there; is the node running?',
      exitCode: 5,
    });
    const lost = coded('listen EADDRINUSE: address already in use 127.0.0.1:9402', { code: 'EADDRINUSE' });
    expect(failureOf(lost).text).toBe(
      'ringfence: 127.0.0.1:9402: the port is in use; stop its owner or choose another port',
    );
    const taken = coded('port 9400 is in use: choose another', { code: 'EADDRINUSE' });
    expect(failureOf(taken)).toEqual({ text: 'ringfence: port 9400 is in use: choose another', exitCode: 4 });
  });

  it('a fault of ours shows where it happened', () => {
    const failure = failureOf(new TypeError('x is not a function'));
    expect(failure.exitCode).toBe(1);
    expect(failure.text).toContain('internal error');
    expect(failure.text).toContain('cli-failure.test');
  });
});

describe('flags', () => {
  it('a wrong value names the flag, the value and what is allowed', () => {
    expect(() => checkedInteger('--rate', '1.5', 1, 9)).toThrow(
      '--rate: "1.5" is not a value of it; allowed: a whole number from 1 to 9',
    );
    expect(() => checkedInteger('--rate', '10', 1, 9)).toThrow('--rate: "10"');
    expect(() => checkedInteger('--rate', '', 1, 9)).toThrow('--rate: ""');
    expect(() => checkedChoice('--speed', '2', ['1', '10', 'max'])).toThrow(
      '--speed: "2" is not a value of it; allowed: 1, 10, max',
    );
    expect(() => checkedTimeUs('--at', 'noon')).toThrow('--at: "noon" is not a time; allowed: ISO 8601');
    expect(() => checkedTimeUs('--at', '1')).toThrow('--at: "1"');
  });

  it('a time is read to the microsecond', () => {
    expect(checkedTimeUs('--at', '1970-01-01T00:00:01Z')).toBe(1_000_000);
    expect(checkedTimeUs('--at', '1970-01-01T00:00:00.123456Z')).toBe(123_456);
    expect(checkedTimeUs('--at', '1970-01-02')).toBe(86_400_000_000);
  });
});
