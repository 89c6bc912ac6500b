/**
 * The few calls of libc that Node does not offer, through koffi. Where koffi or libc cannot be loaded, `loadLibc` says why
 * and the journal falls back to positional writes.
 *
 * Every call reports failure as a positive errno, 0 = done; `koffi.errno()` is read right after the call, before
 * anything else can change it.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MS_SYNC = 4;
const MADV_HUGEPAGE = 14;
const MADV_POPULATE_WRITE = 23;
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;
const LOCK_EX_NB = 2 | 4;
const SCHED_IDLE = 5;
const SCHED_FLAG_KEEP_POLICY = 8;
/** Number of the system call `sched_setattr`, which libc has no name for, by architecture. */
const SCHED_SETATTR: Readonly<Record<string, number>> = { x64: 314, arm64: 274 };
const SCHED_ATTR_BYTES = 48;
const F_SETLEASE = 1024;
const F_WRLCK = 1;
const ENOSYS = 38;

export interface Libc {
  /** Maps a whole file for reading and writing. Throws an Error that names the errno. */
  map(fd: number, bytes: number): Mapping;
  /** Reserves room on disk for the first `bytes` bytes, grows the file. */
  allocate(fd: number, bytes: number): number;
  /** Takes an exclusive lock without waiting; EAGAIN (11) when somebody else has it. */
  lock(fd: number): number;
  /** 0 when nobody but the owner of `fd` has the file open or mapped, this process included; EAGAIN (11) when somebody has. */
  ownAlone(fd: number): number;
  /**
   * From now on the calling thread runs only while no other thread of the machine wants its processor, and gives it up at
   * once when one does; on a machine without an idle moment it hardly comes on at all. Needs no rights, and there is no
   * way back without any.
   */
  runWhenIdle(): number;
  /**
   * How long the calling thread, and those that it makes from now on, may keep a processor that others wait for: 0 = as the
   * system is set, else 100,000 ns at least. A thread that wakes up takes the processor at once from one with longer slices.
   * Needs no rights, and does nothing before Linux 6.12.
   * @param nice the nice value that the thread has
   */
  setSlice(nanoseconds: number, nice: number): number;
  /** See `prepareMemory`. */
  prepare(memory: ArrayBufferView): void;
  /** Ends the process now, with all of its threads, and runs no exit handlers of native code. Does not return. */
  exit(code: number): void;
}

/** Mapped memory. `memory` must not be touched after `unmap`: that is a segmentation fault, not an exception. */
export interface Mapping {
  readonly memory: ArrayBuffer;
  /** Writes [from, to) back to the disk; rounds down to a page as msync demands. */
  sync(from: number, to: number): number;
  /**
   * Makes the pages of [from, to) ready to be written, all at once instead of by a fault each. EINVAL (22) from a kernel
   * before Linux 5.14; EFAULT (14) where a write would be SIGBUS.
   */
  populate(from: number, to: number): number;
  unmap(): number;
}

export interface LibcResult {
  readonly libc: Libc | undefined;
  /** Why there is none; empty when there is one. */
  readonly reason: string;
}

let loaded: LibcResult | undefined;

/** The calls, loaded once a thread. */
export function loadLibc(): LibcResult {
  loaded ??= tryLoad();
  return loaded;
}

/**
 * The last listener of a process for its exit: ends it without the exit handlers of native code, if this thread has loaded
 * any. Those of koffi 3.3.4 can wait for a lock that their own thread holds (seen with a debugger), and the process hangs.
 * Node has nothing left to do by then: what was written to standard output and standard error is written.
 */
export function endAtOnce(code: number): void {
  loaded?.libc?.exit(code);
}

/**
 * Makes the whole huge pages in memory that is about to be filled ready at once: filling it page by page costs an interrupt
 * each, which take a third of the time of reading a large snapshot. Advice only: without libc, huge pages or Linux 5.14 it
 * does less or nothing. For memory that will be in use from end to end: what is prepared is resident.
 */
