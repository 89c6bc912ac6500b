import { describe, expect, it } from 'vitest';
import { logonBytes, NONCE_BYTES } from '../../src/wire/logon-bytes.js';

describe('the bytes that a logon signs', () => {
  const nonce = Uint8Array.from({ length: NONCE_BYTES }, (_, i) => 0x80 + i);

  it('are the prefix, the cluster, the nonce, the key and the time', () => {
    const bytes = logonBytes(0x0102_0304_0506_0708n, nonce, 0xf1f2_f3f4, 0x0006_0504_0302_0100);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '4c4f474f4e31',
        '0807060504030201',
        '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
        'f4f3f2f1',
        '0001020304050600',
      ].join(''),
    );
  });

  it('need a nonce of the right length', () => {
    expect(() => logonBytes(1n, nonce.subarray(1), 1, 1)).toThrow('a nonce of 31 bytes, not 32');
  });
});
