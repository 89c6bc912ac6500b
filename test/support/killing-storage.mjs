// A storage that ends the process by SIGKILL at a named point, for tests of what a kill leaves there.
//
// A point is `before` or `after` (or `within`, for frames), the operation, and the kind of file:
// `after-rename-segment`, `within-frame-segment`, `before-sync-control`. KILL_AT=<point>:<n> picks the n-th time;
// without it the storage only counts.

/** What a file is, by its name. */
function kindOf(name) {
  if (name.startsWith('prepared-')) return 'prepared';
  if (name.includes('.torn-')) return 'torn';
  if (name.startsWith('restored.')) return 'restored';
  if (/\.archive\.[0-9a-f]+\.tmp$/.test(name)) return 'unfinished-archive';
  if (name.endsWith('.wal')) return 'segment';
  if (/\.snap(\.tmp)?$/.test(name)) return 'snapshot';
  if (/\.wal\.layout(\.tmp)?$/.test(name)) return 'layout';
  if (name.endsWith('.archive')) return 'archive';
  return name.replace(/\.(ctl|json|jsonl)(\.tmp)?$/, '').replace(/[^a-z-]/g, '');
}

const HEADER_BYTES = 48;

export class KillingStorage {
  #counts;
  #prefix;
  #storage;
  #point;
  #at;

  /**
   * @param counts point -> how often it was passed; shared by all storages of a process
   * @param prefix of the points of this one
   */
  constructor(storage, killAt, counts, prefix = '') {
    this.#storage = storage;
    this.#counts = counts;
    this.#prefix = prefix;
    this.kind = storage.kind;
    this.directory = storage.directory;
    this.fallbackReason = storage.fallbackReason;
    const [point, at] = killAt.split(':');
    this.#point = point;
    this.#at = Number(at);
  }

  #pass(name) {
    const point = `${this.#prefix}${name}`;
    const count = (this.#counts.get(point) ?? 0) + 1;
    this.#counts.set(point, count);
    if (point === this.#point && count === this.#at) process.kill(process.pid, 'SIGKILL');
  }

  #around(operation, step) {
    this.#pass(`before-${operation}`);
    const result = step();
    this.#pass(`after-${operation}`);
    return result;
  }

  list() {
    return this.#storage.list();
  }

  exists(name) {
    return this.#storage.exists(name);
  }

  openForRead(name) {
    return this.#storage.openForRead(name);
  }

  create(name, ...rest) {
    this.#around(`create-${kindOf(name)}`, () => this.#storage.create(name, ...rest));
  }

  rename(from, to) {
    this.#around(`rename-${kindOf(to)}`, () => this.#storage.rename(from, to));
  }

  remove(name, ...rest) {
    this.#around(`remove-${kindOf(name)}`, () => this.#storage.remove(name, ...rest));
  }

  syncDirectory() {
    this.#around('sync-directory', () => this.#storage.syncDirectory());
  }

  openForWrite(name) {
    const file = this.#storage.openForWrite(name);
    const kind = kindOf(name);
    return {
      name,
      bytes: file.bytes,
      writeFrame: (position, header, words, wordIndex, wordCount) => {
        const what = wordCount === 0 ? 'mark' : 'frame';
        const within = `within-${what}-${kind}`;
        if (this.#point === `${this.#prefix}${within}`) {
          // The records are there, the header is not: what a kill in the middle leaves.
          const bytes = new Uint8Array(words.buffer, words.byteOffset + wordIndex * 4, wordCount * 4);
          if (wordCount > 0) file.write(position + HEADER_BYTES, bytes.subarray(0, bytes.length >> 1));
        }
        this.#pass(within);
        this.#around(`${what}-${kind}`, () => file.writeFrame(position, header, words, wordIndex, wordCount));
      },
      write: (position, source) => this.#around(`write-${kind}`, () => file.write(position, source)),
      sync: (from, to) => this.#around(`sync-${kind}`, () => file.sync(from, to)),
      close: () => file.close(),
    };
  }
}
