/** Whether what a new order says goes together, before anything is looked up for it. */
import { readInt64 } from '../base/int64.js';
import {
  OrderFlag,
  OrderType,
  RejectCode,
  SelfTradePrevention,
  Side,
  TimeInForce,
  TriggerDirection,
} from './codes.js';
import { NewOrderWord } from './command-words.js';
import { EngineWord } from './core.js';
import { hidesTooMuch } from './hidden-quantity.js';
import { MONEY_MAX } from './money.js';

const POST_ONLY = OrderFlag.postOnly | OrderFlag.postOnlyReprice;
const ALL_FLAGS = POST_ONLY | OrderFlag.linked;

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
  const displayLots = command[at + NewOrderWord.displayLots];
  const isLimit = orderType === OrderType.limit;
  const isMarket = orderType === OrderType.market;
  const isStop = orderType === OrderType.stop || orderType === OrderType.stopLimit;
  const isImmediate = timeInForce === TimeInForce.IOC || timeInForce === TimeInForce.FOK;
  const mayRestAtOnce = isLimit && !isImmediate;

  if (side !== Side.buy && side !== Side.sell) return RejectCode.INVALID_SIDE;
  if (!isLimit && !isMarket && !isStop) return RejectCode.INVALID_ORDER_TYPE;
  if (timeInForce < TimeInForce.GTC || timeInForce > TimeInForce.DAY) return RejectCode.INVALID_TIME_IN_FORCE;
  // A market order has nothing to rest at, and a stop has to wait.
  if (isMarket ? !isImmediate : isStop && isImmediate) return RejectCode.INVALID_TIME_IN_FORCE;
  if ((flags & ~ALL_FLAGS) !== 0 || (flags & POST_ONLY) === POST_ONLY) return RejectCode.INVALID_FLAGS;
  if ((flags & POST_ONLY) !== 0 && !mayRestAtOnce) return RejectCode.INVALID_FLAGS;
  if ((flags & OrderFlag.linked) !== 0 && isImmediate) return RejectCode.INVALID_FLAGS;
  if ((command[at + NewOrderWord.selfTradePrevention] & 0xff) > SelfTradePrevention.decrement) {
    return RejectCode.INVALID_SELF_TRADE_PREVENTION;
  }
  const quoteAmount = readInt64(command, at + NewOrderWord.quoteAmount);
  if (quoteAmount === 0) {
    if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
  } else if (!isMarket || quantityLots !== 0 || !(quoteAmount >= 1 && quoteAmount <= MONEY_MAX)) {
    return RejectCode.INVALID_QUANTITY;
  }
  const minQuantityMax = timeInForce === TimeInForce.IOC ? quantityLots : 0;
  if (minQuantityLots < 0 || minQuantityLots > minQuantityMax) return RejectCode.INVALID_MIN_QUANTITY;
  if (displayLots < 0 || displayLots > (mayRestAtOnce ? quantityLots : 0)) {
    return RejectCode.INVALID_DISPLAY_QUANTITY;
  }
  if (hidesTooMuch(displayLots, quantityLots)) return RejectCode.INVALID_DISPLAY_QUANTITY;
  const needsPrice = isLimit || orderType === OrderType.stopLimit;
  if (command[at + NewOrderWord.priceTicks] < (needsPrice ? 1 : 0)) return RejectCode.INVALID_PRICE;
  if (!isTriggerValid(command, at, isStop)) return RejectCode.INVALID_TRIGGER;
  return checkExpiry(command, at, timeInForce, engine);
}

/** A stop has a trigger or a trailing distance, a trailing one goes by its side; other orders have nothing of it. */
function isTriggerValid(command: Int32Array, at: number, isStop: boolean): boolean {
  const trigger = command[at + NewOrderWord.triggerPriceTicks];
  const trailingTicks = command[at + NewOrderWord.trailingTicks];
  const direction = (command[at + NewOrderWord.selfTradePrevention] >> 8) & 0xff;
  if (!isStop) return (trigger | trailingTicks | direction) === 0;
  if (trailingTicks > 0) return (trigger | direction) === 0;
  return trailingTicks === 0 && trigger >= 1 && direction <= TriggerDirection.falling;
}

function checkExpiry(command: Int32Array, at: number, timeInForce: number, engine: Int32Array): number {
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
