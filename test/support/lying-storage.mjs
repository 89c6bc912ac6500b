// A storage whose files say "synced" and do nothing: what a journal without syncs would be.

export class LyingStorage {
  #storage;

  constructor(storage) {
    this.#storage = storage;
    this.kind = storage.kind;
    this.directory = storage.directory;
    this.fallbackReason = storage.fallbackReason;
  }

  list() {
    return this.#storage.list();
  }

  exists(name) {
    return this.#storage.exists(name);
  }

  create(...order) {
    this.#storage.create(...order);
  }

  openForRead(name) {
    return this.#storage.openForRead(name);
  }

  rename(from, to) {
    this.#storage.rename(from, to);
  }

  remove(...order) {
    this.#storage.remove(...order);
  }

  syncDirectory() {
    this.#storage.syncDirectory();
  }

  openForWrite(name) {
    const file = this.#storage.openForWrite(name);
    return {
      name,
      bytes: file.bytes,
      writeFrame: (...frame) => file.writeFrame(...frame),
      write: (position, source) => file.write(position, source),
      sync: () => {},
      close: () => file.close(),
    };
  }
}
