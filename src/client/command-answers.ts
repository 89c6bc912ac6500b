import type { CommandName, EventName, MessageFields } from '../wire/message-fields.js';
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
} as const satisfies Partial<Record<CommandName, readonly EventName[]>>;

/** Commands that a client sends. */
export type ClientCommandName = keyof typeof COMMAND_ANSWERS;

/** Fields that the caller gives: the number is the client's, flags may be left out. */
export type CommandInput<N extends ClientCommandName> = Omit<MessageFields[N], 'clientSequence' | 'flags'> &
  Partial<Pick<MessageFields[N], Extract<'flags', keyof MessageFields[N]>>>;

/** The report that a command's promise resolves with. */
export type CommandAnswer<N extends ClientCommandName> = Extract<
  DecodedMessage,
  { readonly name: (typeof COMMAND_ANSWERS)[N][number] }
>;
