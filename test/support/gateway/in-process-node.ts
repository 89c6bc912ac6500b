import { pino } from 'pino';
import { WebSocket } from 'ws';
import { RingfenceClient } from '../../../src/client/client.js';
import type { ClientOptions } from '../../../src/client/client-options.js';
import { OrderType, Permission, Side, TimeInForce } from '../../../src/core/codes.js';
import { Core } from '../../../src/core/core.js';
import { BusinessLogicProcessor } from '../../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../../src/engine/event-buffer.js';
import { Gateway } from '../../../src/gateway/gateway.js';
import { DEFAULT_GATEWAY_OPTIONS, type GatewayOptions } from '../../../src/gateway/gateway-options.js';
import { AsyncWaiter } from '../../../src/ring/async-waiter.js';
import { RingBuffer } from '../../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../../src/ring/ring-consumer.js';
import { RingProducer } from '../../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../../src/ring/wait-strategy.js';
import { SystemClock } from '../../../src/runtime/clock.js';
import { CommitGate } from '../../../src/runtime/commit-gate.js';
import { Counter, NodeCounters } from '../../../src/runtime/counters.js';
import { SLOT_BYTES, SLOT_WORDS } from '../../../src/wire/slot.js';
import { encodeSlot } from '../../../src/wire/slot-codec.js';
import { type ApiKeyPair, makeKeyPair } from './api-key-pair.js';

const CLUSTER_ID = 42n;
const RING_SLOTS = 16_384;
const ADMIN_KEY = 1;
const NO_HEADER = { accountId: 0, sequence: 0, timestampUs: 0 };

export interface InProcessNodeOptions {
  readonly gateway?: Partial<GatewayOptions>;
  /** Commands of an earlier node, replayed before this one leads. */
  readonly journal?: readonly Uint8Array[];
  readonly adminPair?: ApiKeyPair;
  readonly epoch?: number;
  readonly inputSlots?: number;
}

/** A whole node on this thread: real gateway and sockets, real engine, and an array as its journal. */
export class InProcessNode {
  readonly gateway: Gateway;
  readonly core: Core;
  readonly counters = new NodeCounters(NodeCounters.allocate());
  readonly adminPair: ApiKeyPair;
  /** Every command so far. */
  readonly journal: Uint8Array[] = [];
  clientUrl = '';
  adminUrl = '';
  private readonly strategy = new WaitStrategy('blocking');
  private readonly inputRing: RingBuffer;
  private readonly input: RingConsumer;
  private readonly output: RingProducer;
  private readonly events = new EventBuffer();
  private readonly processor: BusinessLogicProcessor;
  private readonly waiter: AsyncWaiter;
  private readonly clients: RingfenceClient[] = [];
  private isCommitHeld = false;
  private isStalled = false;
  private admin: RingfenceClient | undefined;

  static async start(options: InProcessNodeOptions = {}): Promise<InProcessNode> {
    const node = new InProcessNode(options);
    const { clientPort, adminPort } = await node.gateway.listen().catch((error: unknown) => {
      node.waiter.close();
      throw error;
    });
    node.clientUrl = `ws://127.0.0.1:${clientPort}`;
    node.adminUrl = `ws://127.0.0.1:${adminPort}`;
    node.gateway.start();
    await node.begin(options);
    return node;
  }

  private constructor(options: InProcessNodeOptions) {
    this.adminPair = options.adminPair ?? makeKeyPair();
    this.inputRing = new RingBuffer(RingBuffer.allocate(options.inputSlots ?? RING_SLOTS, 1));
    const outputRing = new RingBuffer(RingBuffer.allocate(RING_SLOTS, 1));
    this.input = new RingConsumer(this.inputRing, 0, this.strategy);
    this.output = new RingProducer(outputRing, this.strategy);
    const small = {
      maxOrders: 20_000,
      maxAccounts: 100,
      maxHoldings: 1000,
      maxPositions: 1000,
      maxInstruments: 10,
    };
    this.core = new Core({ ...small, maxAssets: 20, maxApiKeys: 100, maxTransfers: 1000 });
    this.processor = new BusinessLogicProcessor(this.core, this.events);
    this.gateway = new Gateway({
      output: new RingConsumer(outputRing, 0, this.strategy),
      counters: this.counters,
      clock: new SystemClock(),
      log: pino({ level: 'silent' }),
      clusterId: CLUSTER_ID,
      options: {
        ...DEFAULT_GATEWAY_OPTIONS,
        reportRetention: 4096,
        logonsPerSecondPerIp: 1000,
        timeAdvanceMs: 3_600_000,
        ...options.gateway,
      },
    });
    this.waiter = new AsyncWaiter(this.input, () => this.runEngine());
    this.waiter.arm();
  }

  /** Holds the commit gate where it is, or lets it follow the engine again. */
  holdCommits(isHeld: boolean): void {
    this.isCommitHeld = isHeld;
    if (!isHeld) this.counters.set(Counter.durable, this.counters.get(Counter.logicProcessed));
  }

  /** Stops the engine, so that the input ring fills, or lets it go on. */
  stall(isStalled: boolean): void {
    this.isStalled = isStalled;
    if (!isStalled) this.runEngine();
  }