export function prepareMemory(memory: ArrayBufferView): void {
  if (memory.byteLength >= HUGE_PAGE_BYTES) loadLibc().libc?.prepare(memory);
}

/** `EIO` for 5; for messages. */
export function errnoName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : 'no error';
}

function tryLoad(): LibcResult {
  if (process.platform !== 'linux') return { libc: undefined, reason: `no mapping on ${process.platform}` };
  try {
    return { libc: bind(), reason: '' };
  } catch (error) {
    return { libc: undefined, reason: `koffi: ${(error as Error).message}` };
  }
}

function bind(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  // The symbols of the process itself: whatever libc it runs on, and whatever is preloaded over it.
  const library = koffi.load(null);
  const mmap = library.func('intptr_t mmap(intptr_t, size_t, int, int, int, int64_t)');
  const munmap = library.func('int munmap(intptr_t, size_t)');
  const msync = library.func('int msync(intptr_t, size_t, int)');
  const madvise = library.func('int madvise(intptr_t, size_t, int)');
  const posixFallocate = library.func('int posix_fallocate(int, int64_t, int64_t)');
  const flock = library.func('int flock(int, int)');
  const setScheduler = library.func('int sched_setscheduler(int, int, const int *)');
  const fcntl = library.func('int fcntl(int, int, int)');
  const setAttributes = library.func('long syscall(long, int, const uint8_t *, unsigned int)');
  const exit = library.func('void _exit(int)');
  const pageBytes = Number(library.func('long sysconf(int)')(30));

  return {
    map(fd: number, bytes: number): Mapping {
      const address = Number(mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0));
      if (address === -1) throw new Error(`mmap: ${errnoName(koffi.errno())}`);
      return {
        memory: koffi.view(BigInt(address), bytes),
        sync(from: number, to: number): number {
          const start = from - (from % pageBytes);
          return msync(address + start, to - start, MS_SYNC) === 0 ? 0 : koffi.errno();
        },
        populate(from: number, to: number): number {
          const start = from - (from % pageBytes);
          return madvise(address + start, to - start, MADV_POPULATE_WRITE) === 0 ? 0 : koffi.errno();
        },
        unmap: () => (munmap(address, bytes) === 0 ? 0 : koffi.errno()),
      };
    },
    allocate: (fd: number, bytes: number) => posixFallocate(fd, 0, bytes),
    lock: (fd: number) => (flock(fd, LOCK_EX_NB) === 0 ? 0 : koffi.errno()),
    ownAlone: (fd: number) => (fcntl(fd, F_SETLEASE, F_WRLCK) === 0 ? 0 : koffi.errno()),
    runWhenIdle: () => (setScheduler(0, SCHED_IDLE, [0]) === 0 ? 0 : koffi.errno()),
    setSlice(nanoseconds: number, nice: number): number {
      const call = SCHED_SETATTR[process.arch];
      if (call === undefined) return ENOSYS;
      const attributes = new DataView(new ArrayBuffer(SCHED_ATTR_BYTES));
      attributes.setUint32(0, SCHED_ATTR_BYTES, true);
      attributes.setUint32(8, SCHED_FLAG_KEEP_POLICY, true);
      attributes.setInt32(16, nice, true);
      attributes.setUint32(24, nanoseconds, true);
      return setAttributes(call, 0, new Uint8Array(attributes.buffer), 0) === 0 ? 0 : koffi.errno();
    },
    prepare(memory: ArrayBufferView): void {
      const address = Number(koffi.address(memory));
      const start = Math.ceil(address / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
      const end = Math.floor((address + memory.byteLength) / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
      if (end <= start) return;
      madvise(start, end - start, MADV_HUGEPAGE);
      madvise(start, end - start, MADV_POPULATE_WRITE);
    },
    exit: (code: number) => exit(code),
  };
}
