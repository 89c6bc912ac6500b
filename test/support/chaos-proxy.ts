import { connect, createServer, type Server, type Socket } from 'node:net';
import { Prng } from '../../src/base/prng.js';

/** How a chaos proxy treats connections; probabilities are per chunk and direction. */
export interface ChaosOptions {
  readonly targetPort: number;
  readonly seed: number;
  /** Longest delay of a chunk, in ms. */
  readonly maxDelayMs?: number;
  /** After up to this many bytes of a connection it is cut, in the middle of whatever passes. 0 = never. */
  readonly cutWithinBytes?: number;
  /** Of cuts: how many per cent only go silent (half-open) instead of closing. */
  readonly halfOpenPercent?: number;
  /** Longest piece that a chunk is broken into; 0 = as it came. */
  readonly maxPieceBytes?: number;
}

/** One connection through the proxy. */
interface ProxiedLink {
  readonly client: Socket;
  readonly target: Socket;
  bytesLeft: number;
  isSilent: boolean;
}

/**
 * A TCP proxy on the loopback that delays, fragments, cuts at a random byte, goes half-open, or stops reading.
 * The same seed makes the same decisions for the same bytes; the kernel's chunking adds its own variety.
 */
export class ChaosProxy {
  port = 0;
  cuts = 0;
  connections = 0;
  /** New connections are passed through untouched from now on. */
  isCalm = false;
  private readonly options: ChaosOptions;
  private readonly prng: Prng;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly links = new Set<ProxiedLink>();
  private isReadingTarget = true;

  constructor(options: ChaosOptions) {
    this.options = options;
    this.prng = new Prng(options.seed);
    this.server = createServer((client) => this.join(client));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
    return this;
  }

  /** Stops (or goes on) taking bytes from the target: the target sees a peer that does not read. */
  readTarget(isReading: boolean): void {
    this.isReadingTarget = isReading;
    for (const socket of this.sockets) {
      if (socket.remotePort !== this.options.targetPort) continue;
      if (isReading) socket.resume();
      else socket.pause();
    }
  }

  /** Drops every byte of the present connections without closing them: both ends see silence. */
  goSilent(): void {
    for (const link of this.links) link.isSilent = true;
  }

  /** Cuts the present connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private join(client: Socket): void {
    this.connections++;
    const target = connect({ port: this.options.targetPort, host: '127.0.0.1' });
    const { cutWithinBytes = 0 } = this.options;
    const link: ProxiedLink = {
      client,
      target,
      bytesLeft:
        cutWithinBytes > 0 && !this.isCalm ? 1 + this.prng.below(cutWithinBytes) : Number.POSITIVE_INFINITY,
      isSilent: false,
    };
    this.links.add(link);
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        this.links.delete(link);
        // A half-open connection stays open on the other side: that is what it is.
        if (!link.isSilent) to.destroy();
      });
      const queue: Buffer[] = [];
      const relay = { isBusy: false };
      from.on('data', (chunk: Buffer) => {
        if (link.isSilent) return;
        queue.push(chunk);
        if (!relay.isBusy) this.relay(queue, relay, from, to, link);
      });
    }
    if (!this.isReadingTarget) target.pause();
  }

  private relay(
    queue: Buffer[],
    relay: { isBusy: boolean },
    from: Socket,
    to: Socket,
    link: ProxiedLink,
  ): void {
    const chunk = queue.shift();
    if (chunk === undefined || link.isSilent) {
      relay.isBusy = false;
      return;
    }
    relay.isBusy = true;
    const { maxDelayMs = 0, maxPieceBytes = 0, halfOpenPercent = 0 } = this.options;
    const pieceBytes =
      maxPieceBytes > 0 && !this.isCalm
        ? Math.min(chunk.length, 1 + this.prng.below(maxPieceBytes))
        : chunk.length;
    const piece = chunk.subarray(0, pieceBytes);
    if (pieceBytes < chunk.length) queue.unshift(chunk.subarray(pieceBytes));
    const pass = () => {
      if (to.destroyed || link.isSilent) return;
      if (piece.length < link.bytesLeft) {
        link.bytesLeft -= piece.length;
        if (to.write(piece)) this.relay(queue, relay, from, to, link);
        else {
          from.pause();
          to.once('drain', () => {
            from.resume();
            this.relay(queue, relay, from, to, link);
          });
        }
        return;
      }
      this.cuts++;
      to.write(piece.subarray(0, link.bytesLeft));
      if (this.prng.below(100) < halfOpenPercent) {
        link.isSilent = true;
        return;
      }
      link.client.destroySoon();
      link.target.destroySoon();
    };
    const delayMs = maxDelayMs > 0 && !this.isCalm ? this.prng.below(maxDelayMs + 1) : 0;
    if (delayMs > 0) setTimeout(pass, delayMs);
    else setImmediate(pass);
  }
}
