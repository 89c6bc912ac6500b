/** `tiers.json`: the directories to which segments of this journal were moved, so that every reader finds them. */
import { JournalCorruptionError, JournalVersionError } from './errors.js';
import { replaceFile } from './replace-file.js';
import { readFully, type Storage } from './storage.js';

export const TIERS_FILE = 'tiers.json';
const FORMAT = 1;

/** Absolute paths, oldest first. */
export function readTiers(storage: Storage): readonly string[] {
  if (!storage.exists(TIERS_FILE)) return [];
  const file = storage.openForRead(TIERS_FILE);
  const bytes = new Uint8Array(file.bytes);
  try {
    readFully(file, 0, bytes, 0, bytes.length);
  } finally {
    file.close();
  }
  const text = new TextDecoder().decode(bytes);
  try {
    const { format, directories } = JSON.parse(text) as { format: unknown; directories: unknown };
    if (typeof format === 'number' && format > FORMAT)
      throw new JournalVersionError(TIERS_FILE, 'tiers format', format, FORMAT);
    if (format === FORMAT && Array.isArray(directories)) return directories as string[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new JournalCorruptionError(TIERS_FILE, 0, 'a list of directories', text.slice(0, 40));
}

/** Adds a directory, durable when this returns. */
export function addTier(storage: Storage, directory: string): void {
  const directories = readTiers(storage);
  if (directories.includes(directory)) return;
  const all = { format: FORMAT, directories: [...directories, directory] };
  replaceFile(storage, TIERS_FILE, `${JSON.stringify(all)}\n`);
}
