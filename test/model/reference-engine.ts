/**
 * The reference engine: the slow, obvious judge of the fast core.
 *
 * It applies one command at a time to plain objects and returns the events that the command causes, in order. It
 * shares nothing with `src/core` but the numbers in `codes.ts`, is never optimised, and states every rule where it
 * is applied. A rule is a check that throws a Rejection; all checks of a command come before its first change, so a
 * rejected command changes nothing but the numbering of sessions and reports.
 *
 * The rules are functions on an Exchange, a file for each kind.
 */
import { CancelReason, MarketStateCause, Permission, RejectCode } from '../../src/core/codes.js';
import type { CommandName } from '../../src/wire/message-fields.js';
import type { Command, Event, UnknownCommand } from './messages.js';
import {
  activateLogic,
  epochStarted,
  openAccount,
  registerApiKey,
  setAccountFeeTier,
  setAccountStatus,
  setAccountThrottle,
  setInstrumentFees,
  setSelfTradePrevention,
  setTradingDayEnd,
} from './reference-administration.js';
import { cancelOrder, massCancel, replaceOrder } from './reference-amending.js';
import { cancelAll, cancelOpen } from './reference-endings.js';
import { newOrder } from './reference-entry.js';
import { Exchange } from './reference-exchange.js';
import { changeInstrument, listInstrument, removeInstrument } from './reference-instruments.js';
import { setOrderLimits, setPriceBand } from './reference-limits.js';
import { liquidateAll, setMarkPrice } from './reference-liquidation.js';
import { changeState, reportIndications, setMarketState } from './reference-markets.js';
import { isCommandNumber } from './reference-numbers.js';
import { tellWhereItStands } from './reference-snapshot.js';
import type { ApiKey } from './reference-state.js';
import { runElectedStops } from './reference-trading.js';
import { depositOrWithdraw, moveMoney } from './reference-transfers.js';
import { Rejection } from './rejection.js';

/** The permission that a session needs for a command; none is enough for what only the node may say. */
const PERMISSION_FOR: Readonly<Record<CommandName, number | undefined>> = {
  listInstrument: Permission.admin,
  openAccount: Permission.admin,
  registerApiKey: Permission.admin,
  deposit: Permission.admin,
  withdraw: Permission.admin,
  newOrder: Permission.trade,
  cancelOrder: Permission.trade,
  replaceOrder: Permission.trade,
  massCancel: Permission.trade,
  requestSnapshot: Permission.trade,
  setInstrumentFees: Permission.admin,
  setAccountFeeTier: Permission.admin,
  setSelfTradePrevention: Permission.admin,
  setTradingDayEnd: Permission.admin,
  setAccountStatus: Permission.admin,
  setPriceBand: Permission.admin,
  setOrderLimits: Permission.admin,
  transfer: Permission.admin,
  setAccountThrottle: Permission.admin,
  setMarketState: Permission.admin,
  changeInstrument: Permission.admin,
  removeInstrument: Permission.admin,
  setMarkPrice: Permission.admin,
  cancelOnDisconnect: undefined,
  timeAdvanced: undefined,
  epochStarted: undefined,
  activateLogic: Permission.admin,
};

export class ReferenceEngine extends Exchange {
  /** Applies one command and returns the events that it causes, in order. */
  apply(command: Command | UnknownCommand): Event[] {
    this.command = command;
    this.events = [];
    this.touched = [];
    this.timeUs = Math.max(this.timeUs, command.timestampUs);
    this.startPhase();
    this.#endWhatIsDue();
    liquidateAll(this);
    this.reportTouchedLevels();
    const eventsOfTime = this.events.length;
    this.startPhase();
    this.incoming = 'answer';
    try {
      const session = this.#session(command);
      this.#checkNumber(session, command.fields.clientSequence);
      if (command.name === 'unknown') throw new Rejection(RejectCode.UNKNOWN_COMMAND);
      this.#checkPermission(session, command.name);
      this.#execute(command);
      runElectedStops(this);
      liquidateAll(this);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      if (this.events.length > eventsOfTime) throw new Error('reference engine: a rejection after an event');
      this.reject(error.code);
    }
    this.reportTouchedLevels();
    reportIndications(this);
    return this.events;
  }

