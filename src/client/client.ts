import type { LevelBook } from '../base/level-book.js';
import { Permission, RejectCode } from '../core/codes.js';
import type { EventName, InstrumentListed, LogonAccepted } from '../wire/message-fields.js';
import { rejectText } from '../wire/reject-text.js';
import { type DecodedMessage, encodeFrame, type FrameFields } from '../wire/sbe-frames.js';
import { BookKeeper } from './book-keeper.js';
import { type ClientEvents, ClientListeners } from './client-events.js';
import type { ClientOptions } from './client-options.js';
import {
  type ClientCommandName,
  COMMAND_ANSWERS,
  type CommandAnswer,
  type CommandInput,
} from './command-answers.js';
import { Connection } from './connection.js';
import { type FrameFormat, frameFormat } from './frame-format.js';
import { PendingCommands } from './pending-commands.js';
import { ReportCursor } from './report-cursor.js';
import { ConnectionError, RingfenceError } from './ringfence-error.js';
import { type WebSocketConstructor, webSocketConstructor } from './web-socket-like.js';

/** The gateway takes frames of 16 KiB unless it is configured otherwise; MessagePack takes up to 4 times as much as SBE. */
const FRAME_BYTES_MAX = { sbe: 16_384, msgpack: 4096 } as const;

/** Bits of the channels of a subscription. */
const CHANNELS = { book: 1, trades: 2 } as const;
export type ChannelName = keyof typeof CHANNELS;

/** Refusals of a connection that trying again cannot help. */
const FINAL_CODES: readonly number[] = [
  RejectCode.LOGON_REFUSED,
  RejectCode.SESSION_DISPLACED,
  RejectCode.NOT_PERMITTED,
  RejectCode.UNSUPPORTED_SCHEMA,
];

/** Refusals of a command that another gateway, or the same one later, will take. */
const RETRY_CODES: readonly number[] = [RejectCode.NOT_PRIMARY, RejectCode.SHUTTING_DOWN];

/** Refusals of a whole frame: what it held is lost with it. */
const FRAME_CODES: readonly number[] = [
  RejectCode.MALFORMED_FRAME,
  RejectCode.UNSUPPORTED_SCHEMA,
  RejectCode.BAD_BLOCK_LENGTH,
];

/** The state of an account at one moment. */
export interface AccountSnapshot {
  readonly balances: readonly FrameFields['balanceChanged'][];
  readonly orders: readonly FrameFields['orderStatus'][];
  /** Reports up to this one are in the snapshot. */
  readonly lastReportSequence: number;
}

/**
 * A session with a Ringfence cluster, for browsers and Node.
 *
 * Commands return promises of the first report that answers them, or fail with a RingfenceError. The connection is
 * made again when it is lost, to whichever gateway takes orders; reports that were missed come then, each report is
 * passed on once and in order, and commands that were not answered are sent again under their numbers, which the
 * engine obeys once only. So a promise never resolves for a command that is lost, and no command is done twice.
 */
export class RingfenceClient {
  /** Instruments listed so far, by symbol; known from the logon on. */
  readonly instruments: Map<string, InstrumentListed>;
  private readonly options: ClientOptions;
  private readonly format: FrameFormat;
  private readonly webSocket: WebSocketConstructor;
  private readonly listeners: ClientListeners;
  private readonly pending: PendingCommands;
  private readonly cursor: ReportCursor;
  private readonly books: BookKeeper;
  private readonly subscriptions: Map<number, number>;
  private connection: Connection | undefined;
  private logon: LogonAccepted | undefined;
  private state: 'new' | 'connecting' | 'resuming' | 'open' | 'closed';
  private nextClientSequence: number;
  private batched: Uint8Array[] | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private heardAtMs: number;
  private onResumed: () => void;
  private onResumeFailed: (error: Error) => void;
  private loggedOutCode: number;

