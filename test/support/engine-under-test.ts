/** The fast engine as tests drive it: a command object in, event slots out, on one thread. */
import { Core, type CoreOptions } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { SLOT_WORDS, templateOf } from '../../src/wire/slot.js';
import { type DecodedSlot, decodeSlot } from '../../src/wire/slot-codec.js';
import type { Command, UnknownCommand } from '../model/messages.js';
import { writeCommand } from './command-slot.js';

const RING_SLOTS = 8;

/**
 * A command that makes more events than this makes them without end. What may be open is bounded, so a full book gives far
 * fewer.
 */
const MOST_EVENTS = 2 ** 20;

export class EngineUnderTest {
  readonly core: Core;
  readonly processor: BusinessLogicProcessor;
  /** The events of the last command; slot i starts at word i * SLOT_WORDS. So small that it has to grow. */
  readonly events = new EventBuffer(2);
  /** Commands come at another place every time, as in a ring. */
  readonly #ring = new Int32Array(RING_SLOTS * SLOT_WORDS);

  constructor(options: CoreOptions) {
    this.core = new Core(options);
    const { events } = this;
    const next = () => {
      if (events.count === MOST_EVENTS) throw new Error(`a command makes more than ${MOST_EVENTS} events`);
      return events.next();
    };
    const { slots, slotDoubles, flush } = events;
    this.processor = new BusinessLogicProcessor(this.core, { slots, slotDoubles, next, flush });
  }

  /** Applies one command; its events replace those of the command before. */
  apply(command: Command | UnknownCommand): void {
    const at = (command.sequence % RING_SLOTS) * SLOT_WORDS;
    writeCommand(command, this.#ring, at);
    this.events.clear();
    this.processor.onCommand(this.#ring, at);
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
