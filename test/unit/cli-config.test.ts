import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfig, resolveValues } from '../../src/node/config.js';
import { parseConfigText } from '../../src/node/config-file.js';
import { CONFIG_KEYS, CONFIG_OPTIONS, environmentVariableOf, flagOf } from '../../src/node/config-options.js';
import { renderConfigFile } from '../../src/node/config-text.js';

const file = (values: Record<string, unknown>) => ({ path: 'ringfence.json', values });

describe('configuration', () => {
  it('a flag goes before a variable, a variable before the file, the file before the default', () => {
    const flags = { maxOrders: '3000' };
    const environment = { RINGFENCE_MAX_ORDERS: '2000' };
    const configured = file({ maxOrders: 5000 });
    expect(resolveValues(flags, environment, configured).maxOrders).toBe(3000);
    expect(resolveValues({}, environment, configured).maxOrders).toBe(2000);
    expect(resolveValues({}, {}, configured).maxOrders).toBe(5000);
    expect(resolveValues({}, {}).maxOrders).toBe(CONFIG_OPTIONS.maxOrders.fallback);
  });

  it('every option can be set by a flag, by a variable and in the file', () => {
    for (const key of CONFIG_KEYS) {
      const option = CONFIG_OPTIONS[key];
      const value = Array.isArray(option.fallback) ? option.fallback.join(',') : String(option.fallback);
      if (value === '') continue;
      expect(resolveValues({ [key]: value }, {})[key], flagOf(key)).toEqual(option.fallback);
      expect(resolveValues({}, { [environmentVariableOf(key)]: value })[key], key).toEqual(option.fallback);
      expect(resolveValues({}, {}, file({ [key]: option.fallback }))[key], key).toEqual(option.fallback);
    }
  });

  it('an unknown option in the file is named, with the nearest one that exists', () => {
    expect(() => resolveValues({}, {}, file({ maxOrder: 1 }))).toThrow(
      'ringfence.json: there is no option "maxOrder"; did you mean maxOrders?',
    );
    expect(() => resolveValues({}, {}, file({ xyzzy: 1 }))).toThrow('there is no option "xyzzy"');
  });

  it('an unknown environment variable with our prefix is named; the others are left alone', () => {
    expect(() => resolveValues({}, { RINGFENCE_ACK_POLCY: 'disk' })).toThrow(
      'environment variable RINGFENCE_ACK_POLCY: there is no such option; did you mean RINGFENCE_ACK_POLICY?',
    );
    expect(() => resolveValues({}, { RINGFENCE_SEED: '1', RINGFENCE_TEST_X: '1', HOME: '/' })).not.toThrow();
  });

  it.each([
    [{ port: '70000' }, 'flag --port: "70000" is not a value of port; allowed: a port from 0 to 65535'],
    [{ port: '-1' }, 'flag --port: "-1" is not a value of port'],
    [{ port: '12.5' }, 'flag --port: "12.5"'],
    [{ port: '' }, 'flag --port: ""'],
    [{ role: 'leader' }, 'flag --role: "leader" is not a value of role; allowed: "primary", "standby"'],
    [
      { inputRingSlots: '1000' },
      'flag --input-ring-slots: "1000" is not a value of inputRingSlots; allowed: a power of two',
    ],
    [{ inputRingSlots: '3000' }, 'a power of two'],
    [{ clusterId: '18446744073709551616' }, 'allowed: a whole number from 1 to 2^64-1'],
    [{ clusterId: 'abc' }, 'flag --cluster-id: "abc"'],
    [{ adminPublicKey: 'abcd' }, 'allowed: 64 hexadecimal digits'],
    [{ segmentBytes: '10' }, 'flag --segment-bytes: "10"'],
    [{ segmentBytes: '64 MB' }, 'also with KiB, MiB or GiB'],
    [{ primaryAddress: 'nohost' }, 'allowed: host:port'],
    [{ host: '' }, 'flag --host: ""'],
    [{ allowPlaintext: 'yes' }, 'allowed: true or false'],
  ])('a wrong value names the option, its source and what is allowed: %j', (flags, message) => {
    expect(() => resolveValues(flags, {})).toThrow(message);
  });

  it('a value of the wrong JSON type in the file is refused', () => {
    expect(() => resolveValues({}, {}, file({ port: '9400' }))).toThrow(
      '"port" in ringfence.json: "9400" is not a value',
    );
    expect(() => resolveValues({}, {}, file({ port: null }))).toThrow(
      '"port" in ringfence.json: null is not a value',
    );
    expect(() => resolveValues({}, {}, file({ allowedOrigins: 'https://a' }))).toThrow(
      'allowed: a list of origins',
    );
    expect(() => resolveValues({}, {}, file({ clusterId: 17 }))).toThrow('in quotes');
  });

  it('sizes are taken with binary units, lists with commas', () => {
    expect(resolveValues({ segmentBytes: '8MiB' }, {}).segmentBytes).toBe(8 << 20);
    expect(resolveValues({}, {}, file({ segmentBytes: '8MiB' })).segmentBytes).toBe(8 << 20);
    expect(resolveValues({ allowedOrigins: 'https://a, https://b' }, {}).allowedOrigins).toEqual([
      'https://a',
      'https://b',
    ]);
  });

  it('options that contradict each other are refused together', () => {
    expect(() => resolveValues({ softLimitBytes: '2MiB', hardLimitBytes: '1MiB' }, {})).toThrow(
      'option hardLimitBytes is 1048576, below softLimitBytes (2097152)',
    );
    expect(() => resolveValues({ cancelReserve: '1024', inputRingSlots: '1024' }, {})).toThrow(
      'more than a quarter',
    );
  });
});