  constructor(options: ClientOptions) {
    if (options.urls.length === 0) throw new Error('RingfenceClient needs at least one url');
    this.options = options;
    this.format = frameFormat(options.subprotocol ?? 'sbe');
    this.webSocket = webSocketConstructor(options.webSocket);
    this.listeners = new ClientListeners();
    this.pending = new PendingCommands();
    this.cursor = new ReportCursor(options.resumeAfter ?? -1);
    this.books = new BookKeeper();
    this.subscriptions = new Map();
    this.instruments = new Map();
    this.connection = undefined;
    this.logon = undefined;
    this.state = 'new';
    this.nextClientSequence = 1;
    this.batched = undefined;
    this.pingTimer = undefined;
    this.heardAtMs = 0;
    this.onResumed = () => {};
    this.onResumeFailed = () => {};
    this.loggedOutCode = 0;
  }

  /** Adds a typed listener; the function returned takes it away again. */
  on<N extends keyof ClientEvents>(name: N, listener: (payload: ClientEvents[N]) => void): () => void {
    return this.listeners.on(name, listener);
  }

  /**
   * Connects and logs on; resolves when missed reports have come. Fails with a RingfenceError when the logon is
   * refused, with a ConnectionError when no gateway takes orders in time.
   */
  async connect(): Promise<void> {
    if (this.state !== 'new') throw new Error('connect is for a new client');
    try {
      await this.openOne(this.options.connectTimeoutMs ?? 10_000);
    } catch (error) {
      this.end(error as Error);
      throw error;
    }
  }

  /** True while commands go out at once; otherwise they wait for the connection. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Account of the session, 0 for an admin key; known after `connect`. */
  get accountId(): number {
    return this.logon?.accountId ?? 0;
  }

  /** Number of the last report that was passed on; what `resumeAfter` takes in the next life of the client. */
  get lastReportSequence(): number {
    return this.cursor.last;
  }

  /** Commands that have not been answered. */
  get pendingCount(): number {
    return this.pending.count;
  }

  /** Bytes handed to the socket and not yet sent. */
  get bufferedAmount(): number {
    return this.connection?.bufferedAmount ?? 0;
  }

  newOrder(order: CommandInput<'newOrder'>): Promise<CommandAnswer<'newOrder'>> {
    return this.command('newOrder', order);
  }

  cancelOrder(cancel: CommandInput<'cancelOrder'>): Promise<CommandAnswer<'cancelOrder'>> {
    return this.command('cancelOrder', cancel);
  }

  /** Resolves with `cancelled` when the new total was already filled. */
  replaceOrder(replace: CommandInput<'replaceOrder'>): Promise<CommandAnswer<'replaceOrder'>> {
    return this.command('replaceOrder', replace);
  }

  /** Cancels all open orders of the account, or those of an instrument or side. */
  massCancel(scope: CommandInput<'massCancel'> = {}): Promise<CommandAnswer<'massCancel'>> {
    return this.command('massCancel', scope);
  }

  /** Balances and open orders of the account, now. */
  async requestSnapshot(): Promise<AccountSnapshot> {
    const parts: DecodedMessage[] = [];
    const end = await this.command('requestSnapshot', {}, parts);
    return {
      balances: parts.filter((part) => part.name === 'balanceChanged').map((part) => part.fields),
      orders: parts.filter((part) => part.name === 'orderStatus').map((part) => part.fields),
      lastReportSequence: end.fields.reportSequence,
    };
  }

  listInstrument(listing: CommandInput<'listInstrument'>): Promise<CommandAnswer<'listInstrument'>> {
    return this.command('listInstrument', listing);
  }

  openAccount(account: CommandInput<'openAccount'>): Promise<CommandAnswer<'openAccount'>> {
    return this.command('openAccount', account);
  }

  registerApiKey(key: CommandInput<'registerApiKey'>): Promise<CommandAnswer<'registerApiKey'>> {
    return this.command('registerApiKey', key);
  }

  deposit(transfer: CommandInput<'deposit'>): Promise<CommandAnswer<'deposit'>> {
    return this.command('deposit', transfer);
  }

  withdraw(transfer: CommandInput<'withdraw'>): Promise<CommandAnswer<'withdraw'>> {
    return this.command('withdraw', transfer);
  }

