/** A small file system of its own, where the tests may mount one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class SmallDisk {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Mounts one of `size` (as in `size=4m`); undefined, with a word, where that is not allowed. */
  static mount(size: string): SmallDisk | undefined {
    const directory = mkdtempSync(join(tmpdir(), 'ringfence-small-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]);
    if (status === 0) return new SmallDisk(directory);
    rmSync(directory, { recursive: true });
    console.warn('no right to mount: the tests on a small disk are skipped');
    return undefined;
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
