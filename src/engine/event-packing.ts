import { checkPackedWord, shiftOf, wordOf } from './layout.js';

/** Stops the start when one of the words that events pack by hand is laid out otherwise in the schema. */
export function checkEventPacking(): void {
  const packed: readonly [string, readonly string[]][] = [
    ['accepted', ['side', 'orderType', 'timeInForce', 'flags']],
    ['triggered', ['side', 'orderType']],
    ['selfTradePrevented', ['side', 'liquidity', 'selfTradePrevention', 'reserved0']],
    ['cancelled', ['side', 'reason']],
    ['replaced', ['side', 'priorityKept']],
    ['trade', ['side', 'liquidity']],
    ['balanceChanged', ['decimals', 'reason', 'duplicate']],
    ['instrumentListed', ['tickExponent', 'lotExponent', 'baseDecimals', 'quoteDecimals']],
    ['orderStatus', ['side', 'orderType', 'timeInForce', 'flags']],
    ['marketStateChanged', ['state', 'previousState', 'nextState', 'cause']],
    ['accountChanged', ['feeTier', 'selfTradePrevention', 'status', 'reserved0']],
  ];
  for (const [message, fields] of packed) checkPackedWord(message, fields);
  for (const message of ['accepted', 'orderStatus']) {
    const at = wordOf(message, 'expireTimeUs');
    if (wordOf(message, 'displayLots') !== at + 2 || wordOf(message, 'triggerPriceTicks') !== at + 3) {
      throw new Error(`layout: ${message} does not end with expireTimeUs, displayLots, triggerPriceTicks`);
    }
  }
  if (shiftOf('rejected', 'code') !== 0 || shiftOf('rejected', 'refTemplateId') !== 16) {
    throw new Error('layout: rejected.code and refTemplateId do not share a word');
  }
}