  setInstrumentFees(fees: CommandInput<'setInstrumentFees'>): Promise<CommandAnswer<'setInstrumentFees'>> {
    return this.command('setInstrumentFees', fees);
  }

  setAccountFeeTier(tier: CommandInput<'setAccountFeeTier'>): Promise<CommandAnswer<'setAccountFeeTier'>> {
    return this.command('setAccountFeeTier', tier);
  }

  setSelfTradePrevention(
    setting: CommandInput<'setSelfTradePrevention'>,
  ): Promise<CommandAnswer<'setSelfTradePrevention'>> {
    return this.command('setSelfTradePrevention', setting);
  }

  setTradingDayEnd(end: CommandInput<'setTradingDayEnd'>): Promise<CommandAnswer<'setTradingDayEnd'>> {
    return this.command('setTradingDayEnd', end);
  }

  setAccountStatus(status: CommandInput<'setAccountStatus'>): Promise<CommandAnswer<'setAccountStatus'>> {
    return this.command('setAccountStatus', status);
  }

  setPriceBand(band: CommandInput<'setPriceBand'>): Promise<CommandAnswer<'setPriceBand'>> {
    return this.command('setPriceBand', band);
  }

  setOrderLimits(limits: CommandInput<'setOrderLimits'>): Promise<CommandAnswer<'setOrderLimits'>> {
    return this.command('setOrderLimits', limits);
  }

  transfer(transfer: CommandInput<'transfer'>): Promise<CommandAnswer<'transfer'>> {
    return this.command('transfer', transfer);
  }

  setAccountThrottle(
    throttle: CommandInput<'setAccountThrottle'>,
  ): Promise<CommandAnswer<'setAccountThrottle'>> {
    return this.command('setAccountThrottle', throttle);
  }

  setMarketState(state: CommandInput<'setMarketState'>): Promise<CommandAnswer<'setMarketState'>> {
    return this.command('setMarketState', state);
  }

  changeInstrument(settings: CommandInput<'changeInstrument'>): Promise<CommandAnswer<'changeInstrument'>> {
    return this.command('changeInstrument', settings);
  }

  removeInstrument(named: CommandInput<'removeInstrument'>): Promise<CommandAnswer<'removeInstrument'>> {
    return this.command('removeInstrument', named);
  }

  setMarkPrice(mark: CommandInput<'setMarkPrice'>): Promise<CommandAnswer<'setMarkPrice'>> {
    return this.command('setMarkPrice', mark);
  }

  /** Switches the exchange to later rules, from the next command on; there is no way back. */
  activateLogic(logic: CommandInput<'activateLogic'>): Promise<CommandAnswer<'activateLogic'>> {
    return this.command('activateLogic', logic);
  }

  /** Sends the commands that `issue` calls for in as few frames as possible, when it returns. */
  batch<T>(issue: () => T): T {
    if (this.batched !== undefined) return issue();
    this.batched = [];
    try {
      return issue();
    } finally {
      const messages = this.batched;
      this.batched = undefined;
      if (this.state === 'open') this.sendAll(messages);
    }
  }

  /** Subscribes to market data of an instrument; a `book` event follows when the snapshot is there. */
  subscribe(instrumentId: number, channels: readonly ChannelName[] = ['book', 'trades']): void {
    const bits = channels.reduce((sum, name) => sum | CHANNELS[name], 0);
    this.subscriptions.set(instrumentId, (this.subscriptions.get(instrumentId) ?? 0) | bits);
    if (this.state === 'open') this.send(encodeFrame('subscribe', { instrumentId, channels: bits }));
  }

  /** Ends market data of an instrument. */
  unsubscribe(instrumentId: number): void {
    const channels = this.subscriptions.get(instrumentId);
    if (channels === undefined) return;
    this.subscriptions.delete(instrumentId);
    this.books.forget(instrumentId);
    if (this.state === 'open') this.send(encodeFrame('unsubscribe', { instrumentId, channels }));
  }

