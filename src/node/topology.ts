/**
 * Which agent runs on which thread, and who gates on whom.
 *
 * ```
 *  primary:  sockets -> [gateway] --+                      recovery: [journaler] --+        standby: [replication] --+
 *                                   v                                              v                                v
 *                              INPUT RING  (one producer at a time; it gates on both consumers)
 *                                   |
 *              consumer 0
 *            [journaler] --written--> consumer 1
 *                 |                    [logic] --> OUTPUT RING --consumer 0--> [gateway] --> sockets
 *                 +--> segment files      |                                        ^
 *                 |   journalWritten,     v checkpoints                            |
 *                 v   durable                                                      |
 *            [replication] --TCP--> standby ------------------ commit gate: durable, replicaReceived, replicaDurable
 * ```
 *
 * [journaler] and [logic] loop on threads of their own; [gateway] and [replication] live on the event loops of theirs,
 * because they hold sockets. [logic] goes on to what [journaler] has written, and carries it out while [journaler] waits for
 * the disk: its events could not leave earlier, the gateway wakes one thread a batch instead of two, and fewer threads want
 * a processor at the same time. [follower] replays the segment files up to `durable` on a thread of its own, in a core of its
 * own, and writes snapshots; nothing waits for it. In a replay that is longer than what [gateway] keeps, [logic] publishes
 * nothing until the last part of it, then no bookDeltas, and tells [gateway] what it has to know of the rest (muted-record.ts); until
 * half of that is carried out only [journaler] and [logic] run. All but [follower]
 * take the processor as soon as they wake up (prompt-threads.ts). The main thread
 * holds the control server and nothing else that could be late.
 */

/** Consumers of the input ring. */
export const InputConsumer = { journaler: 0, logic: 1 } as const;
export const INPUT_CONSUMER_COUNT = 2;

/** Consumers of the output ring. */
export const OutputConsumer = { gateway: 0 } as const;
export const OUTPUT_CONSUMER_COUNT = 1;

/**
 * The order in which agents end: sources of work first, the journaler behind them, so that all that was taken is durable,
 * the business logic behind it, so that all that is carried out, and the follower last, so that it can take a snapshot.
 */
export const StopPhase = { gateway: 1, replication: 1, journaler: 2, logic: 3, follower: 4 } as const;
