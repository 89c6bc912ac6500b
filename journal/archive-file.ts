/**
 * A segment in an archive: `<segment>.archive`, compressed in pieces so that any place can be read without the rest.
 *
 * ```
 *  pieces, each filled up to a multiple of 8 bytes: the header page of the segment, then 1 MiB of it each
 *  footer: JSON {"format":1,"segment","bytes","codec","sha256" of the raw bytes,"pieces":[compressed lengths]}
 *  trailer: footer length u32   footer crc32c u32   magic "RINGFARC"
 * ```
 */
import * as zlib from 'node:zlib';
import { crc32c } from './crc32c.js';
import { JournalCorruptionError, JournalIoError, JournalVersionError } from './errors.js';
import { SEGMENT_HEADER_BYTES } from './segment.js';
import { PIECE_BYTES, sumFile } from './segment-sum.js';
import { type ReadableFile, readFully, type Storage } from './storage.js';

export const ARCHIVE_SUFFIX = '.archive';
const FORMAT = 1;
const TRAILER_BYTES = 16;
const MAGIC = 'RINGFARC';
const BROTLI_QUALITY = 5;

type Codec = 'zstd' | 'brotli';
type Transform = (bytes: Uint8Array) => Uint8Array;

interface Footer {
  readonly format: number;
  readonly segment: string;
  readonly bytes: number;
  readonly codec: Codec;
  readonly sha256: string;
  readonly pieces: readonly number[];
}

/** Newer releases of Node have zstd; the types of the oldest one that is supported do not know it. */
const zstd = zlib as { zstdCompressSync?: Transform; zstdDecompressSync?: Transform };

const compressors: Readonly<Record<Codec, Transform | undefined>> = {
  zstd: zstd.zstdCompressSync,
  brotli: (bytes) =>
    zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
};
const decompressors: Readonly<Record<Codec, Transform | undefined>> = {
  zstd: zstd.zstdDecompressSync,
  brotli: (bytes) => zlib.brotliDecompressSync(bytes, { maxOutputLength: PIECE_BYTES }),
};

/** The better codec that this Node has. */
export const CODEC: Codec = compressors.zstd === undefined ? 'brotli' : 'zstd';

export function archiveName(segment: string): string {
  return segment + ARCHIVE_SUFFIX;
}

/**
 * The archive file of a segment, ready to be written. Takes as much memory as the compressed segment. `onPiece` is called
 * after each piece, so that the caller may rest.
 */
export function packSegment(file: ReadableFile, sha256: string, onPiece: () => void): Uint8Array {
  const compress = compressors[CODEC]!;
  const parts: Uint8Array[] = [];
  const pieces: number[] = [];
  const raw = new Uint8Array(Math.min(PIECE_BYTES, file.bytes));
  for (let position = 0; position < file.bytes; ) {
    const length = readFully(file, position, raw, 0, rawLength(position, file.bytes));
    const piece = compress(raw.subarray(0, length));
    pieces.push(piece.length);
    parts.push(piece, new Uint8Array(padding(piece.length)));
    position += length;
    onPiece();
  }
  const { name: segment, bytes } = file;
  const footer: Footer = { format: FORMAT, segment, bytes, codec: CODEC, sha256, pieces };
  const text = Buffer.from(JSON.stringify(footer));
  const padded = Buffer.concat([text, Buffer.alloc(padding(text.length), ' ')]);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(padded.length, 0);
  trailer.writeUInt32LE(crc32c(0, padded, 0, padded.length), 4);
  trailer.write(MAGIC, 8, 'latin1');
  return Buffer.concat([...parts, padded, trailer]);
}

/** Reads an archive file as if it were the segment. */
export class ArchivedFile implements ReadableFile {
  /** Of the segment. */
  readonly name: string;
  /** Of the segment. */
  readonly bytes: number;
  /** Of the segment's raw bytes, as it was archived. */
  readonly sha256: string;
  readonly archivedBytes: number;
  readonly #file: ReadableFile;
  readonly #archive: string;
  readonly #decompress: Transform;
  /** Offsets of the pieces in the archive file, and of the first byte after the last one. */
  readonly #offsets: readonly number[];
  readonly #lengths: readonly number[];
  /** The piece at hand. */
  #index = -1;
  #piece: Uint8Array = new Uint8Array(0);