  /** The book of an instrument that is subscribed to, or undefined before its first snapshot. */
  book(instrumentId: number): LevelBook | undefined {
    return this.books.get(instrumentId);
  }

  /** Logs out and closes. Commands that were not answered fail; the engine may still do them. */
  close(): void {
    if (this.state === 'open' || this.state === 'resuming') this.send(encodeFrame('logout', {}));
    this.end(undefined);
  }

  private command<N extends ClientCommandName>(
    name: N,
    input: CommandInput<N>,
    parts?: DecodedMessage[],
  ): Promise<CommandAnswer<N>> {
    return new Promise((resolve, reject) => {
      if (this.logon === undefined || this.isClosed()) {
        throw new RingfenceError(RejectCode.NOT_LOGGED_ON, 'the client is not connected');
      }
      const clientSequence = this.nextClientSequence;
      const fields = { ...input, clientSequence } as unknown as Partial<FrameFields[N]>;
      const message = encodeFrame(name, fields);
      this.nextClientSequence++;
      this.pending.add({
        clientSequence,
        message,
        answers: COMMAND_ANSWERS[name],
        parts,
        resolve: resolve as (answer: DecodedMessage) => void,
        reject,
      });
      if (this.state !== 'open') return;
      if (this.batched !== undefined) this.batched.push(message);
      else this.send(message);
    });
  }

  private send(message: Uint8Array): void {
    this.connection?.send(this.format.outbound(message));
  }

  /** Sends messages in as few frames as the gateway's limits allow. */
  private sendAll(messages: readonly Uint8Array[]): void {
    const countMax = this.logon!.maxMessagesPerFrame;
    const bytesMax = FRAME_BYTES_MAX[this.options.subprotocol ?? 'sbe'];
    let first = 0;
    while (first < messages.length) {
      let next = first;
      let bytes = 0;
      while (
        next < messages.length &&
        next - first < countMax &&
        bytes + messages[next]!.length <= bytesMax
      ) {
        bytes += messages[next++]!.length;
      }
      const frame = new Uint8Array(bytes);
      let offset = 0;
      for (let i = first; i < next; i++) {
        frame.set(messages[i]!, offset);
        offset += messages[i]!.length;
      }
      this.send(frame);
      first = next;
    }
  }

