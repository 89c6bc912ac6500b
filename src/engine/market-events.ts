/** What is told about instruments, accounts as such, keys and the node: rare, and mostly to everybody. */
import { writeInt64 } from '../base/int64.js';
import { AccountWord } from '../core/accounts.js';
import { ApiKeyWord, PUBLIC_KEY_WORDS } from '../core/api-keys.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { MarketState } from '../core/codes.js';
import { type Core, EngineWord } from '../core/core.js';
import { InstrumentWord, SYMBOL_WORDS } from '../core/instruments.js';
import { templateWordOf, wordOf, wordsOf } from './layout.js';
import { copyWords, type RareEventWriter } from './rare-event-writer.js';

/** flags, initialMarginPpm, maintenanceMarginPpm, in the record as in the event. */
const MARGIN_TERM_WORDS = 3;

const InstrumentListed = {
  template: templateWordOf('instrumentListed'),
  symbol: wordOf('instrumentListed', 'symbol'),
  base: wordOf('instrumentListed', 'base'),
  quote: wordOf('instrumentListed', 'quote'),
  tickMantissa: wordOf('instrumentListed', 'tickMantissa'),
  lotMantissa: wordOf('instrumentListed', 'lotMantissa'),
  tickExponent: wordOf('instrumentListed', 'tickExponent'),
  marketProtectionPpm: wordOf('instrumentListed', 'marketProtectionPpm'),
  instrumentId: wordOf('instrumentListed', 'instrumentId'),
  flags: wordOf('instrumentListed', 'flags'),
  words: wordsOf('instrumentListed'),
} as const;
const AccountOpened = {
  template: templateWordOf('accountOpened'),
  accountId: wordOf('accountOpened', 'accountId'),
  words: wordsOf('accountOpened'),
} as const;
const ApiKeyRegistered = {
  template: templateWordOf('apiKeyRegistered'),
  accountId: wordOf('apiKeyRegistered', 'accountId'),
  permissions: wordOf('apiKeyRegistered', 'permissions'),
  publicKey: wordOf('apiKeyRegistered', 'publicKey'),
  apiKeyId: wordOf('apiKeyRegistered', 'apiKeyId'),
  words: wordsOf('apiKeyRegistered'),
} as const;
const InstrumentChanged = {
  template: templateWordOf('instrumentChanged'),
  instrumentId: wordOf('instrumentChanged', 'instrumentId'),
  marketProtectionPpm: wordOf('instrumentChanged', 'marketProtectionPpm'),
  volatilityPpm: wordOf('instrumentChanged', 'volatilityPpm'),
  volatilityWindowUs: wordOf('instrumentChanged', 'volatilityWindowUs'),
  volatilityAuctionUs: wordOf('instrumentChanged', 'volatilityAuctionUs'),
  initialMarginPpm: wordOf('instrumentChanged', 'initialMarginPpm'),
  reserved0: wordOf('instrumentChanged', 'reserved0'),
  words: wordsOf('instrumentChanged'),
} as const;
const InstrumentFeesChanged = {
  template: templateWordOf('instrumentFeesChanged'),
  instrumentId: wordOf('instrumentFeesChanged', 'instrumentId'),
  feeTier: wordOf('instrumentFeesChanged', 'feeTier'),
  makerPpm: wordOf('instrumentFeesChanged', 'makerPpm'),
  words: wordsOf('instrumentFeesChanged'),
} as const;
const PriceBandChanged = {
  template: templateWordOf('priceBandChanged'),
  instrumentId: wordOf('priceBandChanged', 'instrumentId'),
  minPriceTicks: wordOf('priceBandChanged', 'minPriceTicks'),
  maxPriceTicks: wordOf('priceBandChanged', 'maxPriceTicks'),
  referencePriceTicks: wordOf('priceBandChanged', 'referencePriceTicks'),
  bandPpm: wordOf('priceBandChanged', 'bandPpm'),
  reserved0: wordOf('priceBandChanged', 'reserved0'),
  words: wordsOf('priceBandChanged'),
} as const;
const MarketStateChanged = {
  template: templateWordOf('marketStateChanged'),
  endTimeUs: wordOf('marketStateChanged', 'endTimeUs'),
  uncrossLots: wordOf('marketStateChanged', 'uncrossLots'),
  instrumentId: wordOf('marketStateChanged', 'instrumentId'),
  uncrossPriceTicks: wordOf('marketStateChanged', 'uncrossPriceTicks'),
  referencePriceTicks: wordOf('marketStateChanged', 'referencePriceTicks'),
  state: wordOf('marketStateChanged', 'state'),
  words: wordsOf('marketStateChanged'),
} as const;
const AuctionIndicated = {
  template: templateWordOf('auctionIndicated'),
  executableLots: wordOf('auctionIndicated', 'executableLots'),
  imbalanceLots: wordOf('auctionIndicated', 'imbalanceLots'),
  instrumentId: wordOf('auctionIndicated', 'instrumentId'),
  priceTicks: wordOf('auctionIndicated', 'priceTicks'),
  words: wordsOf('auctionIndicated'),
} as const;
const MarkPriceChanged = {
  template: templateWordOf('markPriceChanged'),
  instrumentId: wordOf('markPriceChanged', 'instrumentId'),
  priceTicks: wordOf('markPriceChanged', 'priceTicks'),
  words: wordsOf('markPriceChanged'),
} as const;
const TradingDayChanged = {
  template: templateWordOf('tradingDayChanged'),
  endTimeUs: wordOf('tradingDayChanged', 'endTimeUs'),
  words: wordsOf('tradingDayChanged'),
} as const;
const EpochChanged = {
  template: templateWordOf('epochChanged'),
  clusterId: wordOf('epochChanged', 'clusterId'),
  epoch: wordOf('epochChanged', 'epoch'),
  nodeId: wordOf('epochChanged', 'nodeId'),
  words: wordsOf('epochChanged'),
} as const;
const LogicActivated = {
  template: templateWordOf('logicActivated'),
  logicVersion: wordOf('logicActivated', 'logicVersion'),
  previousVersion: wordOf('logicActivated', 'previousVersion'),
  words: wordsOf('logicActivated'),
} as const;