  /** A client that is connected; it is closed with the node. */
  async connect(
    options: Partial<ClientOptions> & Pick<ClientOptions, 'apiKeyId' | 'signer'>,
  ): Promise<RingfenceClient> {
    const client = new RingfenceClient({ urls: [this.clientUrl], webSocket: WebSocket, ...options });
    this.clients.push(client);
    await client.connect();
    return client;
  }

  /** The admin's client. */
  async asAdmin(): Promise<RingfenceClient> {
    const { signer } = this.adminPair;
    this.admin ??= await this.connect({ urls: [this.adminUrl], apiKeyId: ADMIN_KEY, signer });
    return this.admin;
  }

  /** Opens an account with money of both assets and a key; returns what a client needs to log on. */
  async openAccount(
    accountId: number,
  ): Promise<{ apiKeyId: number; signer: ApiKeyPair['signer']; pair: ApiKeyPair }> {
    const admin = await this.asAdmin();
    const pair = makeKeyPair();
    await admin.openAccount({ accountId });
    const key = { accountId, permissions: Permission.trade, publicKey: pair.publicKey };
    const { fields } = await admin.registerApiKey(key);
    const transfer = { amount: 1_000_000_000, accountId };
    await admin.deposit({ ...transfer, asset: 'AAA', transferId: BigInt(accountId * 2) });
    await admin.deposit({ ...transfer, asset: 'USD', transferId: BigInt(accountId * 2 + 1) });
    return { apiKeyId: fields.apiKeyId, signer: pair.signer, pair };
  }

  /** Lists AAA-USD, with tick and lot of one minor unit; returns its id. */
  async listInstrument(): Promise<number> {
    const admin = await this.asAdmin();
    const answer = await admin.listInstrument({
      symbol: 'AAA-USD',
      base: 'AAA',
      quote: 'USD',
      tickMantissa: 1,
      lotMantissa: 1,
      tickExponent: 0,
      lotExponent: 0,
      baseDecimals: 0,
      quoteDecimals: 0,
      marketProtectionPpm: 0,
    });
    return answer.fields.instrumentId;
  }

  /** Closes clients and node. */
  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    this.stall(false);
    this.holdCommits(false);
    await this.gateway.close();
    this.waiter.close();
  }

  /** Ends the node as it is, with its commit gate held; clients are left to find another. */
  async crash(): Promise<void> {
    this.isStalled = true;
    await this.gateway.close();
    this.waiter.close();
  }

  private async begin(options: InProcessNodeOptions): Promise<void> {
    const journal = options.journal ?? [];
    const producer = new RingProducer(this.inputRing, this.strategy);
    for (const command of journal) {
      if (producer.claim(1) === 0) throw new Error('the engine of the test node is behind');
      this.inputRing.bytes.set(command, producer.wordIndexAt(0) * 4);
      producer.publish(1);
      this.runEngine();
      this.gateway.poll();
    }
    const opening = new Int32Array(SLOT_WORDS);
    const epoch = { clusterId: CLUSTER_ID, epoch: options.epoch ?? 1, nodeId: options.epoch ?? 1 };
    encodeSlot('epochStarted', NO_HEADER, epoch, opening, 0);
    const key = new Int32Array(SLOT_WORDS);
    const { publicKey } = this.adminPair;
    encodeSlot('registerApiKey', NO_HEADER, { permissions: Permission.admin, publicKey }, key, 0);
    const own = journal.length === 0 ? [opening, key] : [opening];
    const gate = new CommitGate(this.counters, 'disk', this.strategy);
    const slots = own.map((words) => new Uint8Array(words.buffer));
    this.gateway.lead(new RingProducer(this.inputRing, this.strategy), gate, slots);
    while (!this.gateway.isOpen) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  private runEngine(): void {
    while (!this.isStalled && this.input.available() > 0) {
      const wordIndex = this.input.wordIndexAt(0);
      const sequence = this.input.nextSequence;
      this.journal.push(this.inputRing.bytes.slice(wordIndex * 4, wordIndex * 4 + SLOT_BYTES));
      this.events.clear();
      this.processor.onCommand(this.inputRing.words, wordIndex);
      this.publishEvents();
      this.input.release(1);
      this.counters.set(Counter.logicProcessed, sequence);
      if (!this.isCommitHeld) this.counters.set(Counter.durable, sequence);
    }
    if (!this.isStalled) this.waiter.arm();
  }

  private publishEvents(): void {
    const { count, words } = this.events;
    if (count === 0) return;
    if (this.output.claim(count) < count) throw new Error('the output ring of the test node is full');
    for (let i = 0; i < count; i++) {
      const slot = words.subarray(i * SLOT_WORDS, (i + 1) * SLOT_WORDS);
      this.output.ring.words.set(slot, this.output.wordIndexAt(i));
    }
    this.output.publish(count);
  }
}

/** Fields of a limit order that rests. */
export function limitOrder(
  clientOrderId: number,
  side: number,
  priceTicks: number,
  quantityLots: number,
  instrumentId = 1,
) {
  const terms = { side, orderType: OrderType.limit, timeInForce: TimeInForce.GTC };
  return { clientOrderId: BigInt(clientOrderId), instrumentId, priceTicks, quantityLots, ...terms };
}

export const BUY = Side.buy;
export const SELL = Side.sell;

/** Resolves when `isTrue`; looks every few milliseconds. Throws after ten seconds. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > giveUpAtMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
