/** Whether what a new order says goes together, before anything is looked up for it. */
import { readInt64 } from '../base/int64.js';
import { OrderFlag, OrderType, RejectCode, SelfTradePrevention, Side, TimeInForce } from './codes.js';
import { NewOrderWord } from './command-words.js';
import { EngineWord } from './core.js';
import { MONEY_MAX } from './money.js';

const POST_ONLY = OrderFlag.postOnly | OrderFlag.postOnlyReprice;

/**
 * The reject code of the first check that fails for the new order in the slot at word `at` of `command`, or 0.
 * `engine`: the words of `Core.engine`, for command time and trading day.
 */
export function checkOrderTerms(command: Int32Array, at: number, engine: Int32Array): number {
  const terms = command[at + NewOrderWord.terms];
  const side = terms & 0xff;
  const orderType = (terms >> 8) & 0xff;
  const timeInForce = (terms >> 16) & 0xff;
  const flags = terms >>> 24;
  const quantityLots = command[at + NewOrderWord.quantityLots];
  const minQuantityLots = command[at + NewOrderWord.minQuantityLots];
  const isMarket = orderType === OrderType.market;
  const isImmediate = timeInForce === TimeInForce.IOC || timeInForce === TimeInForce.FOK;

  if (side !== Side.buy && side !== Side.sell) return RejectCode.INVALID_SIDE;
  if (orderType !== OrderType.limit && !isMarket) return RejectCode.INVALID_ORDER_TYPE;
  if (timeInForce < TimeInForce.GTC || timeInForce > TimeInForce.DAY) return RejectCode.INVALID_TIME_IN_FORCE;
  // A market order has nothing to rest at.
  if (isMarket && !isImmediate) return RejectCode.INVALID_TIME_IN_FORCE;
  if ((flags & ~POST_ONLY) !== 0 || flags === POST_ONLY) return RejectCode.INVALID_FLAGS;
  if (flags !== 0 && isImmediate) return RejectCode.INVALID_FLAGS;
  if ((command[at + NewOrderWord.selfTradePrevention] & 0xff) > SelfTradePrevention.decrement) {
    return RejectCode.INVALID_SELF_TRADE_PREVENTION;
  }
  if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
  const minQuantityMax = timeInForce === TimeInForce.IOC ? quantityLots : 0;
  if (minQuantityLots < 0 || minQuantityLots > minQuantityMax) return RejectCode.INVALID_MIN_QUANTITY;
  if (command[at + NewOrderWord.priceTicks] < (isMarket ? 0 : 1)) return RejectCode.INVALID_PRICE;

  const nowUs = readInt64(engine, EngineWord.timestampUs);
  const expireTimeUs = readInt64(command, at + NewOrderWord.expireTimeUs);
  if (timeInForce === TimeInForce.GTD) {
    if (!(expireTimeUs > nowUs && expireTimeUs <= MONEY_MAX)) return RejectCode.INVALID_EXPIRE_TIME;
  } else if (expireTimeUs !== 0) {
    return RejectCode.INVALID_EXPIRE_TIME;
  }
  if (timeInForce === TimeInForce.DAY && readInt64(engine, EngineWord.tradingDayEndUs) <= nowUs) {
    return RejectCode.TRADING_DAY_CLOSED;
  }
  return 0;
}
