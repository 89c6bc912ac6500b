import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';

it('a segment is zero-filled in pieces, after each of which the disk is left to others', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-zero-fill-'));
  try {
    let pieces = 0;
    openStorage(directory, 'positional').create('segment', 1 << 20, 'zero-fill', () => pieces++);
    expect(pieces).toBe(4);
    expect(readFileSync(join(directory, 'segment')).equals(Buffer.alloc(1 << 20))).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
