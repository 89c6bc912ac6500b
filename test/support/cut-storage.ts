import type { ReadableFile, Storage, WritableFile } from '../../journal/storage.js';
import { PowerCut } from './simulated-disk.js';

/** Counts the steps that change a disk, over all storages that share it, and cuts the power before one of them. */
export class StepCounter {
  steps = 0;
  readonly cutAt: number;

  constructor(cutAt: number) {
    this.cutAt = cutAt;
  }

  step(): void {
    if (++this.steps === this.cutAt) throw new PowerCut();
  }
}

/** A storage whose changes are steps of a counter. */
export class CutStorage implements Storage {
  readonly kind = 'simulated' as const;
  readonly directory: string;
  readonly fallbackReason = '';
  readonly #disk: Storage;
  readonly #counter: StepCounter;

  constructor(disk: Storage, counter: StepCounter, directory = disk.directory) {
    this.#disk = disk;
    this.#counter = counter;
    this.directory = directory;
  }

  list(): string[] {
    return this.#disk.list();
  }

  exists(name: string): boolean {
    return this.#disk.exists(name);
  }

  openForRead(name: string): ReadableFile {
    return this.#disk.openForRead(name);
  }

  create(name: string, bytes: number, allocation: 'fallocate' | 'zero-fill'): void {
    this.#counter.step();
    this.#disk.create(name, bytes, allocation);
  }

  rename(from: string, to: string): void {
    this.#counter.step();
    this.#disk.rename(from, to);
  }

  remove(name: string, onPiece?: () => void): void {
    this.#counter.step();
    this.#disk.remove(name, onPiece);
  }

  syncDirectory(): void {
    this.#counter.step();
    this.#disk.syncDirectory();
  }

  openForWrite(name: string): WritableFile {
    const file = this.#disk.openForWrite(name);
    const counter = this.#counter;
    return {
      name,
      bytes: file.bytes,
      writeFrame: (...frame) => {
        counter.step();
        file.writeFrame(...frame);
      },
      write: (position, source) => {
        counter.step();
        file.write(position, source);
      },
      sync: (from, to) => {
        counter.step();
        file.sync(from, to);
      },
      close: () => file.close(),
    };
  }
}
