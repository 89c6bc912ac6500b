/**
 * Commands and events as plain objects, as the reference engine reads and writes them: the fields of the slot header
 * beside the fields of the body, with the names and types of the schema (i64 number, u64 bigint, text without its
 * zero padding).
 */
import type { CommandName, EventName, MessageFields } from '../../src/wire/message-fields.js';

/** A command of one name. */
export interface CommandOf<N extends CommandName> {
  name: N;
  accountId: number;
  sessionId: number;
  sequence: number;
  timestampUs: number;
  fields: MessageFields[N];
}

export type Command = { [N in CommandName]: CommandOf<N> }[CommandName];

/**
 * A slot whose template or record version is not of this schema, and whose body has nothing but the clientSequence
 * that every command starts with.
 */
export interface UnknownCommand {
  name: 'unknown';
  templateId: number;
  version: number;
  accountId: number;
  sessionId: number;
  sequence: number;
  timestampUs: number;
  fields: { clientSequence: number };
}

/** An event of one name. `index` counts the events of its command from 0. */
export interface EventOf<N extends EventName> {
  name: N;
  accountId: number;
  sessionId: number;
  sequence: number;
  timestampUs: number;
  index: number;
  fields: MessageFields[N];
}

export type Event = { [N in EventName]: EventOf<N> }[EventName];
