import { LevelBook } from '../base/level-book.js';
import { Side } from '../core/codes.js';
import type { BookLevel } from '../wire/message-fields.js';

const Flag = { snapshot: 1, first: 2, last: 4, empty: 8 } as const;

/** The books that a client is subscribed to, kept from bookLevel messages. */
export class BookKeeper {
  private readonly books = new Map<number, { book: LevelBook; isWhole: boolean }>();

  /** The book of an instrument, or undefined before its first snapshot is complete. */
  get(instrumentId: number): LevelBook | undefined {
    const kept = this.books.get(instrumentId);
    return kept?.isWhole ? kept.book : undefined;
  }

  /**
   * Takes a level. 'changed': the book is up to date. 'partial': a snapshot is under way. 'hole': a change is missing,
   * a new snapshot is needed; changes are ignored until it comes.
   */
  onLevel(level: BookLevel): 'changed' | 'partial' | 'hole' {
    let kept = this.books.get(level.instrumentId);
    if (kept === undefined) {
      kept = { book: new LevelBook(), isWhole: false };
      this.books.set(level.instrumentId, kept);
    }
    const { book } = kept;
    if ((level.flags & Flag.snapshot) === 0) {
      if (!kept.isWhole) return 'partial';
      if (level.bookSequence !== book.bookSequence + 1) {
        kept.isWhole = false;
        return 'hole';
      }
    } else if ((level.flags & Flag.first) !== 0) {
      book.bids.clear();
      book.asks.clear();
    }
    if ((level.flags & Flag.empty) === 0) {
      const side = level.side === Side.buy ? book.bids : book.asks;
      side.set(level.priceTicks, level.levelLots, level.orderCount);
    }
    book.bookSequence = level.bookSequence;
    if ((level.flags & Flag.snapshot) !== 0) kept.isWhole = (level.flags & Flag.last) !== 0;
    return kept.isWhole ? 'changed' : 'partial';
  }

  forget(instrumentId: number): void {
    this.books.delete(instrumentId);
  }
}