describe('configuration file', () => {
  it('comments and a comma before a closing bracket are allowed, and strings keep theirs', () => {
    const text = '{\n // one\n "host": "a//b/*c*/,}", /* two\n lines */ "allowedOrigins": ["x", ],\n}\n';
    expect(parseConfigText(text, 'f')).toEqual({ host: 'a//b/*c*/,}', allowedOrigins: ['x'] });
  });

  it('a syntax mistake is named with its line and column', () => {
    expect(() => parseConfigText('{\n  "port": 94x0\n}', 'my.json')).toThrow(
      'configuration file my.json: not valid JSON at line 2, column 13',
    );
    expect(() => parseConfigText('{ "port": 1', 'my.json')).toThrow('not valid JSON');
    expect(() => parseConfigText('{ /* open', 'my.json')).toThrow(
      'the comment at line 1, column 3 is never closed',
    );
    expect(() => parseConfigText('[1]', 'my.json')).toThrow('holds no object');
    expect(() => parseConfigText('{,}', 'my.json')).toThrow('not valid JSON');
    expect(() => parseConfigText('{"a":1,,}', 'my.json')).toThrow('not valid JSON');
  });

  it('the file that init writes holds every option, explained, and reads back as it was given', () => {
    const text = renderConfigFile({ clusterId: '77', nodeId: 3, role: 'standby', port: 0 });
    for (const key of CONFIG_KEYS) {
      expect(text).toContain(`"${key}": `);
      expect(text).toContain(flagOf(key));
      expect(text).toContain(environmentVariableOf(key));
    }
    const values = resolveValues({}, {}, { path: 'f', values: parseConfigText(text, 'f') });
    expect(values).toEqual({
      ...resolveValues({}, {}),
      clusterId: '77',
      nodeId: 3,
      role: 'standby',
      port: 0,
    });
  });
});

describe('configuration of a data directory', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ringfence-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('the file in the data directory is found by itself', () => {
    writeFileSync(join(directory, 'ringfence.json'), '{ "port": 1234 }');
    const config = resolveConfig({ dataDir: directory }, {});
    expect(config.port).toBe(1234);
    expect(config.dataDir).toBe(directory);
    expect(resolveConfig({}, { RINGFENCE_DATA_DIR: directory }).port).toBe(1234);
  });

  it('a file that is named decides the data directory when nothing else does', () => {
    const path = join(directory, 'other.json');
    writeFileSync(path, '{ "port": 4321 }');
    expect(resolveConfig({ config: path }, {})).toMatchObject({ port: 4321, dataDir: directory });
    expect(resolveConfig({}, { RINGFENCE_CONFIG: path })).toMatchObject({ port: 4321, dataDir: directory });
    expect(resolveConfig({ config: path, dataDir: '/elsewhere' }, {}).dataDir).toBe('/elsewhere');
  });

  it('a file that is named and absent is an error that says what to do', () => {
    const path = join(directory, 'absent.json');
    expect(() => resolveConfig({ config: path }, {})).toThrow(
      `configuration file ${path}: there is no such file; make a data directory with "ringfence init" or name another file with --config`,
    );
  });
});
