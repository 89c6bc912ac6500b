import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { Permission, RejectCode } from '../core/codes.js';
import { MarketData } from '../publish/market-data.js';
import { AsyncWaiter } from '../ring/async-waiter.js';
import type { RingConsumer } from '../ring/ring-consumer.js';
import type { RingProducer } from '../ring/ring-producer.js';
import type { Clock } from '../runtime/clock.js';
import type { CommitGate } from '../runtime/commit-gate.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { MsgpackDecoder } from '../wire/msgpack-decoder.js';
import { viewOf } from '../wire/sbe.js';
import { SUBPROTOCOL_MSGPACK } from '../wire/schema.js';
import type { ClientSocket } from './client-socket.js';
import { DisconnectCanceller } from './disconnect-canceller.js';
import { EgressPublisher } from './egress-publisher.js';
import { EventRecord, type Sections } from './event-record.js';
import { FramedSocket } from './framed-socket.js';
import type { GatewayOptions } from './gateway-options.js';
import { Housekeeping } from './housekeeping.js';
import { IngressAdapter } from './ingress-adapter.js';
import { Listener } from './listener.js';
import { monotonicMs } from './monotonic-ms.js';
import { ReportSender } from './report-sender.js';
import { Sequencer } from './sequencer.js';
import { Session } from './session.js';
import { SessionOpener } from './session-opener.js';
import { SessionTable } from './session-table.js';
import { TokenBucket } from './token-bucket.js';
import { readWholeFrames } from './whole-frames.js';

const HOUSEKEEPING_MS = 50;
/** How long a shutdown waits for the reports of commands under way, and how often it looks. */
const DRAIN_MS = 1000;
const DRAIN_LOOK_MS = 2;
const RESOLVED = Promise.resolve();

/** What a Gateway works with; views of shared memory are this thread's own. */
export interface GatewayParts {
  /** This gateway's consumer of the output ring. */
  readonly output: RingConsumer;
  readonly counters: NodeCounters;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clusterId: bigint;
  readonly options: GatewayOptions;
  /** Called once, when orders are taken. */
  readonly onOpen?: () => void;
}

/**
 * The WebSocket gateway of a node, on one event loop: sessions, commands in, reports and market data out.
 *
 * ```
 *  sockets -> Listener -> Session -> IngressAdapter -> Sequencer -> input ring
 *                            ^ SessionOpener (logon)
 *  sockets <- Session <- ReportSender, MarketData <- EgressPublisher <- commit gate <- output ring
 *                            ^ ReportLog (what was missed)
 * ```
 *
 * It starts as the gateway of a node that does not lead: it records the events of the output ring and refuses logons.
 * `lead` makes it the producer of the input ring. It opens when the node's own first commands have passed the commit
 * gate, so that nothing is ever sent, or sent again, that could still be lost.
 */
