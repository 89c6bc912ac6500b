/** A standby cannot be promoted as asked; the message says why. */
export class PromotionRefusedError extends Error {
  readonly code = 'PROMOTION_REFUSED';

  constructor(reason: string) {
    super(`promotion refused: ${reason}`);
    this.name = 'PromotionRefusedError';
  }
}