  /**
   * The session of a command: its key must exist and belong to the account that the command is for. Session 0 is the
   * node itself, or a tool: it may do everything for any account, and its numbers are echoed but never compared.
   */
  #session(command: Command | UnknownCommand): ApiKey | undefined {
    if (command.sessionId === 0) return undefined;
    const key = this.apiKeys.find((candidate) => candidate.apiKeyId === command.sessionId);
    if (key === undefined || key.accountId !== command.accountId)
      throw new Rejection(RejectCode.NOT_PERMITTED);
    return key;
  }

  /**
   * Sessions number their commands strictly upwards; a number at or below the highest one seen is a duplicate and
   * has no effect. The number is used up even when the command is rejected later. 0 is not numbered.
   */
  #checkNumber(session: ApiKey | undefined, clientSequence: number): void {
    if (!isCommandNumber(clientSequence)) throw new Rejection(RejectCode.BAD_FIELD);
    if (session === undefined || clientSequence === 0) return;
    if (clientSequence <= session.highWater) throw new Rejection(RejectCode.DUPLICATE_COMMAND);
    session.highWater = clientSequence;
  }

  /** A trading key may trade, an admin key may administer, and what the node says no session may say. */
  #checkPermission(session: ApiKey | undefined, name: CommandName): void {
    if (session === undefined) return;
    if (session.permissions !== PERMISSION_FOR[name]) throw new Rejection(RejectCode.NOT_PERMITTED);
  }

  #execute(command: Command): void {
    switch (command.name) {
      case 'listInstrument':
        listInstrument(this, command);
        break;
      case 'openAccount':
        openAccount(this, command);
        break;
      case 'registerApiKey':
        registerApiKey(this, command);
        break;
      case 'deposit':
      case 'withdraw':
        depositOrWithdraw(this, command);
        break;
      case 'newOrder':
        newOrder(this, command);
        break;
      case 'cancelOrder':
        cancelOrder(this, command);
        break;
      case 'replaceOrder':
        replaceOrder(this, command);
        break;
      case 'massCancel':
        massCancel(this, command);
        break;
      case 'requestSnapshot':
        tellWhereItStands(this, command);
        break;
      case 'setInstrumentFees':
        setInstrumentFees(this, command);
        break;
      case 'setAccountFeeTier':
        setAccountFeeTier(this, command);
        break;
      case 'setSelfTradePrevention':
        setSelfTradePrevention(this, command);
        break;
      case 'setTradingDayEnd':
        setTradingDayEnd(this, command);
        break;
      case 'setAccountStatus':
        setAccountStatus(this, command);
        break;
      case 'setPriceBand':
        setPriceBand(this, command);
        break;
      case 'setOrderLimits':
        setOrderLimits(this, command);
        break;
      case 'transfer':
        moveMoney(this, command);
        break;
      case 'setAccountThrottle':
        setAccountThrottle(this, command);
        break;
      case 'setMarketState':
        setMarketState(this, command);
        break;
      case 'changeInstrument':
        changeInstrument(this, command);
        break;
      case 'removeInstrument':
        removeInstrument(this, command);
        break;
      case 'setMarkPrice':
        setMarkPrice(this, command);
        break;
      case 'cancelOnDisconnect':
        cancelAll(this, this.openOrdersOf(this.account(command.accountId)), CancelReason.disconnected);
        break;
      case 'timeAdvanced':
        break;
      case 'epochStarted':
        epochStarted(this, command);
        break;
      case 'activateLogic':
        activateLogic(this, command);
        break;
    }
  }

  /**
   * Ends what is due before the command does anything: orders that expire and market states, in the order of their
   * times; at one time the orders first by order id, then the states by instrument id. Nobody asked for it, so the
   * reports answer no session.
   */
  #endWhatIsDue(): void {
    for (;;) {
      const order = [...this.timedOrders]
        .filter(({ expireTimeUs }) => expireTimeUs <= this.timeUs)
        .sort((a, b) => a.expireTimeUs - b.expireTimeUs || a.orderId - b.orderId)[0];
      const instrument = this.instruments
        .filter(({ endTimeUs }) => endTimeUs !== 0 && endTimeUs <= this.timeUs)
        .sort((a, b) => a.endTimeUs - b.endTimeUs || a.instrumentId - b.instrumentId)[0];
      if (order !== undefined && (instrument === undefined || order.expireTimeUs <= instrument.endTimeUs)) {
        cancelOpen(this, order, CancelReason.expired, 'notice');
      } else if (instrument !== undefined) {
        const change = { state: instrument.nextState, endTimeUs: 0, nextState: 0, referencePriceTicks: 0 };
        changeState(this, instrument, change, MarketStateCause.time);
        runElectedStops(this);
      } else {
        return;
      }
    }
  }
}
