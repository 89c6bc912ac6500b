/** One distinct error. */
export interface ErrorRecord {
  /** The agent that failed. */
  readonly role: string;
  /** The error's stack, or its text when it has none; cut at 3 KiB. */
  readonly text: string;
  readonly count: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

const RECORDS_MAX = 32;
const RECORD_BYTES = 4_096;
const RECORD_WORDS = RECORD_BYTES / 4;
const TEXT_OFFSET = 32;
const TEXT_BYTES_MAX = RECORD_BYTES - TEXT_OFFSET;
const HEADER_BYTES = 128;

const State = { empty: 0, writing: 1, written: 2 } as const;

/** Words of a record. */
const Word = { state: 0, count: 1, textBytes: 2, firstUs: 3, lastUs: 5 } as const;
const TWO_32 = 4294967296;

/**
 * Distinct errors of all threads in shared memory, so that they can be read while, or after, the thread that failed
 * is blocked: its console and its messages are not. The same text is counted, not stored again.
 *
 * ```
 * word 0: errors that found no room     then 32 records of 4,096 bytes:
 * 0 state | 4 count | 8 text bytes | 12 first (us, i64) | 20 last (us, i64) | 28 - | 32 text: role NUL message (UTF-8)
 * ```
 *
 * Any thread may write: a record is taken with a compare-exchange of its state and readable once that is `written`.
 */
export class ErrorLog {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;

  /** Makes the memory of an empty log. */
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEADER_BYTES + RECORDS_MAX * RECORD_BYTES);
  }

  constructor(memory: SharedArrayBuffer) {
    if (memory.byteLength !== HEADER_BYTES + RECORDS_MAX * RECORD_BYTES) {
      throw new RangeError(`not the memory of an error log: ${memory.byteLength} bytes`);
    }
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
  }

  /** Records whatever an agent has thrown, at `timeUs` (epoch microseconds). Never throws. */
  record(role: string, error: unknown, timeUs: number): void {
    const text = Buffer.from(`${role}\0${textOf(error)}`).subarray(0, TEXT_BYTES_MAX);
    for (let i = 0; i < RECORDS_MAX; i++) {
      const record = recordWord(i);
      if (Atomics.load(this.words, record) === State.written && this.holds(record, text)) {
        Atomics.add(this.words, record + Word.count, 1);
        this.writeTime(record + Word.lastUs, timeUs);
        return;
      }
      if (Atomics.compareExchange(this.words, record, State.empty, State.writing) === State.empty) {
        this.bytes.set(text, record * 4 + TEXT_OFFSET);
        this.words[record + Word.textBytes] = text.length;
        this.words[record + Word.count] = 1;
        this.writeTime(record + Word.firstUs, timeUs);
        this.writeTime(record + Word.lastUs, timeUs);
        Atomics.store(this.words, record, State.written);
        return;
      }
    }
    Atomics.add(this.words, 0, 1);
  }

  /** The distinct errors so far, in the order of their first appearance. */
  read(): ErrorRecord[] {
    const records: ErrorRecord[] = [];
    for (let i = 0; i < RECORDS_MAX; i++) {
      const record = recordWord(i);
      if (Atomics.load(this.words, record) !== State.written) continue;
      const start = record * 4 + TEXT_OFFSET;
      const whole = Buffer.from(
        this.bytes.slice(start, start + this.words[record + Word.textBytes]!),
      ).toString();
      const end = whole.indexOf('\0');
      records.push({
        role: whole.slice(0, end),
        text: whole.slice(end + 1),
        count: Atomics.load(this.words, record + Word.count),
        firstUs: this.readTime(record + Word.firstUs),
        lastUs: this.readTime(record + Word.lastUs),
      });
    }
    return records;
  }

  /** How many errors were dropped because the log was full. */
  dropped(): number {
    return Atomics.load(this.words, 0);
  }

  private holds(record: number, text: Uint8Array): boolean {
    if (this.words[record + Word.textBytes] !== text.length) return false;
    const start = record * 4 + TEXT_OFFSET;
    for (let i = 0; i < text.length; i++) {
      if (this.bytes[start + i] !== text[i]) return false;
    }
    return true;
  }

  private writeTime(word: number, timeUs: number): void {
    Atomics.store(this.words, word, timeUs | 0);
    Atomics.store(this.words, word + 1, Math.floor(timeUs / TWO_32));
  }

  private readTime(word: number): number {
    return Atomics.load(this.words, word + 1) * TWO_32 + (Atomics.load(this.words, word) >>> 0);
  }
}

function recordWord(index: number): number {
  return HEADER_BYTES / 4 + index * RECORD_WORDS;
}

/** The stack, behind the error's code in brackets where it has one. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return typeof code === 'string' ? `[${code}] ${text}` : text;
}
