import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACCOUNT_INDEX_DIRECTORY,
  type AccountIndexEnd,
  openAccountIndex,
  resumeAccountIndex,
} from '../../journal/account-index-store.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openStorage } from '../../journal/open-storage.js';
import { signSnapshots } from '../../journal/sign-snapshot.js';
import { SnapshotFile } from '../../journal/snapshot-file.js';
import { openSnapshots } from '../../journal/snapshot-store.js';
import type { Storage } from '../../journal/storage.js';
import { AccountIndexer } from '../../replay/account-indexer.js';
import { loadSnapshot } from '../../replay/load-snapshot.js';
import { Core } from '../core/core.js';
import { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import { EventBuffer } from '../engine/event-buffer.js';
import { EventRecord } from '../gateway/event-record.js';
import { bookTimesIn } from '../publish/books-section.js';
import { Follower, type FollowerParts } from './follower.js';

/** What a follower is made from; see FollowerParts. */
export interface FollowerPlan
  extends Pick<
    FollowerParts,
    | 'checkpoints'
    | 'clock'
    | 'clusterId'
    | 'everyCommands'
    | 'everyMs'
    | 'kept'
    | 'nodeId'
    | 'onIndexError'
    | 'rest'
  > {
  /** The journal directory, with a directory of snapshots in it. */
  readonly directory: string;
  /** File with the private key of the node. */
  readonly keyFile: string;
  readonly maxOrders: number;
  readonly reportRetention: number;
  /** Whether it writes the index of accounts. */
  readonly accountIndex: boolean;
  /** The snapshot to go on from; undefined = from the first command on. */
  readonly snapshot: SharedArrayBuffer | undefined;
}

/**
 * A follower with a core of its own, which has the state of the snapshot.
 * @throws SnapshotUnusableError
 */
export function makeFollower(plan: FollowerPlan): Follower {
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core({ maxOrders: plan.maxOrders }), events);
  const record = new EventRecord(plan.reportRetention);
  const snapshot = plan.snapshot === undefined ? undefined : new SnapshotFile(plan.snapshot);
  if (snapshot !== undefined) {
    loadSnapshot(processor, snapshot);
    record.restore(snapshot, snapshot.facts.epoch);
  }
  const journal = openStorage(plan.directory, 'positional');
  const snapshots = openSnapshots(plan.directory)!;
  const signer = signerOf(readFileSync(plan.keyFile, 'utf8'));
  const { sequence, chain, epoch } = snapshot?.facts ?? { sequence: 0, chain: 0, epoch: 0 };
  const position = { sequence, chain, epoch };
  return new Follower({
    ...plan,
    accountIndex: plan.accountIndex ? indexerOf(plan, processor.core, journal, position) : undefined,
    journal: new JournalTail(journal),
    snapshots,
    processor,
    events,
    record,
    bookTimesUs: snapshot === undefined ? [] : bookTimesIn(snapshot),
    signer,
    addToManifest: (file) => signSnapshots(journal, snapshots, file, plan, signer, plan.rest),
    position,
    snapshotSequence: sequence,
  });
}

function indexerOf(
  { clusterId, directory, rest }: FollowerPlan,
  core: Core,
  journal: Storage,
  position: AccountIndexEnd,
): AccountIndexer {
  mkdirSync(join(directory, ACCOUNT_INDEX_DIRECTORY), { recursive: true, mode: 0o700 });
  const storage = openAccountIndex(directory)!;
  const end = resumeAccountIndex(storage, journal, clusterId, position);
  return new AccountIndexer({ core, storage, clusterId, position, end, rest });
}