export class Gateway {
  /** 0 when orders are taken here, otherwise the reject code that says why not. */
  refusal: number;
  private readonly parts: GatewayParts;
  private readonly record: EventRecord;
  private readonly sessions: SessionTable;
  private readonly sequencer: Sequencer;
  private readonly reports: ReportSender;
  private readonly marketData: MarketData;
  private readonly opener: SessionOpener;
  private readonly ingress: IngressAdapter;
  private readonly egress: EgressPublisher;
  private readonly housekeeping: Housekeeping;
  private readonly canceller: DisconnectCanceller;
  private readonly clientListener: Listener;
  private readonly adminListener: Listener;
  /** Last of the node's own commands, with which it opens; 0 when that is not awaited. */
  private openingSequence: number;
  private connections: number;
  private isPublishDue: boolean;
  private readonly publishStaged: () => void;
  private isClosing: boolean;
  private outputWaiter: AsyncWaiter | undefined;
  private gateWaiter: AsyncWaiter | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: GatewayParts) {
    const { clock, counters, options, log } = parts;
    this.parts = parts;
    this.refusal = RejectCode.NOT_PRIMARY;
    this.openingSequence = 0;
    this.connections = 0;
    this.isPublishDue = false;
    this.publishStaged = () => {
      this.isPublishDue = false;
      this.sequencer.publish();
    };
    this.isClosing = false;
    this.record = new EventRecord(options.reportRetention);
    const { keys, listings, news, reportLog } = this.record;
    this.sessions = new SessionTable(counters, log);
    this.reports = new ReportSender(this.sessions, reportLog);
    this.marketData = new MarketData(options.hardLimitBytes / 2);
    this.sequencer = new Sequencer(clock, counters, options.cancelReserve);
    this.opener = new SessionOpener({
      clusterId: parts.clusterId,
      clock,
      options,
      leadership: this,
      sessions: this.sessions,
      keys,
      reportLog,
      sender: this.reports,
      listings,
      news,
      log,
    });
    this.ingress = new IngressAdapter({
      clock,
      options,
      leadership: this,
      sessions: this.sessions,
      opener: this.opener,
      sequencer: this.sequencer,
      sender: this.reports,
      marketData: this.marketData,
      msgpack: new MsgpackDecoder(options.maxMessagesPerFrame),
      counters,
      onStaged: () => this.publishThisTurn(),
    });
    this.egress = new EgressPublisher({
      output: parts.output,
      counters,
      sessions: this.sessions,
      record: this.record,
      sender: this.reports,
      marketData: this.marketData,
    });
    this.housekeeping = new Housekeeping(options, this.sessions, this.reports);
    this.canceller = new DisconnectCanceller(this.sequencer, () => this.publishThisTurn());
    this.sessions.onEnded = (session) => {
      this.marketData.remove(session);
      // A node that shuts down leaves orders as they are: they are there again when it is.
      if (!this.isClosing) this.canceller.onEnded(session);
    };
    this.sessions.onResendFlushed = (session) => {
      this.reports.resendMore(session);
      this.sessions.flushAll();
    };
    this.clientListener = this.makeListener('client port', Permission.trade);
    this.adminListener = this.makeListener('admin port', Permission.admin);
  }

  /** The epoch in force, 0 before the first. */
  get epoch(): number {
    return this.record.epoch;
  }

  /** True when orders are taken here. */
  get isOpen(): boolean {
    return this.refusal === 0;
  }

  /** Goes on from a snapshot of epoch `epoch`, before the first event. */
  restore(snapshot: Sections, epoch: number): void {
    this.record.restore(snapshot, epoch);
    this.marketData.restore(snapshot);
  }

  /** Takes over the books of a snapshot, as long as there is no session; the next bookDelta is one that follows. */
  restoreBooks(snapshot: Sections): void {
    this.marketData.restore(snapshot);
  }

  /** Opens both listeners. Throws a ListenError that names the address. */
  async listen(): Promise<{ clientPort: number; adminPort: number }> {
    const { counters, options } = this.parts;
    const clientPort = await this.clientListener.listen(options.clientPort);
    const adminPort = await this.adminListener.listen(options.adminPort).catch(async (error: unknown) => {
      await this.clientListener.close();
      throw error;
    });
    counters.set(Counter.gatewayPort, clientPort);
    counters.set(Counter.adminPort, adminPort);
    return { clientPort, adminPort };
  }

  /** Runs on this thread's event loop from now on, until `close`. */
  start(): void {
    this.outputWaiter = new AsyncWaiter(this.parts.output, () => this.drain());
    this.timer = setInterval(() => this.keepHouse(), HOUSEKEEPING_MS);
    this.drain();
  }

  /**
   * Makes this gateway the producer of the input ring, which must have no other one any more. `ownCommands`, slots of
   * which template and body are set, are the node's first commands: epochStarted where an epoch begins. Orders are
   * taken when the last of them has passed `gate` and its events, and all before, have been taken from the output ring.
   * `afterUs`: time goes on from there, also when the ring does not hold the last command.
   */
  lead(producer: RingProducer, gate: CommitGate, ownCommands: readonly Uint8Array[], afterUs = 0): void {
    this.openingSequence = producer.nextSequence + ownCommands.length - 1;
    this.egress.gate = gate;
    this.sequencer.lead(producer, ownCommands, afterUs);
  }

  /** Sends what may leave now; returns how many events that was. */
  poll(): number {
    const { counters } = this.parts;
    const taken = this.egress.step();
    if (this.openingSequence !== 0) this.openWhenSafe();
    this.opener.admitWaiting();
    this.sessions.flushAll();
    const sent = this.reports.takeSentCount();
    if (sent > 0) counters.add(Counter.gatewayReports, sent);
    const received = this.ingress.takeCommandCount();
    if (received > 0) counters.add(Counter.gatewayCommands, received);
    return taken;
  }

  /** One round of housekeeping: time, timeouts, commands and market data that had to wait. */
  keepHouse(): void {
    const { clock, options } = this.parts;
    if (this.openingSequence !== 0) this.poll();
    if (this.sequencer.isLeading && this.sequencer.publishOwn()) {
      this.canceller.retry();
      this.sequencer.advanceTime(options.timeAdvanceMs);
    }
    this.housekeeping.round(monotonicMs(clock));
    this.marketData.refresh();
    this.opener.prune();
    this.sessions.flushAll();
  }

  /** Takes in a connection whose listener asks for `permission`. Its frames go to `receive`. */
  connect(socket: ClientSocket, permission: number, isMsgpack: boolean, remoteAddress: string): Session {
    const { clock, log, options } = this.parts;
    const nowMs = monotonicMs(clock);
    const session = new Session(this.sessions, socket, {
      connectionId: ++this.connections,
      remoteAddress,
      permission,
      isMsgpack,
      bucket: new TokenBucket(options.messagesPerSecond, options.messagesPerSecond, nowMs),
      nowMs,
      softLimitBytes: options.softLimitBytes,
      hardLimitBytes: options.hardLimitBytes,
    });
    this.sessions.add(session);
    log.debug({ connection: session.connectionId, remoteAddress }, 'connected');
    this.opener.challenge(session);
    this.sessions.flushAll();
    return session;
  }

  /** Takes one WebSocket message of a connection. Commands are published before this turn of the event loop ends. */
  receive(session: Session, frame: Uint8Array, isBinary: boolean): void {
    this.ingress.onBytes(session);
    if (isBinary) this.ingress.onFrame(session, viewOf(frame), 0, frame.length);
    else this.ingress.onText(session);
    this.sessions.flushAll();
  }

  /**
   * Takes no more commands, sends the reports of those under way (for a second at most), tells all sessions that the
   * node shuts down, and closes. Resolves when every socket is gone, some seconds later at most.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    this.refusal = RejectCode.SHUTTING_DOWN;
    this.sequencer.publish();
    const { clock } = this.parts;
    const giveUpAtMs = monotonicMs(clock) + DRAIN_MS;
    while (this.timer !== undefined && !this.isDrained() && monotonicMs(clock) < giveUpAtMs) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    }
    clearInterval(this.timer);
    this.timer = undefined;
    this.outputWaiter?.close();
    this.gateWaiter?.close();
    for (const session of this.sessions.all()) this.sessions.close(session, RejectCode.SHUTTING_DOWN);
    await Promise.all([this.clientListener.close(), this.adminListener.close()]);
  }

  private isDrained(): boolean {
    const { counters, output } = this.parts;
    const isProcessed = counters.get(Counter.logicProcessed) >= counters.get(Counter.inputPublished);
    return isProcessed && output.available() === 0;
  }

  private makeListener(name: string, permission: number): Listener {
    return new Listener(name, this.parts.options, (socket, transport, remoteAddress) =>
      this.onConnection(socket, transport, remoteAddress, permission),
    );
  }

  private onConnection(
    socket: WebSocket,
    transport: Duplex,
    remoteAddress: string,
    permission: number,
  ): void {
    const isMsgpack = socket.protocol === SUBPROTOCOL_MSGPACK;
    const framed = new FramedSocket(socket, transport);
    const session = this.connect(framed, permission, isMsgpack, remoteAddress);
    readWholeFrames(transport, this.parts.options.maxFrameBytes, {
      onBytes: () => this.ingress.onBytes(session),
      onMessage: (bytes, from, to) => {
        this.ingress.onFrame(session, bytes, from, to);
        this.sessions.flushAll();
      },
    });
    socket.on('message', (frame, isBinary) => this.receive(session, frame as Buffer, isBinary));
    socket.on('ping', () => this.ingress.onControlFrame(session));
    socket.on('pong', () => this.ingress.onControlFrame(session));
    socket.on('error', (error) => {
      const { connectionId: connection } = session;
      this.parts.counters.add(Counter.gatewayRejects, 1);
      this.parts.log.warn({ connection, reason: error.message }, 'bad frame');
    });
    socket.on('close', () => {
      this.sessions.end(session, 0);
    });
  }

  private publishThisTurn(): void {
    if (this.isPublishDue) return;
    this.isPublishDue = true;
    // Not queueMicrotask, which makes an async resource for each call.
    void RESOLVED.then(this.publishStaged);
  }

  private openWhenSafe(): void {
    const { counters, output, onOpen, log } = this.parts;
    if (this.isClosing || this.egress.gate!.committedSequence() < this.openingSequence) return;
    if (counters.get(Counter.logicProcessed) < this.openingSequence || output.available() > 0) return;
    this.openingSequence = 0;
    this.refusal = 0;
    log.info({ epoch: this.epoch }, 'orders are taken');
    onOpen?.();
  }

  /** Sends what may leave, and waits for whichever has to move before more may: one wake-up for a batch, not two. */
  private drain(): void {
    this.poll();
    if (!this.egress.isWaitingForGate()) {
      this.outputWaiter?.arm();
      return;
    }
    this.gateWaiter ??= new AsyncWaiter(this.egress.gate!, () => this.drain());
    this.gateWaiter.arm();
  }
}
