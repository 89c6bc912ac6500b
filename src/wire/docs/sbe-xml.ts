/** Renders the schema as an SBE XML message schema, for client generators: the text of ringfence.sbe.v1.xml. */
import {
  AccountStatus,
  BalanceReason,
  CancelReason,
  InstrumentFlag,
  Liquidity,
  LogonFlag,
  MarketState,
  MarketStateCause,
  OrderFlag,
  OrderType,
  RejectCode,
  ReplaceFlag,
  SelfTradePrevention,
  Side,
  SnapshotFlag,
  TimeInForce,
  TriggerDirection,
} from '../../core/codes.js';
import type { Field, FieldType } from '../layout.js';
import { type Message, messages, SCHEMA_ID, SCHEMA_VERSION } from '../schema.js';

const PRIMITIVES: Record<FieldType, string> = {
  u8: 'uint8',
  i8: 'int8',
  u16: 'uint16',
  u32: 'uint32',
  i32: 'int32',
  i64: 'int64',
  u64: 'uint64',
  chars: 'char',
  bytes: 'uint8',
};

const ENUMERATIONS = [
  { name: 'Side', encoding: 'uint8', values: Side },
  { name: 'OrderType', encoding: 'uint8', values: OrderType },
  { name: 'TimeInForce', encoding: 'uint8', values: TimeInForce },
  { name: 'Liquidity', encoding: 'uint8', values: Liquidity },
  { name: 'CancelReason', encoding: 'uint8', values: CancelReason },
  { name: 'BalanceReason', encoding: 'uint8', values: BalanceReason },
  { name: 'SelfTradePrevention', encoding: 'uint8', values: SelfTradePrevention },
  { name: 'TriggerDirection', encoding: 'uint8', values: TriggerDirection },
  { name: 'AccountStatus', encoding: 'uint8', values: AccountStatus },
  { name: 'MarketState', encoding: 'uint8', values: MarketState },
  { name: 'MarketStateCause', encoding: 'uint8', values: MarketStateCause },
  { name: 'RejectCode', encoding: 'uint16', values: RejectCode },
] as const;

const FLAG_SETS = [
  { name: 'OrderFlags', encoding: 'uint8', values: OrderFlag },
  { name: 'ReplaceFlags', encoding: 'uint32', values: ReplaceFlag },
  { name: 'SnapshotFlags', encoding: 'uint32', values: SnapshotFlag },
  { name: 'InstrumentFlags', encoding: 'uint32', values: InstrumentFlag },
  { name: 'LogonFlags', encoding: 'uint32', values: LogonFlag },
] as const;

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function typeName(field: Field): string {
  const named = [...ENUMERATIONS, ...FLAG_SETS].find(({ values }) => values === field.values);
  if (named !== undefined) return named.name;
  if (field.type === 'chars') return `Text${field.size}`;
  if (field.type === 'bytes') return `Bytes${field.size}`;
  return PRIMITIVES[field.type];
}

function renderArrays(): string[] {
  const arrays = new Map<string, string>();
  for (const field of messages.flatMap((message) => message.blockFields)) {
    if (field.length === undefined) continue;
    const name = typeName(field);
    const encoding = field.type === 'chars' ? ' characterEncoding="US-ASCII"' : '';
    const primitive = PRIMITIVES[field.type];
    arrays.set(
      name,
      `    <type name="${name}" primitiveType="${primitive}" length="${field.size}"${encoding}/>`,
    );
  }
  return [...arrays.keys()].sort().map((name) => arrays.get(name)!);
}

function renderEnumeration(
  name: string,
  encoding: string,
  values: Readonly<Record<string, number>>,
): string[] {
  return [
    `    <enum name="${name}" encodingType="${encoding}">`,
    ...Object.entries(values).map(
      ([value, number]) => `      <validValue name="${value}">${number}</validValue>`,
    ),
    '    </enum>',
  ];
}

function renderFlagSet(name: string, encoding: string, values: Readonly<Record<string, number>>): string[] {
  return [
    `    <set name="${name}" encodingType="${encoding}">`,
    ...Object.entries(values).map(
      ([flag, mask]) => `      <choice name="${flag}">${Math.log2(mask)}</choice>`,
    ),
    '    </set>',
  ];
}

function sinceText(field: Field): string {
  return field.since === undefined ? '' : ` sinceVersion="${field.since}"`;
}

function renderMessage(message: Message): string[] {
  const { name, templateId, blockLength, notes } = message;
  return [
    `  <sbe:message name="${name}" id="${templateId}" blockLength="${blockLength}" semanticType="${message.kind}" description="${escapeXml(notes)}">`,
    ...message.blockFields.map(
      (field, i) =>
        `    <field name="${field.name}" id="${i + 1}" type="${typeName(field)}" offset="${field.offset}"${sinceText(field)} description="${escapeXml(field.notes)}"/>`,
    ),
    '  </sbe:message>',
  ];
}

/** The whole file; it does not change unless the schema or an enumeration does. */
export function renderSbeXml(): string {
  return [
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    '<!-- Written by `npm run gen` from schema.ts; do not edit. -->',
    '<sbe:messageSchema xmlns:sbe="http://fixprotocol.io/2016/sbe" package="ringfence"',
    `    id="${SCHEMA_ID}" version="${SCHEMA_VERSION}" semanticVersion="1.0" byteOrder="littleEndian"`,
    '    description="Frames of the WebSocket subprotocol ringfence.sbe.v1">',
    '  <types>',
    '    <composite name="messageHeader" description="Stands before every block">',
    ...['blockLength', 'templateId', 'schemaId', 'version'].map(
      (name) => `      <type name="${name}" primitiveType="uint16"/>`,
    ),
    '    </composite>',
    ...renderArrays(),
    ...ENUMERATIONS.flatMap(({ name, encoding, values }) => renderEnumeration(name, encoding, values)),
    ...FLAG_SETS.flatMap(({ name, encoding, values }) => renderFlagSet(name, encoding, values)),
    '  </types>',
    ...messages.flatMap(renderMessage),
    '</sbe:messageSchema>',
    '',
  ].join('\n');
}
