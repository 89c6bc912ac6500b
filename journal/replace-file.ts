import type { Allocation, Storage } from './storage.js';

/**
 * Replaces a small text file as one step: whoever reads it, also after a crash, finds the old text or the new one.
 * The text is filled up with line ends to a multiple of 8 bytes, as storages ask.
 */
export function replaceFile(storage: Storage, name: string, text: string): void {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(Math.ceil(encoded.length / 8) * 8).fill(0x0a);
  bytes.set(encoded);
  replaceBytes(storage, name, bytes, 'zero-fill');
}

/** The same for `bytes`, a multiple of 8. An error may leave `<name>.tmp` behind, which the next one removes. */
export function replaceBytes(
  storage: Storage,
  name: string,
  bytes: Uint8Array,
  allocation: Allocation,
): void {
  const temporary = `${name}.tmp`;
  if (storage.exists(temporary)) storage.remove(temporary);
  storage.create(temporary, bytes.length, allocation);
  const file = storage.openForWrite(temporary);
  try {
    file.write(0, bytes);
    file.sync(0, bytes.length);
  } finally {
    file.close();
  }
  storage.rename(temporary, name);
  storage.syncDirectory();
}
