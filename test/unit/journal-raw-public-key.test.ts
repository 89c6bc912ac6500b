import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rawPublicKey } from '../../journal/raw-public-key.js';

test('the raw bytes are those of the key', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  expect(rawPublicKey(publicKey).toString('base64url')).toBe(publicKey.export({ format: 'jwk' }).x);
});

test('a collection while the bytes are read does not stop the process for good', () => {
  // Collections at every 37th allocation: read by way of JWK, Node 20 hangs in the first hundred keys.
  const built = new URL('../../dist/journal/raw-public-key.js', import.meta.url);
  const program = `
    import { generateKeyPairSync } from 'node:crypto';
    import { rawPublicKey } from '${built.href}';
    for (let i = 0; i < 300; i++) {
      const { publicKey } = generateKeyPairSync('ed25519');
      for (let again = 0; again < 20; again++) rawPublicKey(publicKey);
    }
    process.stdout.write('done');
  `;
  const options = ['--gc-interval=37', '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync(process.execPath, options, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  expect([stdout, stderr]).toEqual(['done', '']);
}, 60_000);
