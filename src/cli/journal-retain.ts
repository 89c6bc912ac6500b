/** What `journal retain` runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAccountIndex, removeAccountIndexThrough } from '../../journal/account-index-store.js';
import { removeUnfinished } from '../../journal/archive.js';
import { IDENTITY_FILE, readIdentity } from '../../journal/journal-directory.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openFlatStorage } from '../../journal/open-storage.js';
import { applyRetention, planRetention, type RetentionPlan } from '../../journal/retention.js';
import { snapshotNeedOf } from '../../journal/snapshot-need.js';
import { readTiers } from '../../journal/tiers.js';
import { nodeKeyFile } from '../node/node-key.js';
import { checkedAge, checkedBytes } from './checked-flags.js';
import { callControl } from './control-client.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { journalOf } from './journal-of.js';
import { restAMoment } from './rest-a-moment.js';

export interface RetainFlags {
  readonly dataDir?: string;
  readonly olderThan?: string;
  readonly maxBytes?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Removes what the rule of the flags lets go, or with `--dry-run` only says what that would be, and why. */
export async function retainFromFlags(flags: RetainFlags): Promise<void> {
  const { olderThan, maxBytes } = flags;
  if (olderThan === undefined && maxBytes === undefined) {
    throw new CliError('say what may go: --older-than AGE, --max-bytes SIZE, or both', ExitCode.usage);
  }
  const nowUs = Date.now() * 1000;
  const rule = {
    ...(olderThan === undefined
      ? {}
      : { sealedBeforeUs: nowUs - checkedAge('--older-than', olderThan) * 1000 }),
    ...(maxBytes === undefined ? {} : { maxBytes: checkedBytes('--max-bytes', maxBytes) }),
  };
  const dataDir = dataDirOf(flags);
  const directory = journalOf(dataDir);
  const local = openFlatStorage(directory, 'positional');
  const archives = readTiers(local).map((archive) => openFlatStorage(archive, 'positional'));
  const standbySequence = await standbySequenceOf(dataDir);
  const needs = {
    snapshotSequence: snapshotNeedOf(directory),
    ...(standbySequence === undefined ? {} : { standbySequence }),
  };
  const plan = planRetention(local, archives, rule, needs);
  let removedThrough = 0;
  if (flags.dryRun !== true && plan.verdicts.some(({ goes }) => goes)) {
    const identity = readIdentity(join(directory, IDENTITY_FILE));
    if (identity === undefined) throw new CliError(`${directory} has no ${IDENTITY_FILE}`, ExitCode.refused);
    const signer = signerOf(readFileSync(nodeKeyFile(dataDir), 'utf8'));
    for (const archive of archives) removeUnfinished(archive);
    removedThrough = applyRetention(local, archives, plan, identity, signer, nowUs, restAMoment);
    removeAccountIndexThrough(openAccountIndex(directory), removedThrough);
  }
  tell(plan, removedThrough, flags);
}

/** First command that the standby of the node that runs on the directory has not stored; undefined = there is none. */
async function standbySequenceOf(dataDir: string): Promise<number | undefined> {
  try {
    const { standby } = (await callControl(dataDir, 'GET', '/status')) as {
      standby: { connected: boolean; durable: number };
    };
    return standby.connected ? standby.durable + 1 : undefined;
  } catch (error) {
    // Without a node there is nobody attached to it.
    if (error instanceof CliError && error.exitCode === ExitCode.unreachable) return undefined;
    throw error;
  }
}

function tell(plan: RetentionPlan, removedThrough: number, flags: RetainFlags): void {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ ...plan, removedThrough, dryRun: flags.dryRun === true })}\n`);
    return;
  }
  const going = plan.verdicts.filter(({ goes }) => goes);
  for (const { segment, firstSequence, lastSequence, goes, reason } of plan.verdicts) {
    const range = lastSequence === 0 ? `${firstSequence}..` : `${firstSequence}..${lastSequence}`;
    process.stdout.write(`${goes ? 'goes ' : 'stays'}  ${segment}  ${range}: ${reason}\n`);
  }
  const verb = flags.dryRun === true ? 'would remove' : 'removed';
  const begins = removedThrough === 0 ? '' : `; history begins at command ${removedThrough + 1}`;
  process.stdout.write(
    `${verb} ${going.length} of ${plan.verdicts.length} segments, ${plan.freedBytes} of ${plan.storedBytes} bytes${begins}\n`,
  );
}