  /** Opens and checks the footer; throws coded errors that name the archive file. */
  constructor(storage: Storage, archive: string) {
    this.#archive = archive;
    this.#file = storage.openForRead(archive);
    this.archivedBytes = this.#file.bytes;
    try {
      const { segment, bytes, codec, sha256, pieces } = this.#readFooter();
      this.name = segment;
      this.bytes = bytes;
      this.sha256 = sha256;
      this.#lengths = pieces;
      const offsets = [0];
      for (const length of pieces) offsets.push(offsets.at(-1)! + length + padding(length));
      this.#offsets = offsets;
      const decompress = decompressors[codec];
      if (decompress === undefined) {
        const reason = `compressed with ${codec}, which this Node (${process.version}) does not have`;
        throw new JournalIoError(archive, `${reason}: use a newer one`);
      }
      this.#decompress = decompress;
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  read(position: number, target: Uint8Array, offset: number, length: number): number {
    if (position >= this.bytes) return 0;
    const index =
      position < SEGMENT_HEADER_BYTES ? 0 : 1 + Math.floor((position - SEGMENT_HEADER_BYTES) / PIECE_BYTES);
    const start = index === 0 ? 0 : SEGMENT_HEADER_BYTES + (index - 1) * PIECE_BYTES;
    if (index !== this.#index) this.#load(index, rawLength(start, this.bytes));
    const available = this.#piece.subarray(position - start, position - start + length);
    target.set(available, offset);
    return available.length;
  }

  close(): void {
    this.#file.close();
  }

  #load(index: number, length: number): void {
    const offset = this.#offsets[index]!;
    const compressed = this.#readExactly(offset, this.#lengths[index]!);
    let piece: Uint8Array;
    try {
      piece = this.#decompress(compressed);
    } catch (error) {
      throw this.#corrupt(offset, 'a compressed piece', (error as Error).message);
    }
    if (piece.length !== length) throw this.#corrupt(offset, `${length} bytes`, `${piece.length}`);
    this.#index = index;
    this.#piece = piece;
  }

  #readFooter(): Footer {
    const end = this.archivedBytes;
    const trailer = Buffer.from(this.#readExactly(Math.max(0, end - TRAILER_BYTES), TRAILER_BYTES));
    const length = trailer.readUInt32LE(0);
    if (trailer.toString('latin1', 8) !== MAGIC || length > end - TRAILER_BYTES) {
      throw this.#corrupt(end - TRAILER_BYTES, `trailer ${MAGIC}`, 'other bytes');
    }
    const at = end - TRAILER_BYTES - length;
    const bytes = this.#readExactly(at, length);
    if (crc32c(0, bytes, 0, length) !== trailer.readUInt32LE(4)) {
      throw this.#corrupt(at, 'a footer with its checksum', 'other bytes');
    }
    const footer = JSON.parse(Buffer.from(bytes).toString()) as Footer;
    if (footer.format > FORMAT)
      throw new JournalVersionError(this.#archive, 'archive format', footer.format, FORMAT);
    return footer;
  }

  #readExactly(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const read = readFully(this.#file, position, bytes, 0, length);
    if (read === length) return bytes;
    throw this.#corrupt(position, `${length} bytes`, `${read}`);
  }

  #corrupt(offset: number, expected: string, found: string): JournalCorruptionError {
    return new JournalCorruptionError(this.#archive, offset, expected, found);
  }
}

/** Whether the archive file holds a segment with this sum, read back byte by byte. */
export function isArchiveOf(storage: Storage, archive: string, sha256: string): boolean {
  try {
    const file = new ArchivedFile(storage, archive);
    try {
      return sumFile(file).sha256 === sha256;
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof JournalCorruptionError) return false;
    throw error;
  }
}

/** Bytes of the piece that begins at `position`. */
function rawLength(position: number, bytes: number): number {
  return position === 0 ? Math.min(SEGMENT_HEADER_BYTES, bytes) : Math.min(PIECE_BYTES, bytes - position);
}

function padding(length: number): number {
  return (8 - (length % 8)) % 8;
}
