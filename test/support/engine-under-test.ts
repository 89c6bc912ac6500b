/** The fast engine as tests drive it: a command object in, event slots out, on one thread. */
import { Core, type CoreOptions } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { SLOT_WORDS, templateOf } from '../../src/wire/slot.js';
import { type DecodedSlot, decodeSlot } from '../../src/wire/slot-codec.js';
import type { Command, UnknownCommand } from '../model/messages.js';
import { writeCommand } from './command-slot.js';

export class EngineUnderTest {
  readonly core: Core;
  readonly processor: BusinessLogicProcessor;
  /** The events of the last command; slot i starts at word i * SLOT_WORDS. */
  readonly events = new EventBuffer();
  readonly #command = new Int32Array(SLOT_WORDS);

  constructor(options: CoreOptions) {
    this.core = new Core(options);
    this.processor = new BusinessLogicProcessor(this.core, this.events);
  }

  /** Applies one command; its events replace those of the command before. */
  apply(command: Command | UnknownCommand): void {
    writeCommand(command, this.#command, 0);
    this.events.clear();
    this.processor.onCommand(this.#command, 0);
  }

  /** The events of the last command, decoded; with `templates`, only those. */
  decodedEvents(templates?: readonly number[]): DecodedSlot[] {
    const { words, count } = this.events;
    const decoded: DecodedSlot[] = [];
    for (let at = 0; at < count * SLOT_WORDS; at += SLOT_WORDS) {
      if (templates !== undefined && !templates.includes(templateOf(words[at]!))) continue;
      decoded.push(decodeSlot(words, at));
    }
    return decoded;
  }
}
