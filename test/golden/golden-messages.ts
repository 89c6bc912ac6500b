/**
 * The golden bytes of every message of the schema. They are the protocol: when one of them has to change, so has the schema
 * version. They were made once, by an encoder of its own (struct formats typed from the message list), never by the code
 * under test. Bytes of integers rise or fall, so that a swapped or shifted one shows.
 *
 * `wire-messages-v1.txt` has every message of version 1, which stay readable for ever; `wire-messages-v2.txt` those that
 * version 2 changed or added. A message is a line, and a line for each field; `-` = has none:
 *
 *   name | SBE header | slot header | head of the MessagePack map, and its type
 *     field | value | bytes in SBE block and slot body | key and value in MessagePack
 *
 * The SBE header is blockLength, templateId, schemaId and version; the slot header templateId, version and flags,
 * accountId, sequence, timestampUs, index, sessionId. Fields without a value are those of the event header.
 */
import { readFileSync } from 'node:fs';
import type { MessageName } from '../../src/wire/message-fields.js';
import { messages } from '../../src/wire/schema.js';

export interface GoldenMessage {
  readonly name: MessageName;
  /** By name, as in the version of the bytes. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sbeHeader: string;
  readonly slotHeader?: string;
  readonly body: readonly (readonly [field: string, hex: string])[];
  /** Head of the map, then each key with its value. */
  readonly msgpack: readonly string[];
}

/** What the slot header of every golden command and event holds; `index` is 0 in commands. */
export const GOLDEN_HEADER = {
  accountId: 0x3132_3334,
  sequence: 0x000a_0908_0706_0504,
  timestampUs: 1_767_225_600_000_000,
  index: 0x0c0d_0e0f,
  sessionId: 7,
};

const NONE = '-';

export const goldenMessagesOfVersion1: readonly GoldenMessage[] = readMessages('wire-messages-v1.txt');
const goldenMessagesOfVersion2: readonly GoldenMessage[] = readMessages('wire-messages-v2.txt');

/** As this version of the schema writes them, in the order of the schema. */
export const currentGoldenMessages: readonly GoldenMessage[] = messages.flatMap(({ name }) => {
  const golden =
    goldenMessagesOfVersion2.find((one) => one.name === name) ??
    inVersion2(goldenMessagesOfVersion1.find((one) => one.name === name));
  return golden === undefined ? [] : [golden];
});

/** The same bytes, said to be of version 2. */
function inVersion2(golden: GoldenMessage | undefined): GoldenMessage | undefined {
  return golden && { ...golden, sbeHeader: golden.sbeHeader.replace(/0100$/, '0200') };
}

function readMessages(file: string): GoldenMessage[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text.trim().split('\n\n').map(readMessage);
}

function readMessage(text: string): GoldenMessage {
  const [head, ...rows] = text.split('\n').map((line) => line.trim().split(' | '));
  const [name, sbeHeader, slotHeader, msgpackHead] = head as [MessageName, string, string, string];
  const body = rows.filter(([, value]) => value !== NONE);
  return {
    name,
    fields: Object.fromEntries(body.map(([field, value, hex]) => [field, readValue(value!, hex!)])),
    sbeHeader,
    ...(slotHeader === NONE ? {} : { slotHeader }),
    body: body.map(([field, , hex]) => [field!, hex!]),
    msgpack: [msgpackHead, ...rows.map(([, , , packed]) => packed!).filter((packed) => packed !== NONE)],
  };
}

/** `12`, `12n` for a bigint, `"text"`, or `bytes` for those of the body. */
function readValue(value: string, hex: string): unknown {
  if (value === 'bytes') return new Uint8Array(Buffer.from(hex, 'hex'));
  return value.endsWith('n') ? BigInt(value.slice(0, -1)) : JSON.parse(value);
}
