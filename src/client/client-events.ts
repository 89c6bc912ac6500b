import type { LevelBook } from '../base/level-book.js';
import type { EventName, LogonAccepted } from '../wire/message-fields.js';
import type { FrameFields } from '../wire/sbe-frames.js';

/** What listeners of a client are told, by name: every report of the engine, market data, and the connection. */
export type ClientEvents = { readonly [N in EventName]: FrameFields[N] } & {
  /** A change of a book that is subscribed to; `book` is up to date with it. */
  readonly book: { readonly instrumentId: number; readonly book: LevelBook };
  readonly publicTrade: FrameFields['publicTrade'];
  readonly pong: FrameFields['pong'];
  /** Logged on: the first time, and after each reconnect. */
  readonly connected: { readonly url: string; readonly logon: LogonAccepted };
  /** The connection was lost; it is being made again. */
  readonly disconnected: { readonly url: string };
  /** Reports were missed and are no longer kept: ask for a snapshot. `lastReportSequence` is the newest there is. */
  readonly snapshotRequired: { readonly lastReportSequence: number };
  /** The gateway did not pass something on that no command waits for. */
  readonly sessionReject: FrameFields['sessionReject'];
  /** The client is closed for good; `error` says why unless it was asked to. */
  readonly closed: { readonly error: Error | undefined };
};

type Listener<T> = (payload: T) => void;

/** Typed listeners by event name. */
export class ClientListeners {
  private readonly listeners = new Map<keyof ClientEvents, Set<Listener<never>>>();

  /** Adds a listener; the function returned takes it away again. */
  on<N extends keyof ClientEvents>(name: N, listener: Listener<ClientEvents[N]>): () => void {
    let set = this.listeners.get(name);
    if (set === undefined) {
      set = new Set();
      this.listeners.set(name, set);
    }
    set.add(listener);
    return () => set.delete(listener);
  }

  /** Calls the listeners of an event. */
  emit<N extends keyof ClientEvents>(name: N, payload: ClientEvents[N]): void {
    const set = this.listeners.get(name);
    if (set === undefined) return;
    for (const listener of set) (listener as Listener<ClientEvents[N]>)(payload);
  }
}
