import { offsetOf, Template } from '../wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../wire/slot.js';

/**
 * By template id: for public events of an instrument of which the latest is still true, where they name it, in words of
 * the slot; 0 for all others. Every event is looked up here.
 */
const INSTRUMENT_WORD = new Uint8Array(1 + Math.max(...Object.values(Template)));
for (const name of ['marketStateChanged', 'instrumentChanged', 'markPriceChanged'] as const) {
  INSTRUMENT_WORD[Template[name]] = HeaderWord.body + (offsetOf(name, 'instrumentId') >> 2);
}

/** Whether an event is news of an instrument. */
export function isInstrumentNews(templateId: number): boolean {
  return INSTRUMENT_WORD[templateId] !== 0;
}

/** The latest public news of each instrument, so that a session that comes later knows what the others do. */
export class InstrumentNews {
  private readonly latest = new Map<string, Int32Array>();

  /** Takes the event in the slot at word `wordIndex`, if it is such news. */
  note(words: Int32Array, wordIndex: number): void {
    const templateId = templateOf(words[wordIndex]!);
    const word = INSTRUMENT_WORD[templateId]!;
    if (word === 0) return;
    const slot = words.slice(wordIndex, wordIndex + SLOT_WORDS);
    this.latest.set(`${templateId} ${words[wordIndex + word]}`, slot);
  }

  /** The slots of the latest events. */
  slots(): Iterable<Int32Array> {
    return this.latest.values();
  }
}
