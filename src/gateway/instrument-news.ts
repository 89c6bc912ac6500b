import { offsetOf, Template } from '../wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../wire/slot.js';

/** Public events of an instrument of which the latest is still true, and where they name it, in words of the slot. */
const INSTRUMENT_WORD = new Map(
  (['marketStateChanged', 'instrumentChanged', 'markPriceChanged'] as const).map((name) => [
    Template[name] as number,
    HeaderWord.body + (offsetOf(name, 'instrumentId') >> 2),
  ]),
);

/** Whether an event is news of an instrument. */
export function isInstrumentNews(templateId: number): boolean {
  return INSTRUMENT_WORD.has(templateId);
}

/** The latest public news of each instrument, so that a session that comes later knows what the others do. */
export class InstrumentNews {
  private readonly latest = new Map<string, Int32Array>();

  /** Takes the event in the slot at word `wordIndex`, if it is such news. */
  note(words: Int32Array, wordIndex: number): void {
    const templateId = templateOf(words[wordIndex]!);
    const word = INSTRUMENT_WORD.get(templateId);
    if (word === undefined) return;
    const slot = words.slice(wordIndex, wordIndex + SLOT_WORDS);
    this.latest.set(`${templateId} ${words[wordIndex + word]}`, slot);
  }

  /** The slots of the latest events. */
  slots(): Iterable<Int32Array> {
    return this.latest.values();
  }
}
