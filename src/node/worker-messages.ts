/**
 * Messages between the main thread and the event-loop workers: changes of role only, never anything from the
 * stream of commands (that goes through shared memory).
 */
import type { AcknowledgementPolicy } from '../runtime/acknowledgement-policy.js';

/** Main -> gateway: this node's gateway is now the producer of the input ring. */
export interface LeadMessage {
  readonly type: 'lead';
  readonly epoch: number;
  /** False when the node goes on in the epoch that its journal ends in. */
  readonly isNewEpoch: boolean;
  /** Who promoted the node; empty when nobody did. */
  readonly actor: string;
  readonly ackPolicy: AcknowledgementPolicy;
  /** Raw public key of the first administrator, to be registered; empty when the journal has it already. */
  readonly adminPublicKey: Uint8Array;
  /** Time of the last command that was in the journal at the start. */
  readonly afterUs: number;
}

/**
 * Logic -> main -> gateway: what the gateway has to know of all events so far, none of which is in the output ring; those
 * that follow are, but for bookDeltas until a `BooksMessage` comes. See MutedRecord.
 */
export interface RecordMessage {
  readonly type: 'record';
  readonly epoch: number;
  readonly sections: readonly SectionInMemory[];
}

/** Logic -> main -> gateway: the books after the replay; the bookDeltas that follow are in the output ring. */
export interface BooksMessage {
  readonly type: 'books';
  readonly sections: readonly SectionInMemory[];
}

/** Gateway -> main: it has the books. Before that no command may follow. */
export interface BooksTakenMessage {
  readonly type: 'booksTaken';
}

/** A section of a snapshot. */
export interface SectionInMemory {
  readonly name: string;
  readonly words: Int32Array;
}

/** Gateway -> main: the opening of the epoch has passed the commit gate; sessions are taken. */
export interface OpenMessage {
  readonly type: 'open';
}

/** Main -> replication: take a standby from here on. */
export interface ReplicateMessage {
  readonly type: 'replicate';
  readonly epoch: number;
}

/** Main -> replication: follow the primary, from the end of the own journal. */
export interface FollowMessage {
  readonly type: 'follow';
  readonly position: { readonly sequence: number; readonly chain: number; readonly epoch: number };
}

/** Main -> replication: promise the epoch and stop following. Answered by `promoted` or `promotionRefused`. */
export interface PromoteMessage {
  readonly type: 'promote';
  readonly epoch: number;
}

/** Main -> replication: ask the peer for records and write them to the file `path`. Answered by `fetched`. */
export interface FetchMessage {
  readonly type: 'fetch';
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain of the journal before the first of them. */
  readonly chainBefore: number;
  readonly path: string;
}

/** Replication -> main: the records are in the file, or `problem` says why not. */
export interface FetchedMessage {
  readonly type: 'fetched';
  readonly path: string;
  readonly problem: string;
}

/** Replication -> main: everything received is in the input ring; nothing more will come. */
export interface PromotedMessage {
  readonly type: 'promoted';
  readonly sequence: number;
}

/** Replication -> main: the promotion cannot be; the node goes on as a standby. */
export interface PromotionRefusedMessage {
  readonly type: 'promotionRefused';
  readonly message: string;
}

/** Replication -> main: the node cannot go on; it ends with `exitCode`. */
export interface FatalMessage {
  readonly type: 'fatal';
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** Follower -> main: the states of the node and of its follower differ; the node ends. */
export interface FromFollower {
  readonly type: 'diverged';
  readonly message: string;
}

export type ToGateway = LeadMessage | RecordMessage | BooksMessage;
export type FromGateway = OpenMessage | BooksTakenMessage;
export type FromLogic = RecordMessage | BooksMessage;
export type ToReplication = ReplicateMessage | FollowMessage | PromoteMessage | FetchMessage;
export type FromReplication = PromotedMessage | PromotionRefusedMessage | FatalMessage | FetchedMessage;
