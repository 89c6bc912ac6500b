import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadLibc } from '../../journal/libc.js';
import { openFlatStorage } from '../../journal/open-storage.js';
import { readFully } from '../../journal/storage.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';

const PIECES = 5;
const BYTES = PIECES * 1024 * 1024 - 4096;

afterEach(removeTemporaryDirectories);

function largeFile() {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'large'), Buffer.alloc(BYTES, 7));
  return { directory, storage: openFlatStorage(directory, 'positional') };
}

it('the room of a removed file is given back in pieces, after each of which the disk is left to others', (test) => {
  test.skip(loadLibc().libc === undefined, 'needs libc');
  const { directory, storage } = largeFile();
  let pieces = 0;
  storage.remove('large', () => {
    expect(storage.exists('large')).toBe(false);
    pieces++;
  });
  expect(pieces).toBe(PIECES);
  expect(openFlatStorage(directory, 'positional').list()).toEqual([]);
});

it('a file that somebody else reads is left whole to them', () => {
  const { storage } = largeFile();
  const reader = storage.openForRead('large');
  try {
    storage.remove('large', () => {});
    expect(storage.exists('large')).toBe(false);
    const found = Buffer.alloc(BYTES);
    expect(readFully(reader, 0, found, 0, BYTES)).toBe(BYTES);
    expect(found.equals(Buffer.alloc(BYTES, 7))).toBe(true);
  } finally {
    reader.close();
  }
});

it('a file that somebody else has mapped is left whole to them', (test) => {
  const { libc } = loadLibc();
  test.skip(libc === undefined, 'needs libc');
  const { directory, storage } = largeFile();
  const fd = openSync(join(directory, 'large'), 'r+');
  const mapping = libc!.map(fd, BYTES);
  closeSync(fd);
  storage.remove('large', () => {});
  // Beyond the end of a file that was shortened this would end the process.
  expect(new Uint8Array(mapping.memory)[BYTES - 1]).toBe(7);
  mapping.unmap();
});

it('a small file of which nobody wants pieces is just removed', () => {
  const { directory, storage } = largeFile();
  writeFileSync(join(directory, 'small'), 'x');
  storage.remove('small');
  expect(storage.list()).toEqual(['large']);
  expect(readFileSync(join(directory, 'large')).length).toBe(BYTES);
});
