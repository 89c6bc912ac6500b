import type { CommandName, EventName, MessageFields, OptionalFields } from '../wire/message-fields.js';
import type { DecodedMessage } from '../wire/sbe-frames.js';

/** Which reports answer a command; `rejected` answers all of them. */
export const COMMAND_ANSWERS = {
  listInstrument: ['instrumentListed'],
  openAccount: ['accountOpened'],
  registerApiKey: ['apiKeyRegistered'],
  deposit: ['balanceChanged'],
  withdraw: ['balanceChanged'],
  activateLogic: ['logicActivated'],
  newOrder: ['accepted'],
  cancelOrder: ['cancelled'],
  replaceOrder: ['replaced', 'cancelled'],
  massCancel: ['massCancelled'],
  requestSnapshot: ['snapshotEnd'],
  setInstrumentFees: ['instrumentFeesChanged'],
  setAccountFeeTier: ['accountChanged'],
  setSelfTradePrevention: ['accountChanged'],
  setTradingDayEnd: ['tradingDayChanged'],
  setAccountStatus: ['accountChanged'],
  setPriceBand: ['priceBandChanged'],
  setOrderLimits: ['orderLimitsChanged'],
  transfer: ['balanceChanged'],
  setAccountThrottle: ['accountChanged'],
  setMarketState: ['marketStateChanged'],
  changeInstrument: ['instrumentChanged'],
  removeInstrument: ['marketStateChanged'],
  setMarkPrice: ['markPriceChanged'],
} as const satisfies Partial<Record<CommandName, readonly EventName[]>>;

/** Commands that a client sends. */
export type ClientCommandName = keyof typeof COMMAND_ANSWERS;

/** Fields that the caller gives: the number is the client's, and what may be left out may be left out here. */
export type CommandInput<N extends ClientCommandName> = Omit<
  MessageFields[N],
  'clientSequence' | OptionalFields[N]
> &
  Partial<Pick<MessageFields[N], Extract<OptionalFields[N], keyof MessageFields[N]>>>;

/** The report that a command's promise resolves with. */
export type CommandAnswer<N extends ClientCommandName> = Extract<
  DecodedMessage,
  { readonly name: (typeof COMMAND_ANSWERS)[N][number] }
>;
