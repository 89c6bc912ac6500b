/**
 * Makes commands for tests: numbers them densely, moves command time on, and fills in the fields that a test
 * does not care about.
 */
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import { messageByName } from '../../src/wire/schema.js';
import type { Command, UnknownCommand } from '../model/messages.js';

/** Header fields that a test may set. `microseconds` is how far command time moves on; the default is 1. */
export interface CommandContext {
  accountId?: number;
  sessionId?: number;
  microseconds?: number;
}

const START_US = 1_700_000_000_000_000;

export class CommandScript {
  #sequence: number;
  #timestampUs = START_US;

  /** A script whose first command has the number `firstSequence`. */
  constructor(firstSequence = 1) {
    this.#sequence = firstSequence - 1;
  }

  /** Command time of the last command. */
  get timestampUs(): number {
    return this.#timestampUs;
  }

  /** The next command of the script; fields that are left out are 0, empty text or zero bytes. */
  command<N extends CommandName>(
    name: N,
    context: CommandContext,
    fields: Partial<MessageFields[N]>,
  ): Command {
    const header = this.#header(context);
    return { name, ...header, fields: { ...emptyFields(name), ...fields } } as unknown as Command;
  }

  /** The next command of the script, with a template or a record version that the schema does not know. */
  unknown(
    templateId: number,
    version: number,
    context: CommandContext,
    clientSequence: number,
  ): UnknownCommand {
    return { name: 'unknown', templateId, version, ...this.#header(context), fields: { clientSequence } };
  }

  #header(context: CommandContext) {
    this.#sequence += 1;
    this.#timestampUs += context.microseconds ?? 1;
    return {
      accountId: context.accountId ?? 0,
      sessionId: context.sessionId ?? 0,
      sequence: this.#sequence,
      timestampUs: this.#timestampUs,
    };
  }
}

const emptyFieldsOf = new Map<string, Record<string, unknown>>();

function emptyFields(name: CommandName): Record<string, unknown> {
  const known = emptyFieldsOf.get(name);
  if (known !== undefined) return known;
  const entries = messageByName(name).fields.map((field) => [field.name, emptyValue(field.type, field.size)]);
  const empty = Object.fromEntries(entries) as Record<string, unknown>;
  emptyFieldsOf.set(name, empty);
  return empty;
}

function emptyValue(type: string, size: number): unknown {
  if (type === 'u64') return 0n;
  if (type === 'chars') return '';
  if (type === 'bytes') return new Uint8Array(size);
  return 0;
}
