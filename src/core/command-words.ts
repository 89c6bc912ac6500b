/**
 * Where the fields of the traders' commands lie in a command slot, in words from its start. The core reads them
 * there, so that a command is not spread over a dozen arguments. The engine checks against the schema at its start.
 */

/** `terms`: side | orderType << 8 | timeInForce << 16 | flags << 24. */
export const NewOrderWord = {
  clientOrderId: 10,
  instrumentId: 12,
  priceTicks: 13,
  quantityLots: 14,
  terms: 15,
  expireTimeUs: 16,
  minQuantityLots: 18,
  /** selfTradePrevention | triggerDirection << 8 | 16 bits that nobody looks at */
  selfTradePrevention: 19,
  displayLots: 20,
  triggerPriceTicks: 21,
  quoteAmount: 22,
  linkedClientOrderId: 24,
  trailingTicks: 26,
} as const;

export const CancelOrderWord = { clientOrderId: 10, instrumentId: 12 } as const;

export const ReplaceOrderWord = {
  clientOrderId: 10,
  newClientOrderId: 12,
  instrumentId: 14,
  priceTicks: 15,
  quantityLots: 16,
  flags: 17,
} as const;

/** A slot starts at a multiple of its 32 words, below 2^28; tells the compiler that positions in it cannot overflow. */
export const SLOT_START_MASK = 0x0fffffe0;
