/** Writes a journal as releases before the first one are said to have: segment format 0, frames and records of version 0. */
import { CONTROL_FILE, createControlFile } from '../../journal/control-file.js';
import { crc32c, crc32cWords } from '../../journal/crc32c.js';
import {
  FRAME_HEADER_BYTES,
  FRAME_HEADER_WORDS,
  FrameType,
  FrameWord,
  frameHeaderCrc,
  RECORD_BYTES,
  writeFrameHeader,
} from '../../journal/frame.js';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentName } from '../../journal/segment.js';
import type { Storage } from '../../journal/storage.js';
import { readInt64 } from '../../src/base/int64.js';
import { offsetOf, Template } from '../../src/wire/schema.js';
import { HeaderWord, packTemplate, SLOT_WORDS, templateOf } from '../../src/wire/slot.js';
import { IDENTITY, SEGMENT_BYTES } from './journal-records.js';

const BODY = HeaderWord.body;
const wordOf = (message: string, field: string) => BODY + offsetOf(message, field) / 4;

/** Records of version 1 as version 0 would have written them; throws for what it could not express. */
export function downcastToV0(records: Int32Array): Int32Array {
  const old = records.slice();
  for (let at = 0; at < old.length; at += SLOT_WORDS) {
    const templateId = templateOf(old[at]!);
    old[at] = packTemplate(templateId, 0, 0);
    const clientSequence = records[at + BODY]!;
    if (templateId === Template.newOrder) {
      const terms = records[at + wordOf('newOrder', 'side')]!;
      const isLimit = ((terms >> 8) & 0xff) === 1;
      const hasShortId = records[at + wordOf('newOrder', 'clientOrderId') + 1] === 0;
      if (!isLimit || !hasShortId) throw new Error('version 0 has no such order');
      const body = new Int32Array(SLOT_WORDS - BODY);
      body[0] = clientSequence;
      body[1] = records[at + wordOf('newOrder', 'clientOrderId')]!;
      body[2] = records[at + wordOf('newOrder', 'priceTicks')]!;
      body[3] = records[at + wordOf('newOrder', 'quantityLots')]!;
      const instrumentId = records[at + wordOf('newOrder', 'instrumentId')]!;
      body[4] = instrumentId | (((terms >> 16) & 0xff) << 16) | ((terms & 0xff) << 24);
      old.set(body, at + BODY);
    } else if (templateId === Template.deposit) {
      const body = new Int32Array(SLOT_WORDS - BODY);
      body[0] = records[at + wordOf('deposit', 'accountId')]!;
      for (let i = 0; i < 3; i++) body[1 + i] = records[at + wordOf('deposit', 'asset') + i]!;
      body[4] = readInt64(records, at + wordOf('deposit', 'amount')) | 0;
      body[5] = records[at + wordOf('deposit', 'transferId')]!;
      body[6] = clientSequence;
      old.set(body, at + BODY);
    }
  }
  return old;
}

/** Makes a journal of one segment with `records`, of version 0, in frames of the given sizes. */
export function writeV0Journal(storage: Storage, records: Int32Array, batches: readonly number[]): void {
  createControlFile(storage);
  if (!storage.exists(CONTROL_FILE)) throw new Error('no control file');
  const name = segmentName(1, 1);
  storage.create(name, SEGMENT_BYTES, 'zero-fill');
  const file = storage.openForWrite(name);
  file.write(0, v0HeaderPage());
  let position = SEGMENT_HEADER_BYTES;
  let at = 0;
  let chain = 0;
  let epoch = 1;
  for (const count of batches) {
    const next = crc32cWords(chain, records, at, count * SLOT_WORDS);
    for (let i = 0; i < count; i++) {
      const record = at + i * SLOT_WORDS;
      const isEpoch = templateOf(records[record]!) === Template.epochStarted;
      if (isEpoch) epoch = records[record + wordOf('epochStarted', 'epoch')]!;
    }
    const last = at + (count - 1) * SLOT_WORDS;
    const header = new Int32Array(FRAME_HEADER_WORDS);
    const timestampUs = readInt64(records, last + HeaderWord.timestampUs);
    const firstSequence = readInt64(records, at + HeaderWord.sequence);
    writeFrameHeader(header, 0, FrameType.commands, count, firstSequence, epoch, timestampUs, 0, chain, next);
    header[FrameWord.type] = FrameType.commands;
    header[FrameWord.headerCrc] = frameHeaderCrc(header, 0);
    file.writeFrame(position, header, records, at, count * SLOT_WORDS);
    position += FRAME_HEADER_BYTES + count * RECORD_BYTES;
    at += count * SLOT_WORDS;
    chain = next;
  }
  file.sync(0, position);
  file.close();
  storage.syncDirectory();
}

/** The header page of today without what format 0 did not have: minor version, schema, time of the record before, release. */
function v0HeaderPage(): Uint8Array {
  const page = encodeSegmentHeader({
    ...IDENTITY,
    epoch: 1,
    firstSequence: 1,
    chain: 0,
    segmentBytes: SEGMENT_BYTES,
    previousName: '',
    previousChain: 0,
    createdAtUs: 1_600_000_000_000_000,
    timestampUs: 0,
  });
  page.fill(0, 8, 16);
  page.fill(0, 72, 112);
  new DataView(page.buffer).setUint32(12, crc32c(0, page, 0, page.length), true);
  return page;
}
