/**
 * Frames of `ringfence.msgpack.v1`, inbound: maps `{"type": name, ...fields}`, or an array of such maps, checked
 * token by token and rewritten as SBE messages, so that everything behind this file knows one format only.
 *
 * Nothing is unpacked into JavaScript objects. What the walker takes is what the schema says and nothing else:
 * every key known and there once, every value of the right type and in range, every message complete. It enters at
 * most one array and one map, so depth and work are bounded by the bytes received.
 */
import { RejectCode } from '../core/codes.js';
import { allowedValues, INTEGER_RANGES, isPrintable, writeInteger } from './field-codec.js';
import type { Field } from './layout.js';
import { MsgpackTokens, Token } from './msgpack-tokens.js';
import { MAX_SBE_MESSAGE_BYTES, viewOf, writeSbeHeader } from './sbe.js';
import { type DecodedMessage, decodeFrames } from './sbe-frames.js';
import { type Message, mayBeLeftOut, messages, SBE_HEADER_BYTES } from './schema.js';
import { WireError } from './wire-error.js';

const MAX_KEYS = 32;
const MAX_KEY_BYTES = 32;
/** Long enough for a signature in hexadecimal digits. */
const MAX_STRING_BYTES = 128;
const MAX_ERROR_TEXT = 84;
const TWO_32 = 0x1_0000_0000;

/** A message of the schema, prepared for look-up by key. */
interface Plan {
  readonly message: Message;
  readonly fieldIndex: ReadonlyMap<string, number>;
  /** For each field with named values: the numbers by name. */
  readonly values: readonly (ReadonlyMap<string, number> | undefined)[];
}

function planOf(message: Message): Plan {
  const fields = message.blockFields;
  if (fields.length >= MAX_KEYS) throw new Error(`schema: ${message.name} has too many fields`);
  return {
    message,
    fieldIndex: new Map(fields.map((field, index) => [field.name, index])),
    values: fields.map((field) => field.values && new Map(Object.entries(field.values))),
  };
}

const plans: ReadonlyMap<string, Plan> = new Map(messages.map((message) => [message.name, planOf(message)]));

/** Decodes one WebSocket frame at a time; keep one for a gateway, it reuses its buffer. */
export class MsgpackDecoder {
  /** SBE messages of the last frame that was decoded, bytes 0 to `frameBytes`. Overwritten by the next one. */
  readonly frame: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
  frameBytes = 0;
  /** After a reject code: a sentence for people, printable ASCII of at most 84 characters. */
  errorText = '';
  /** After a reject code: template of the message with the mistake, 0 when it is not known. */
  errorTemplateId = 0;
  /** After a reject code: `clientSequence` of that message, 0 when it has none that can be read. */
  errorClientSequence = 0;

  readonly #maxMessages: number;
  readonly #acceptFrom: 'client' | 'anyone';
  readonly #tokens = new MsgpackTokens();
  #source: Uint8Array = new Uint8Array(0);

  // The keys of the map being read, each with the token of its value.
  #keyCount = 0;
  readonly #keys: string[] = [];
  readonly #kinds = new Int32Array(MAX_KEYS);
  readonly #lows = new Int32Array(MAX_KEYS);
  readonly #highs = new Int32Array(MAX_KEYS);
  readonly #starts = new Int32Array(MAX_KEYS);
  readonly #lengths = new Int32Array(MAX_KEYS);

  /**
   * @param maxMessages most messages in a frame
   * @param acceptFrom 'client' (default) takes only what a client may send, 'anyone' every message of the schema
   */
  constructor(maxMessages: number, acceptFrom: 'client' | 'anyone' = 'client') {
    this.#maxMessages = maxMessages;
    this.#acceptFrom = acceptFrom;
    this.frame = new Uint8Array(maxMessages * MAX_SBE_MESSAGE_BYTES);
    this.view = viewOf(this.frame);
  }

  /**
   * Decodes all messages of `source` into `frame`, or none. Returns 0, or a reject code: MALFORMED_FRAME,
   * TOO_MANY_MESSAGES, UNKNOWN_TEMPLATE or BAD_FIELD, with the `error` fields telling more.
   */
  decode(source: Uint8Array): number {
    this.#source = source;
    this.#tokens.reset(source);
    this.errorText = '';
    this.errorTemplateId = 0;
    this.errorClientSequence = 0;
    this.frameBytes = 0;
    const code = this.#readFrame();
    if (code !== 0) this.frameBytes = 0;
    return code;
  }