  /** Tries the urls in turn, until one takes the logon; throws the last error when time is up. */
  private async openOne(timeoutMs: number): Promise<void> {
    const { retryMinMs = 25, retryMaxMs = 1000, urls } = this.options;
    const giveUpAtMs = Date.now() + timeoutMs;
    this.state = 'connecting';
    let pauseMs = retryMinMs;
    for (;;) {
      let failure = new ConnectionError('no gateway tried');
      for (const url of urls) {
        try {
          return await this.openAt(url, Math.max(1, giveUpAtMs - Date.now()));
        } catch (error) {
          if (this.isClosed()) throw new ConnectionError('the client was closed');
          if (error instanceof RingfenceError && FINAL_CODES.includes(error.code)) throw error;
          failure = error as Error;
        }
      }
      if (Date.now() + pauseMs >= giveUpAtMs) {
        const text = `no gateway takes orders (${urls.join(', ')}): ${failure.message}`;
        throw new ConnectionError(text);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)));
      if (this.isClosed()) throw new ConnectionError('the client was closed');
      pauseMs = Math.min(retryMaxMs, pauseMs * 2);
    }
  }

  /** Connects to one gateway, logs on, and waits for the reports that were missed. */
  private async openAt(url: string, leftMs: number): Promise<void> {
    const { apiKeyId, cancelOnDisconnect = false, logonTimeoutMs = 5000, signer } = this.options;
    const resumed = new Promise<void>((resolve, reject) => {
      this.onResumed = resolve;
      this.onResumeFailed = reject;
    });
    // It may fail before anybody waits for it.
    resumed.catch(() => {});
    this.loggedOutCode = 0;
    const connection = new Connection({
      url,
      webSocket: this.webSocket,
      format: this.format,
      apiKeyId,
      signer,
      logonTimeoutMs: Math.min(logonTimeoutMs, leftMs),
      resumeAfter: this.cursor.last,
      cancelOnDisconnect,
      onFrame: (frame) => this.onFrame(frame, url),
      onLost: () => this.onLost(url),
    });
    this.connection = connection;
    await connection.opened;
    await resumed;
  }

  private onFrame(frame: Uint8Array, url: string): void {
    this.heardAtMs = Date.now();
    let received: DecodedMessage[];
    try {
      received = this.format.decode(frame);
    } catch (error) {
      this.end(error as Error);
      return;
    }
    for (const message of received) {
      if (this.isClosed()) return;
      this.onMessage(message, url);
    }
  }

  private onMessage(message: DecodedMessage, url: string): void {
    switch (message.name) {
      case 'logonAccepted':
        this.onLogonAccepted(message.fields);
        return;
      case 'resendComplete':
        this.cursor.onResendComplete();
        if (this.state === 'resuming') this.onReady(url);
        return;
      case 'snapshotRequired':
        this.cursor.skipTo(message.fields.lastReportSequence);
        this.listeners.emit('snapshotRequired', message.fields);
        if (this.state === 'resuming') this.onReady(url);
        return;
      case 'sessionReject':
        this.onSessionReject(message.fields);
        return;
      case 'loggedOut':
        this.loggedOutCode = message.fields.code;
        return;
      case 'bookLevel':
        this.onBookLevel(message.fields);
        return;
      case 'publicTrade':
        this.listeners.emit('publicTrade', message.fields);
        return;
      case 'pong':
        this.listeners.emit('pong', message.fields);
        return;
      case 'instrumentListed':
        this.onInstrumentListed(message);
        return;
      default:
        if ('reportSequence' in message.fields) this.onReport(message);
    }
  }

  private onLogonAccepted(logon: LogonAccepted): void {
    this.logon = logon;
    this.state = 'resuming';
    this.nextClientSequence = Math.max(this.nextClientSequence, logon.lastClientSequence + 1);
    if (this.cursor.last < 0) this.cursor.skipTo(logon.lastReportSequence);
  }

  /** Missed reports have come: what is still not answered was lost on the way, or is still under way. */
  private onReady(url: string): void {
    const logon = this.logon!;
    this.state = 'open';
    for (const [instrumentId, channels] of this.subscriptions) {
      this.send(encodeFrame('subscribe', { instrumentId, channels }));
    }
    this.sendAll(this.pending.all().map((command) => command.message));
    this.pingTimer = setInterval(() => this.keepAlive(url), logon.pingIntervalMs / 2);
    this.onResumed();
    this.listeners.emit('connected', { url, logon });
  }

  private onReport(message: DecodedMessage): void {
    const report = message.fields as FrameFields[EventName];
    if (report.reportSequence > 0 && !this.isAdmin()) {
      const verdict = this.cursor.judge(report.reportSequence);
      if (verdict === 'hole') {
        this.send(encodeFrame('resendRequest', { lastReportSequence: this.cursor.last }));
      }
      if (verdict !== 'next') return;
    }
    const isOwn = report.sessionId === this.options.apiKeyId && report.clientSequence > 0;
    if (isOwn && this.isAdmin() && !this.passAdminAnswer(report.clientSequence)) return;
    if (isOwn && !this.settle(message, report.clientSequence)) {
      const isRepeated = message.name === 'rejected' && message.fields.code === RejectCode.DUPLICATE_COMMAND;
      // The engine had done the command when it came again; its report has come before.
      if (isRepeated) return;
    }
    this.listeners.emit(message.name as EventName, report as never);
  }

  /** The answers to an admin key are not numbered; its commands are, and each has one answer. */
  private passAdminAnswer(clientSequence: number): boolean {
    if (clientSequence <= this.cursor.last) return this.pending.get(clientSequence) !== undefined;
    this.cursor.skipTo(clientSequence);
    return true;
  }

  /** Settles the promise of the command that a report answers; false when none waits for it. */
  private settle(message: DecodedMessage, clientSequence: number): boolean {
    const command = this.pending.get(clientSequence);
    if (command === undefined) return false;
    if (message.name === 'rejected') {
      this.pending.take(clientSequence);
      const { code } = message.fields;
      command.reject(new RingfenceError(code, rejectText(code)));
    } else if (command.answers.includes(message.name)) {
      this.pending.take(clientSequence);
      command.resolve(message);
    } else {
      command.parts?.push(message);
    }
    return true;
  }

  /** Instruments come as news, as the answer to their listing, and all of them after each logon. */
  private onInstrumentListed(message: Extract<DecodedMessage, { name: 'instrumentListed' }>): void {
    const { clientSequence, sessionId, symbol } = message.fields;
    const isNew = !this.instruments.has(symbol);
    this.instruments.set(symbol, message.fields);
    if (sessionId === this.options.apiKeyId) {
      this.passAdminAnswer(clientSequence);
      this.settle(message, clientSequence);
    }
    if (isNew) this.listeners.emit('instrumentListed', message.fields);
  }

  private onSessionReject(reject: FrameFields['sessionReject']): void {
    const error = new RingfenceError(reject.code, reject.text);
    if (FRAME_CODES.includes(reject.code)) this.pending.rejectAll(error);
    // The gateway is about to close; the command is sent again to the next one.
    if (RETRY_CODES.includes(reject.code)) return;
    const command = this.pending.take(reject.clientSequence);
    if (command === undefined) this.listeners.emit('sessionReject', reject);
    else command.reject(error);
  }

  private onBookLevel(level: FrameFields['bookLevel']): void {
    const { instrumentId } = level;
    const channels = this.subscriptions.get(instrumentId);
    if (channels === undefined) return;
    const state = this.books.onLevel(level);
    if (state === 'hole') this.send(encodeFrame('subscribe', { instrumentId, channels: CHANNELS.book }));
    const book = this.books.get(instrumentId);
    if (state === 'changed' && book !== undefined) this.listeners.emit('book', { instrumentId, book });
  }

  private keepAlive(url: string): void {
    if (Date.now() - this.heardAtMs > this.logon!.pingIntervalMs * 2) {
      this.connection?.close();
      this.onLost(url);
      return;
    }
    this.send(encodeFrame('ping', { clientTimeUs: Date.now() * 1000 }));
  }

  private onLost(url: string): void {
    clearInterval(this.pingTimer);
    const wasOpen = this.state === 'open';
    this.connection = undefined;
    const error = this.lossOf(url);
    // First of all: reconnecting makes a new promise to be failed.
    this.onResumeFailed(error);
    if (error instanceof RingfenceError && FINAL_CODES.includes(error.code)) {
      this.end(error);
    } else if (wasOpen) {
      this.state = 'connecting';
      this.listeners.emit('disconnected', { url });
      if (this.options.reconnects === false) this.end(error);
      else if (!this.isClosed()) void this.reconnect();
    }
  }

  private lossOf(url: string): Error {
    if (this.loggedOutCode === 0) return new ConnectionError(`the connection to ${url} was lost`);
    return new RingfenceError(this.loggedOutCode, rejectText(this.loggedOutCode));
  }

  private async reconnect(): Promise<void> {
    try {
      await this.openOne(this.options.reconnectTimeoutMs ?? 60_000);
    } catch (error) {
      this.end(error as Error);
    }
  }

  private end(error: Error | undefined): void {
    if (this.isClosed()) return;
    this.state = 'closed';
    clearInterval(this.pingTimer);
    this.connection?.close();
    this.connection = undefined;
    const unanswered = new RingfenceError(
      RejectCode.NOT_LOGGED_ON,
      'the client was closed before the answer',
    );
    this.pending.rejectAll(error ?? unanswered);
    this.onResumeFailed(error ?? unanswered);
    this.listeners.emit('closed', { error });
  }

  private isClosed(): boolean {
    return this.state === 'closed';
  }

  private isAdmin(): boolean {
    return (this.logon!.permissions & Permission.admin) !== 0;
  }
}
