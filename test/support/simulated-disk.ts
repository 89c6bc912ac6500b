/**
 * A disk in memory that behaves as badly as a real one may: until a sync, any 512-byte sector of what was written may be
 * on the disk or not, in any order; new names and renames may be lost until the directory is synced; a sync may fail, and
 * then the data is gone although reads still show it.
 */
import { JournalIoError, JournalNoSpaceError, JournalSyncError } from '../../journal/errors.js';
import type { Allocation, ReadableFile, Storage, WritableFile } from '../../journal/storage.js';

const SECTOR_BYTES = 512;

interface Inode {
  /** What reads see. */
  readonly live: Uint8Array;
  /** What is on the platter. */
  readonly durable: Uint8Array;
  /** Sectors that differ, or may. */
  readonly dirty: Set<number>;
}

type NameChange =
  | { readonly kind: 'create'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string };

export interface SimulatedDiskOptions {
  /** Room in bytes; default unlimited. */
  readonly capacity?: number;
  /** False = syncs do nothing: the control run, which must lose data. */
  readonly honoursSync?: boolean;
}

/** A small seeded generator (xorshift32): every choice of the disk is repeatable. */
export function seededRandom(seed: number): () => number {
  let state = (seed * 2654435761) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

export class SimulatedDisk implements Storage {
  readonly kind = 'simulated' as const;
  readonly directory = 'simulated';
  readonly fallbackReason = '';
  /** Number of syncs so far (files and directory), and the number of the one that fails; 0 = none. */
  syncs = 0;
  failSyncAt = 0;
  /**
   * Steps so far that change the disk (write, sync, create, rename, remove), and the number of the one after which
   * `PowerCut` is thrown; 0 = none.
   */
  steps = 0;
  cutAfterStep = 0;
  /** Reads so far, and the number of the one that fails; 0 = none. */
  reads = 0;
  failReadAt = 0;
  /** Reads of this file fail. */
  unreadableFile = '';
  capacity: number;
  readonly #honoursSync: boolean;
  #live = new Map<string, Inode>();
  #durable = new Map<string, Inode>();
  #pending: NameChange[] = [];

  constructor(options: SimulatedDiskOptions = {}) {
    this.capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    this.#honoursSync = options.honoursSync ?? true;
  }

  list(): string[] {
    return [...this.#live.keys()].sort();
  }

  exists(name: string): boolean {
    return this.#live.has(name);
  }

  create(name: string, bytes: number, _allocation: Allocation): void {
    if (this.#live.has(name)) throw new JournalIoError(name, 'EEXIST');
    if (this.usedBytes() + bytes > this.capacity) throw new JournalNoSpaceError(name, bytes);
    const inode = { live: new Uint8Array(bytes), durable: new Uint8Array(bytes), dirty: new Set<number>() };
    this.#live.set(name, inode);
    this.#pending.push({ kind: 'create', name, inode });
    this.#countSync(name);
    this.#countStep();
  }

  openForWrite(name: string): WritableFile {
    const { live, dirty } = this.#inode(name);
    const writeBytes = (position: number, source: Uint8Array): void => {
      if (position + source.length > live.length) throw new JournalIoError(name, 'write beyond the end');
      live.set(source, position);
      for (let at = position - (position % SECTOR_BYTES); at < position + source.length; at += SECTOR_BYTES)
        dirty.add(at);
      this.#countStep();
    };
    return {
      name,
      bytes: live.length,
      writeFrame(position, header, words, wordIndex, wordCount): void {
        const frame = new Int32Array(header.length + wordCount);
        frame.set(header);
        frame.set(words.subarray(wordIndex, wordIndex + wordCount), header.length);
        writeBytes(position, new Uint8Array(frame.buffer));
      },
      write: writeBytes,
      sync: (from, to) => this.#syncFile(name, from, to),
      close(): void {},
    };
  }

  openForRead(name: string): ReadableFile {
    const { live } = this.#inode(name);
    return {
      name,
      bytes: live.length,
      read: (position, target, offset, length): number => {
        if (++this.reads === this.failReadAt || name === this.unreadableFile)
          throw new JournalIoError(name, 'EIO: read failed');
        const end = Math.min(live.length, position + length);
        if (end <= position) return 0;
        target.set(live.subarray(position, end), offset);
        return end - position;
      },
      close(): void {},
    };
  }

  rename(from: string, to: string): void {
    const inode = this.#inode(from);
    this.#live.set(to, inode);
    this.#live.delete(from);
    this.#pending.push({ kind: 'rename', from, to, inode });
    this.#countStep();
  }

  remove(name: string, onPiece?: () => void): void {
    this.#inode(name);
    this.#live.delete(name);
    this.#pending.push({ kind: 'remove', name });
    this.#countStep();
    onPiece?.();
  }

  syncDirectory(): void {
    this.#countSync(this.directory);
    if (!this.#honoursSync) return;
    for (const change of this.#pending) applyChange(this.#durable, change);
    this.#pending = [];
    this.#countStep();
  }

  /** Bytes of a file as reads see them, to look at or to damage. */
  contents(name: string): Uint8Array {
    return this.#inode(name).live;
  }

  usedBytes(): number {
    let used = 0;
    for (const { live } of this.#live.values()) used += live.length;
    return used;
  }

  /**
   * The power fails: what is left is what was synced, and of the rest each sector and each change of a name by chance.
   * @param keep share of the unsynced sectors that happen to be on the disk
   */
  afterPowerCut(random: () => number, keep = 0.5): SimulatedDisk {
    const survivor = new SimulatedDisk();
    const names = new Map(this.#durable);
    for (const change of this.#pending) if (random() < keep) applyChange(names, change);
    for (const [name, inode] of names) {
      const bytes = inode.durable.slice();
      for (const at of inode.dirty) {
        if (random() < keep) bytes.set(inode.live.subarray(at, at + SECTOR_BYTES), at);
      }
      const inodeAfter = { live: bytes, durable: bytes.slice(), dirty: new Set<number>() };
      survivor.#live.set(name, inodeAfter);
      survivor.#durable.set(name, inodeAfter);
    }
    return survivor;
  }

  /** The same files, all of them durable: for tests that damage a copy. */
  clone(): SimulatedDisk {
    const copy = new SimulatedDisk();
    for (const [name, inode] of this.#live) {
      const bytes = inode.live.slice();
      const copied = { live: bytes, durable: bytes.slice(), dirty: new Set<number>() };
      copy.#live.set(name, copied);
      copy.#durable.set(name, copied);
    }
    return copy;
  }

  #syncFile(name: string, from: number, to: number): void {
    const inode = this.#inode(name);
    const isLost = this.#nextSyncFails();
    for (const at of inode.dirty) {
      if (at + SECTOR_BYTES <= from || at >= to) continue;
      if (!this.#honoursSync) continue;
      // The pages are clean after a failed sync, too, and lost: the next sync would say "done" about nothing.
      inode.dirty.delete(at);
      if (!isLost) inode.durable.set(inode.live.subarray(at, at + SECTOR_BYTES), at);
    }
    if (isLost) throw new JournalSyncError(name, 'EIO (simulated)');
    this.#countStep();
  }

  #countSync(name: string): void {
    if (this.#nextSyncFails()) throw new JournalSyncError(name, 'EIO (simulated)');
  }

  #nextSyncFails(): boolean {
    this.syncs++;
    return this.syncs === this.failSyncAt;
  }

  #countStep(): void {
    this.steps++;
    if (this.steps === this.cutAfterStep) throw new PowerCut();
  }

  #inode(name: string): Inode {
    const inode = this.#live.get(name);
    if (inode === undefined) throw new JournalIoError(name, 'ENOENT');
    return inode;
  }
}

/** Thrown right after a step: the process is gone. */
export class PowerCut extends Error {}

function applyChange(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'create') names.set(change.name, change.inode);
  else if (change.kind === 'remove') names.delete(change.name);
  else {
    // The file that was renamed, whatever the old name meant before: its creation may be among the changes that are lost.
    if (names.get(change.from) === change.inode) names.delete(change.from);
    names.set(change.to, change.inode);
  }
}
