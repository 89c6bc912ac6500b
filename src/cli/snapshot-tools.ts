/** What the `snapshot` commands run. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { JournalError } from '../../journal/errors.js';
import { IDENTITY_FILE, JournalDirectory, readIdentity } from '../../journal/journal-directory.js';
import { readManifestLines } from '../../journal/manifest.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { snapshotFault, snapshotLines } from '../../journal/sign-snapshot.js';
import { readSnapshotFacts } from '../../journal/snapshot-file.js';
import {
  chooseSnapshot,
  openSnapshots,
  parseSnapshotName,
  snapshotNames,
} from '../../journal/snapshot-store.js';
import { loadSnapshot, SnapshotUnusableError } from '../../replay/load-snapshot.js';
import { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import { EventBuffer } from '../engine/event-buffer.js';
import { resolveConfig } from '../node/config.js';
import { makeFollower } from '../node/make-follower.js';
import { ensureNodeKey, nodeKeyFile } from '../node/node-key.js';
import { findStartPoint } from '../node/start-point.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { SystemClock } from '../runtime/clock.js';
import { callControl } from './control-client.js';
import { coreOf } from './core-of.js';
import { dataDirOf } from './data-dir.js';
import { CliError, ExitCode } from './failure.js';
import { isoTime } from './iso-time.js';
import { journalOf } from './journal-of.js';
import { ProgressLine } from './progress-line.js';
import { textTable } from './text-table.js';

export interface SnapshotFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

const PROGRESS_COMMANDS = 65_536;

/** Prints what each snapshot says that it is of. */
export function listSnapshots(flags: SnapshotFlags, output: Writable): void {
  const snapshots = openSnapshots(journalOf(dataDirOf(flags)));
  const rows: string[][] = [];
  for (const file of snapshotNames(snapshots)) {
    try {
      const { tables, timestampUs, takenAtMs, ...facts } = readSnapshotFacts(snapshots!, file);
      const rowsOf = (name: string): number => tables.find((table) => table.name === name)?.rows ?? 0;
      const line = {
        file,
        ...facts,
        time: isoTime(timestampUs),
        takenAt: new Date(takenAtMs).toISOString(),
        accounts: rowsOf('accounts'),
      };
      if (flags.json) output.write(`${JSON.stringify(line)}\n`);
      rows.push([
        String(facts.sequence),
        line.time,
        String(line.accounts),
        String(facts.bytes),
        facts.stateHash,
        '',
      ]);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      if (flags.json) output.write(`${JSON.stringify({ file, problem: error.message })}\n`);
      rows.push([String(parseSnapshotName(file)), '', '', '', '', error.message]);
    }
  }
  if (flags.json) return;
  const heads = ['>sequence', 'time', '>accounts', '>bytes', 'state hash', 'problem'];
  output.write(rows.length === 0 ? 'no snapshots\n' : textTable(heads, rows));
}

/** Checks each snapshot as a start would, and prints what came of it; returns the exit code. */
export function verifySnapshots(flags: SnapshotFlags, output: Writable): number {
  const dataDir = dataDirOf(flags);
  const directory = journalOf(dataDir);
  const journal = openStorage(directory, 'positional');
  const report = recover(journal, undefined, { mayBeginLater: true });
  const snapshots = openSnapshots(directory);
  const keyFile = nodeKeyFile(dataDir);
  const ownKey = existsSync(keyFile) ? signerOf(readFileSync(keyFile, 'utf8')).publicKey : '';
  const signed = snapshotLines(readManifestLines(journal));
  let isGood = true;
  for (const file of snapshotNames(snapshots)) {
    const sequence = parseSnapshotName(file)!;
    // A running node may have taken one since the journal was looked at.
    if (sequence > report.lastSequence) continue;
    const problem = problemOf();
    isGood &&= problem === '';
    const line = { file, sequence, ok: problem === '', problem };
    output.write(
      flags.json ? `${JSON.stringify(line)}\n` : `${file}: ${problem === '' ? 'good' : problem}\n`,
    );

    function problemOf(): string {
      const others = snapshotNames(snapshots)
        .filter((name) => name !== file)
        .map((name) => ({ file: name, reason: 'not this one' }));
      const choice = chooseSnapshot(journal, snapshots, report, { sequence, excluded: others });
      if (choice.snapshot === undefined) return choice.refused.find((one) => one.file === file)!.reason;
      const { key } = readSnapshotFacts(snapshots!, file);
      const fault = snapshotFault(snapshots!, file, signed.get(file));
      if (fault !== '') return fault;
      if (ownKey !== '' && key !== ownKey) return `it is signed by ${key}, and not by the key of this node`;
      try {
        loadSnapshot(new BusinessLogicProcessor(coreOf(dataDir), new EventBuffer()), choice.snapshot);
        return '';
      } catch (error) {
        if (error instanceof SnapshotUnusableError) return error.message;
        throw error;
      }
    }
  }
  return isGood ? ExitCode.ok : ExitCode.corruption;
}

/** Has a snapshot taken by the node that runs, or takes it here. */
export async function takeSnapshotNow(flags: SnapshotFlags, output: Writable): Promise<void> {
  const dataDir = dataDirOf(flags);
  const isRunning = existsSync(join(dataDir, 'control.json'));
  const { sequence } = isRunning
    ? ((await callControl(dataDir, 'POST', '/snapshot')) as { sequence: number })
    : takeHere(dataDir);
  output.write(
    flags.json ? `${JSON.stringify({ sequence })}\n` : `the newest snapshot is of command ${sequence}\n`,
  );
}

function takeHere(dataDir: string): { sequence: number } {
  const config = resolveConfig({ dataDir }, process.env);
  const directory = journalOf(dataDir);
  const identity = readIdentity(join(directory, IDENTITY_FILE));
  if (identity === undefined) {
    throw new CliError(`${directory} has no ${IDENTITY_FILE}: it is not the journal of a node`);
  }
  const lock = JournalDirectory.open(directory, identity);
  const progress = new ProgressLine('snapshot', 'commands');
  try {
    const storage = openStorage(directory, 'positional');
    const report = recover(storage, identity, { mayBeginLater: true });
    const { snapshot } = findStartPoint(storage, directory, report, []);
    const follower = makeFollower({
      directory,
      keyFile: ensureNodeKey(dataDir),
      ...identity,
      maxOrders: config.maxOrders,
      reportRetention: config.reportRetention,
      snapshot,
      everyCommands: 0,
      everyMs: 0,
      kept: config.snapshotsKept,
      accountIndex: config.accountIndex,
      onIndexError: (error) => process.stderr.write(`ringfence: ${error.message}\n`),
      checkpoints: new CheckpointRing(CheckpointRing.allocate()),
      clock: new SystemClock(),
      rest: () => {},
    });
    for (let shown = 0; follower.step(report.lastSequence) > 0; ) {
      if (follower.sequence - shown < PROGRESS_COMMANDS) continue;
      shown = follower.sequence;
      progress.show(shown, report.lastSequence);
    }
    progress.clear();
    follower.take();
    return { sequence: follower.snapshotSequence };
  } finally {
    lock.close();
  }
}