/** The events on `core`, written by `writer`. */
export function makeMarketEvents(core: Core, { words, begin, finishRare }: RareEventWriter) {
  const { words: records, doubles: recordDoubles } = core.arena;

  const instrumentListed = (instrumentId: number): void => {
    const { instruments, assets } = core;
    const at = begin(InstrumentListed.template, 0, 1);
    const from = instruments.words;
    const record = instruments.handleOf(instrumentId);
    const base = from[record + InstrumentWord.baseAsset];
    const quote = from[record + InstrumentWord.quoteAsset];
    copyWords(from, record + InstrumentWord.symbol, words, at + InstrumentListed.symbol, SYMBOL_WORDS);
    copyWords(assets.words, assets.codeAt(base), words, at + InstrumentListed.base, ASSET_CODE_WORDS);
    copyWords(assets.words, assets.codeAt(quote), words, at + InstrumentListed.quote, ASSET_CODE_WORDS);
    words[at + InstrumentListed.tickMantissa] = from[record + InstrumentWord.tickMantissa];
    words[at + InstrumentListed.lotMantissa] = from[record + InstrumentWord.lotMantissa];
    words[at + InstrumentListed.tickExponent] =
      (from[record + InstrumentWord.tickExponent] & 0xff) |
      ((from[record + InstrumentWord.lotExponent] & 0xff) << 8) |
      (assets.decimals(base) << 16) |
      (assets.decimals(quote) << 24);
    words[at + InstrumentListed.marketProtectionPpm] = from[record + InstrumentWord.protectionPpm];
    words[at + InstrumentListed.instrumentId] = instrumentId;
    copyWords(from, record + InstrumentWord.flags, words, at + InstrumentListed.flags, MARGIN_TERM_WORDS);
    finishRare(at, InstrumentListed.words);
  };

  const accountOpened = (accountId: number): void => {
    const at = begin(AccountOpened.template, 0, 1);
    words[at + AccountOpened.accountId] = accountId;
    finishRare(at, AccountOpened.words);
  };

  const apiKeyRegistered = (apiKeyId: number): void => {
    const { accounts, apiKeys } = core;
    const at = begin(ApiKeyRegistered.template, 0, 1);
    const key = apiKeys.handleOf(apiKeyId);
    const account = apiKeys.words[key + ApiKeyWord.account];
    words[at + ApiKeyRegistered.accountId] = accounts.words[account + AccountWord.id];
    words[at + ApiKeyRegistered.permissions] = apiKeys.words[key + ApiKeyWord.permissions];
    copyWords(
      apiKeys.words,
      key + ApiKeyWord.publicKey,
      words,
      at + ApiKeyRegistered.publicKey,
      PUBLIC_KEY_WORDS,
    );
    words[at + ApiKeyRegistered.apiKeyId] = apiKeyId;
    finishRare(at, ApiKeyRegistered.words);
  };

  const instrumentChanged = (instrumentId: number): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(InstrumentChanged.template, 0, 1);
    words[at + InstrumentChanged.instrumentId] = instrumentId;
    words[at + InstrumentChanged.marketProtectionPpm] = records[instrument + InstrumentWord.protectionPpm];
    words[at + InstrumentChanged.volatilityPpm] = records[instrument + InstrumentWord.volatilityPpm];
    words[at + InstrumentChanged.volatilityWindowUs] =
      records[instrument + InstrumentWord.volatilityWindowUs];
    words[at + InstrumentChanged.volatilityAuctionUs] =
      records[instrument + InstrumentWord.volatilityAuctionUs];
    copyWords(
      records,
      instrument + InstrumentWord.flags + 1,
      words,
      at + InstrumentChanged.initialMarginPpm,
      2,
    );
    words[at + InstrumentChanged.reserved0] = 0;
    finishRare(at, InstrumentChanged.words);
  };

  const instrumentFeesChanged = (instrumentId: number, feeTier: number): void => {
    const { instruments } = core;
    const at = begin(InstrumentFeesChanged.template, 0, 1);
    const rates = instruments.ratesAt(instruments.handleOf(instrumentId), feeTier);
    words[at + InstrumentFeesChanged.instrumentId] = instrumentId;
    words[at + InstrumentFeesChanged.feeTier] = feeTier;
    copyWords(records, rates, words, at + InstrumentFeesChanged.makerPpm, 2);
    finishRare(at, InstrumentFeesChanged.words);
  };

  const priceBandChanged = (instrumentId: number): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(PriceBandChanged.template, 0, 1);
    words[at + PriceBandChanged.instrumentId] = instrumentId;
    words[at + PriceBandChanged.minPriceTicks] = records[instrument + InstrumentWord.minPrice];
    words[at + PriceBandChanged.maxPriceTicks] = records[instrument + InstrumentWord.maxPrice];
    words[at + PriceBandChanged.referencePriceTicks] = records[instrument + InstrumentWord.referencePrice];
    words[at + PriceBandChanged.bandPpm] = records[instrument + InstrumentWord.bandPpm];
    words[at + PriceBandChanged.reserved0] = 0;
    finishRare(at, PriceBandChanged.words);
  };

  const marketStateChanged = (
    instrumentId: number,
    previousState: number,
    priceTicks: number,
    lots: number,
    cause: number,
  ): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(MarketStateChanged.template, 0, 1);
    const state = records[instrument + InstrumentWord.marketState] || MarketState.continuous;
    const nextState = records[instrument + InstrumentWord.nextState];
    copyWords(records, instrument + InstrumentWord.endTimeUs, words, at + MarketStateChanged.endTimeUs, 2);
    writeInt64(words, at + MarketStateChanged.uncrossLots, lots);
    words[at + MarketStateChanged.instrumentId] = instrumentId;
    words[at + MarketStateChanged.uncrossPriceTicks] = priceTicks;
    words[at + MarketStateChanged.referencePriceTicks] =
      records[instrument + InstrumentWord.auctionReference];
    words[at + MarketStateChanged.state] = state | (previousState << 8) | (nextState << 16) | (cause << 24);
    finishRare(at, MarketStateChanged.words);
  };

  const auctionIndicated = (instrumentId: number): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(AuctionIndicated.template, 0, 0);
    const lots = recordDoubles[(instrument + InstrumentWord.indicatedLots) >> 1];
    const imbalance = recordDoubles[(instrument + InstrumentWord.indicatedImbalance) >> 1];
    writeInt64(words, at + AuctionIndicated.executableLots, lots);
    writeInt64(words, at + AuctionIndicated.imbalanceLots, imbalance);
    words[at + AuctionIndicated.instrumentId] = instrumentId;
    words[at + AuctionIndicated.priceTicks] = records[instrument + InstrumentWord.indicatedPrice];
    finishRare(at, AuctionIndicated.words);
  };

  const markPriceChanged = (instrumentId: number): void => {
    const at = begin(MarkPriceChanged.template, 0, 1);
    words[at + MarkPriceChanged.instrumentId] = instrumentId;
    words[at + MarkPriceChanged.priceTicks] =
      records[core.instruments.handleOf(instrumentId) + InstrumentWord.markPrice];
    finishRare(at, MarkPriceChanged.words);
  };

  const tradingDayChanged = (): void => {
    const at = begin(TradingDayChanged.template, 0, 1);
    copyWords(core.engine, EngineWord.tradingDayEndUs, words, at + TradingDayChanged.endTimeUs, 2);
    finishRare(at, TradingDayChanged.words);
  };

  const epochChanged = (): void => {
    const engine = core.engine;
    const at = begin(EpochChanged.template, 0, 1);
    words[at + EpochChanged.clusterId] = engine[EngineWord.clusterIdLow];
    words[at + EpochChanged.clusterId + 1] = engine[EngineWord.clusterIdHigh];
    words[at + EpochChanged.epoch] = engine[EngineWord.epoch];
    words[at + EpochChanged.nodeId] = engine[EngineWord.nodeId];
    finishRare(at, EpochChanged.words);
  };

  const logicActivated = (logicVersion: number, previousVersion: number): void => {
    const at = begin(LogicActivated.template, 0, 1);
    words[at + LogicActivated.logicVersion] = logicVersion;
    words[at + LogicActivated.previousVersion] = previousVersion;
    finishRare(at, LogicActivated.words);
  };

  return {
    instrumentListed,
    accountOpened,
    apiKeyRegistered,
    instrumentChanged,
    instrumentFeesChanged,
    priceBandChanged,
    marketStateChanged,
    auctionIndicated,
    markPriceChanged,
    tradingDayChanged,
    epochChanged,
    logicActivated,
  };
}
