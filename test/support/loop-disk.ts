/** ext4 file systems on loop devices, whose backing file lies on a tmpfs of its own; for root only. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export interface LoopDiskOptions {
  readonly mebibytes: number;
  /** Room of the tmpfs below the image, MiB; less than the image makes a disk whose write-back fails. Default: enough. */
  readonly backingMebibytes?: number;
  readonly mkfs?: readonly string[];
  readonly mount?: string;
  /**
   * Largest request that the loop device hands on, KiB; default 4, one page. With larger ones the driver of Linux 6.18
   * calls a request done of which the backing file took only the first pages, as it does where its room ends: a sync then
   * says 0 about pages that are nowhere.
   */
  readonly requestKibibytes?: number;
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

export class LoopDisk {
  /** Where it is mounted. */
  readonly directory: string;
  readonly #root: string;
  #copies = 0;

  private constructor(root: string) {
    this.#root = root;
    this.directory = join(root, 'mounted');
  }

  /** Makes and mounts one; undefined, with a word, where that is not possible. */
  static mount(options: LoopDiskOptions): LoopDisk | undefined {
    const root = mkdtempSync(join(tmpdir(), 'ringfence-loop-'));
    const backing = join(root, 'backing');
    const disk = new LoopDisk(root);
    mkdirSync(backing);
    mkdirSync(disk.directory);
    const image = join(backing, 'image');
    const size = options.backingMebibytes ?? options.mebibytes * 3 + 8;
    const isMade =
      run('mount', '-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', backing) &&
      run('truncate', '-s', `${options.mebibytes}M`, image) &&
      run('mkfs.ext4', '-q', ...(options.mkfs ?? []), image) &&
      run('mount', '-o', ['loop', options.mount].filter(Boolean).join(','), image, disk.directory);
    if (isMade) {
      const { stdout } = spawnSync('findmnt', ['-n', '-o', 'SOURCE', disk.directory], { encoding: 'utf8' });
      const queue = `/sys/block/${basename(stdout.trim())}/queue`;
      writeFileSync(join(queue, 'max_sectors_kb'), String(options.requestKibibytes ?? 4));
      return disk;
    }
    disk.unmount();
    console.warn('no right or no tool to mount ext4 on a loop device: the tests on such disks are skipped');
    return undefined;
  }

  /**
   * What a power cut now would leave: a copy of the image, not of what the page cache holds, mounted beside. Whoever
   * writes must be stopped, so that the copy is of one moment.
   * @param visit is given the directory where the copy is mounted
   */
  afterPowerCut(visit: (directory: string) => void): void {
    const image = join(this.#root, 'backing', `copy-${this.#copies++}`);
    const mountPoint = `${image}-mounted`;
    mkdirSync(mountPoint);
    if (!run('cp', '--sparse=always', join(this.#root, 'backing', 'image'), image))
      throw new Error('the image could not be copied');
    if (!run('mount', '-o', 'loop', image, mountPoint)) throw new Error('the copied image cannot be mounted');
    try {
      visit(mountPoint);
    } finally {
      run('umount', mountPoint);
      rmSync(image, { force: true });
    }
  }

  /** Gives the tmpfs below the image room again, for a copy. */
  freeBacking(): void {
    run('mount', '-o', 'remount,size=300m', join(this.#root, 'backing'));
  }

  unmount(): void {
    run('umount', this.directory);
    run('umount', '-l', join(this.#root, 'backing'));
    rmSync(this.#root, { recursive: true, force: true });
  }
}