  #readFrame(): number {
    let token = this.#tokens.next();
    let count = 1;
    const isArray = token === Token.array;
    if (isArray) {
      count = this.#tokens.length;
      if (count === 0) return this.#malformed('the array of messages is empty');
      if (count > this.#maxMessages) {
        return this.#fail(RejectCode.TOO_MANY_MESSAGES, `${count} messages, at most ${this.#maxMessages}`);
      }
    }
    for (let i = 0; i < count; i++) {
      if (isArray) token = this.#tokens.next();
      if (token === Token.broken) return this.#malformed('the frame is cut short or not MessagePack');
      if (token !== Token.map) return this.#malformed('a message must be a map');
      const code = this.#readMap(this.#tokens.length) || this.#writeMessage();
      if (code !== 0) return code;
    }
    return this.#tokens.isAtEnd() ? 0 : this.#malformed('there are bytes behind the last message');
  }

  /** Notes every key with the token of its value. Containers as values are refused unread. */
  #readMap(count: number): number {
    if (count > MAX_KEYS) return this.#malformed(`a map of ${count} keys, at most ${MAX_KEYS}`);
    const tokens = this.#tokens;
    this.#keyCount = count;
    for (let i = 0; i < count; i++) {
      const key = tokens.next();
      if (key === Token.broken) return this.#malformed('the frame is cut short or not MessagePack');
      if (key !== Token.string) return this.#malformed('a key must be a string');
      if (tokens.length > MAX_KEY_BYTES)
        return this.#malformed(`a key is longer than ${MAX_KEY_BYTES} bytes`);
      this.#keys[i] = this.#textAt(tokens.start, tokens.length);
      const kind = tokens.next();
      if (kind === Token.broken) return this.#malformed('the frame is cut short or not MessagePack');
      if (kind === Token.array || kind === Token.map)
        return this.#malformed('a value may not be an array or a map');
      if (kind === Token.extension) return this.#malformed('extension types are not taken');
      if ((kind === Token.string || kind === Token.binary) && tokens.length > MAX_STRING_BYTES) {
        return this.#malformed(`a value is longer than ${MAX_STRING_BYTES} bytes`);
      }
      this.#kinds[i] = kind;
      this.#lows[i] = tokens.low;
      this.#highs[i] = tokens.high;
      this.#starts[i] = tokens.start;
      this.#lengths[i] = tokens.length;
    }
    return 0;
  }

  #writeMessage(): number {
    const typeAt = this.#keys.indexOf('type');
    if (typeAt < 0 || typeAt >= this.#keyCount) return this.#malformed('a message has no key "type"');
    if (this.#kinds[typeAt] !== Token.string) return this.#malformed('"type" must be the name of a message');
    const typeName = this.#textAt(this.#starts[typeAt]!, this.#lengths[typeAt]!);
    const plan = plans.get(typeName);
    if (plan === undefined || (this.#acceptFrom === 'client' && plan.message.sentBy !== 'client')) {
      return this.#fail(RejectCode.UNKNOWN_TEMPLATE, `"${typeName}" is not a message that is taken here`);
    }
    const { message } = plan;
    this.#noteSubject(message);

    const base = this.frameBytes + SBE_HEADER_BYTES;
    this.frame.fill(0, base, base + message.blockLength);
    let seen = 0;
    for (let i = 0; i < this.#keyCount; i++) {
      if (i === typeAt) continue;
      const key = this.#keys[i]!;
      const index = plan.fieldIndex.get(key);
      if (index === undefined) {
        if (key === 'type') return this.#malformed('the key "type" is there twice');
        return this.#fail(RejectCode.BAD_FIELD, `${message.name} has no field "${key}"`);
      }
      const field = message.blockFields[index]!;
      if ((seen & (1 << index)) !== 0) return this.#badField(message, field, 'is there twice');
      seen |= 1 << index;
      if (!this.#writeValue(base, field, plan.values[index], i)) {
        return this.#badField(message, field, `must be ${allowedForms(field)}`);
      }
    }
    for (let index = 0; index < message.blockFields.length; index++) {
      const field = message.blockFields[index]!;
      if ((seen & (1 << index)) === 0 && !mayBeLeftOut(field))
        return this.#badField(message, field, 'is missing');
    }
    writeSbeHeader(this.frame, this.frameBytes, message.templateId);
    this.frameBytes = base + message.blockLength;
    this.errorTemplateId = 0;
    this.errorClientSequence = 0;
    return 0;
  }

  /** Remembers which message is being read, for the case that it is refused. */
  #noteSubject(message: Message): void {
    this.errorTemplateId = message.templateId;
    const at = this.#keys.indexOf('clientSequence');
    if (at < 0 || at >= this.#keyCount || this.#kinds[at] !== Token.unsigned) return;
    const value = this.#numberAt(at);
    if (Number.isSafeInteger(value)) this.errorClientSequence = value;
  }

  /** Writes the value of key `i` as `field`; false when it is not what the field takes. */
  #writeValue(
    base: number,
    field: Field,
    values: ReadonlyMap<string, number> | undefined,
    i: number,
  ): boolean {
    const at = base + field.offset;
    const kind = this.#kinds[i]!;
    const range = INTEGER_RANGES[field.type];
    if (range !== undefined) {
      let value: number | undefined;
      if (kind === Token.unsigned || kind === Token.negative) value = this.#numberAt(i);
      else if (kind === Token.string && values !== undefined) {
        value = values.get(this.#textAt(this.#starts[i]!, this.#lengths[i]!));
      }
      if (value === undefined || value < range[0] || value > range[1]) return false;
      writeInteger(this.view, at, field.type, value);
      return true;
    }
    if (field.type === 'u64') return this.#writeUint64(at, i);
    if (field.type === 'chars') return kind === Token.string && this.#writeText(at, field.size, i);
    return this.#writeBytes(at, field.size, i);
  }

  #writeUint64(at: number, i: number): boolean {
    if (this.#kinds[i] === Token.unsigned) {
      this.view.setInt32(at, this.#lows[i]!, true);
      this.view.setInt32(at + 4, this.#highs[i]!, true);
      return true;
    }
    if (this.#kinds[i] !== Token.string) return false;
    const digits = this.#textAt(this.#starts[i]!, this.#lengths[i]!);
    if (!/^(0|[1-9][0-9]{0,19})$/.test(digits)) return false;
    const value = BigInt(digits);
    if (value >= 1n << 64n) return false;
    this.view.setBigUint64(at, value, true);
    return true;
  }

  #writeText(at: number, size: number, i: number): boolean {
    const start = this.#starts[i]!;
    const length = this.#lengths[i]!;
    if (length > size) return false;
    for (let k = 0; k < length; k++) {
      const code = this.#source[start + k]!;
      if (!isPrintable(code)) return false;
      this.frame[at + k] = code;
    }
    return true;
  }

  /** Takes a binary of exactly `size` bytes, or a string of twice as many hexadecimal digits. */
  #writeBytes(at: number, size: number, i: number): boolean {
    const start = this.#starts[i]!;
    if (this.#kinds[i] === Token.binary && this.#lengths[i] === size) {
      for (let k = 0; k < size; k++) this.frame[at + k] = this.#source[start + k]!;
      return true;
    }
    if (this.#kinds[i] !== Token.string || this.#lengths[i] !== size * 2) return false;
    for (let k = 0; k < size; k++) {
      const high = hexDigit(this.#source[start + 2 * k]!);
      const low = hexDigit(this.#source[start + 2 * k + 1]!);
      if (high < 0 || low < 0) return false;
      this.frame[at + k] = high * 16 + low;
    }
    return true;
  }

  /** The integer value of key `i`; above 2^53-1 it is rounded, which no range lets through. */
  #numberAt(i: number): number {
    const high = this.#kinds[i] === Token.unsigned ? this.#highs[i]! >>> 0 : this.#highs[i]!;
    return high * TWO_32 + (this.#lows[i]! >>> 0);
  }

  /** Bytes as text; what is not printable ASCII becomes '?', so that it matches no name and is safe to show. */
  #textAt(start: number, length: number): string {
    let text = '';
    for (let i = start; i < start + length; i++) {
      const code = this.#source[i]!;
      text += isPrintable(code) ? String.fromCharCode(code) : '?';
    }
    return text;
  }

  #badField(message: Message, field: Field, text: string): number {
    return this.#fail(RejectCode.BAD_FIELD, `${message.name}.${field.name} ${text}`);
  }

  #malformed(text: string): number {
    return this.#fail(RejectCode.MALFORMED_FRAME, text);
  }

  #fail(code: number, text: string): number {
    this.errorText = text.slice(0, MAX_ERROR_TEXT);
    return code;
  }
}

/** Longest list of names that an error text still has room for. */
const MAX_LISTED_NAMES = 6;

function allowedForms(field: Field): string {
  const names = Object.keys(field.values ?? {});
  if (names.length === 0 || names.length > MAX_LISTED_NAMES) return allowedValues(field);
  return `${names.join(', ')} or ${allowedValues(field)}`;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** No complete message is shorter, so a frame holds at most one for each of these bytes. */
const MIN_MESSAGE_BYTES = 8;

/**
 * All messages of one WebSocket frame, whoever sent it: for clients and tests. Throws WireError with the code and
 * the text of MsgpackDecoder.
 */
export function decodeMsgpackFrame(bytes: Uint8Array): DecodedMessage[] {
  const decoder = new MsgpackDecoder(Math.ceil(bytes.length / MIN_MESSAGE_BYTES), 'anyone');
  const code = decoder.decode(bytes);
  if (code !== 0) throw new WireError(code, '', decoder.errorText);
  return decodeFrames(decoder.frame.subarray(0, decoder.frameBytes));
}
