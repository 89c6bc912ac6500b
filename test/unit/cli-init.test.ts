import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InitOptions, initDataDir } from '../../src/cli/init-data-dir.js';
import { replicationKeyPath, resolveConfig } from '../../src/node/config.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const init = (name: string, options: Partial<InitOptions> = {}) =>
  initDataDir({
    dataDir: join(folder, name),
    join: undefined,
    replicationKey: undefined,
    flags: {},
    ...options,
  });
const mode = (path: string) => statSync(path).mode & 0o777;
const configOf = (name: string) => resolveConfig({ dataDir: join(folder, name) }, {});

describe('init', () => {
  it('makes a private directory with identity, keys and a configuration that reads back', () => {
    const report = init('node');
    const config = configOf('node');
    expect(config.clusterId).toMatch(/^[1-9][0-9]*$/);
    expect(config.nodeId).toBeGreaterThan(0);
    expect(config.role).toBe('primary');
    expect(report.config).toMatchObject({ clusterId: config.clusterId, nodeId: config.nodeId });
    expect(mode(config.dataDir)).toBe(0o700);
    expect(mode(join(config.dataDir, 'keys'))).toBe(0o700);
    expect(mode(report.adminKeyFile)).toBe(0o600);
    expect(mode(report.configFile)).toBe(0o600);
    expect(mode(replicationKeyPath(config))).toBe(0o600);
    expect(readFileSync(replicationKeyPath(config), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(readdirSync(folder)).toEqual(['node']);
  });

  it('the public key in the configuration belongs to the private key in the file', () => {
    const { adminKeyFile } = init('node');
    const { x } = createPublicKey(createPrivateKey(readFileSync(adminKeyFile))).export({ format: 'jwk' });
    expect(configOf('node').adminPublicKey).toBe(Buffer.from(x!, 'base64url').toString('hex'));
  });

  it('two nodes have different identities', () => {
    init('one');
    init('two');
    expect(configOf('one').clusterId).not.toBe(configOf('two').clusterId);
    expect(configOf('one').nodeId).not.toBe(configOf('two').nodeId);
  });

  it('options that are given are written to the file', () => {
    init('node', { flags: { port: '7001', ackPolicy: 'disk+replica', clusterId: '42' } });
    expect(configOf('node')).toMatchObject({ port: 7001, ackPolicy: 'disk+replica', clusterId: '42' });
  });

  it('a directory that is not empty is refused by name, an empty one is taken', () => {
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full', 'letter.txt'), 'x');
    expect(() => init('full')).toThrow(
      `${join(folder, 'full')} is not empty (it holds letter.txt); name another directory`,
    );
    expect(readdirSync(join(folder, 'full'))).toEqual(['letter.txt']);
    mkdirSync(join(folder, 'empty'));
    init('empty');
    expect(() => init('empty')).toThrow('holds a node already; name another directory');
    writeFileSync(join(folder, 'file'), 'x');
    expect(() => init('file')).toThrow(`${join(folder, 'file')} is a file; name a directory`);
  });

  it('--join makes a standby of the same cluster: same keys and limits, other node, other ports', () => {
    init('primary', { flags: { maxOrders: '5000' } });
    const report = init('standby', { join: join(folder, 'primary') });
    const primary = configOf('primary');
    const standby = configOf('standby');
    expect(standby).toMatchObject({
      clusterId: primary.clusterId,
      adminPublicKey: primary.adminPublicKey,
      role: 'standby',
      primaryAddress: `127.0.0.1:${primary.replicationPort}`,
      maxOrders: 5000,
      port: primary.port + 10,
      adminPort: primary.adminPort + 10,
      replicationPort: primary.replicationPort + 10,
    });
    expect(standby.nodeId).not.toBe(primary.nodeId);
    expect(report.adminKeyFile).toBe('');
    expect(readFileSync(replicationKeyPath(standby), 'utf8')).toBe(
      readFileSync(replicationKeyPath(primary), 'utf8'),
    );
  });

  it('--join of something that is no node is refused', () => {
    expect(() => init('standby', { join: folder })).toThrow(`--join: ${folder} is no data directory`);
    expect(existsSync(join(folder, 'standby'))).toBe(false);
  });

  it('a standby on another machine takes the identity of the pair from flags, and says which are missing', () => {
    init('primary');
    const { clusterId, adminPublicKey, ...primary } = configOf('primary');
    expect(() => init('standby', { flags: { role: 'standby', clusterId } })).toThrow(
      'or --admin-public-key, --primary-address, --replication-key from its ringfence.json',
    );
    const flags = { role: 'standby', clusterId, adminPublicKey, primaryAddress: '10.0.0.1:9402' };
    init('standby', { flags, replicationKey: replicationKeyPath({ clusterId, adminPublicKey, ...primary }) });
    expect(configOf('standby')).toMatchObject(flags);
  });

  it('a file that is no replication key is refused and nothing is left behind', () => {
    writeFileSync(join(folder, 'key'), 'short\n');
    expect(() => init('node', { replicationKey: join(folder, 'key') })).toThrow('is no replication key');
    expect(readdirSync(folder)).toEqual(['key']);
  });

  it('identities of zero stand for none and are refused', () => {
    expect(() => init('node', { flags: { clusterId: '0' } })).toThrow('--cluster-id: 0 stands for none');
    expect(() => init('node', { flags: { nodeId: '0' } })).toThrow('--node-id: 0 stands for none');
  });
});
