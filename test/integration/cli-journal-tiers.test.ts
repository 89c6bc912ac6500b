/** `ringfence journal digest, verify, archive, restore` on a directory, as an auditor and an operator run them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { runCli } from '../support/cli/run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { fill, sealAll, signer } from '../support/sealed-journal.js';

afterAll(removeTemporaryDirectories);

function makeDataDir(): { dataDir: string; journal: string; cold: string } {
  const directory = temporaryDirectory();
  const dataDir = join(directory, 'data');
  const journal = join(dataDir, 'journal');
  mkdirSync(journal, { recursive: true });
  const storage = openStorage(journal, 'positional');
  fill(storage, 20, 60);
  sealAll(storage);
  return { dataDir, journal, cold: join(directory, 'cold') };
}

const segmentsIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.wal'));

test('a journal is digested, archived, read, and restored, and is the same all the way', async () => {
  const { dataDir, journal, cold } = makeDataDir();
  const run = (...args: string[]) => runCli(['journal', args[0]!, '--data-dir', dataDir, ...args.slice(1)]);
  const names = segmentsIn(journal);
  const digest = (await run('digest', '--at', '1000')).stdout.trim();
  expect(digest).toMatch(/^rf1-1000-[0-9a-f]{8}-[0-9a-f]{64}$/);

  const moved = await run('archive', '--keep', '1', '--to', cold, '--json');
  expect(moved.exitCode, moved.stderr).toBe(0);
  expect(moved.stdout.trim().split('\n')).toHaveLength(names.length - 2);
  expect(segmentsIn(journal)).toEqual(names.slice(-2));

  const key = ['--public-key', signer.publicKey];
  const verified = await run('verify', '--json', '--digest', digest, ...key);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, records: 1200, segments: names.length });
  expect((await run('ls', '--json')).stdout.trim().split('\n')).toHaveLength(names.length);

  expect((await run('scrub')).stdout).toMatch(`whole: ${names.length - 1} copies`);
  expect((await run('restore')).stdout).toContain(`restored ${names.length - 2} segments`);
  expect(segmentsIn(journal)).toEqual(names);

  const rotten = join(cold, readdirSync(cold)[0]!);
  const bytes = readFileSync(rotten);
  bytes[5000]! ^= 1;
  writeFileSync(rotten, bytes);
  const scrubbed = await run('scrub');
  expect(scrubbed.exitCode).toBe(3);
  expect(scrubbed.stderr).toContain(readdirSync(cold)[0]);
});

test('wrong use is told with exit code 2, a journal that was changed with exit code 3', async () => {
  const { dataDir, journal } = makeDataDir();
  const run = (...args: string[]) => runCli(['journal', args[0]!, '--data-dir', dataDir, ...args.slice(1)]);
  for (const args of [
    ['archive'],
    ['archive', '--keep', '1'],
    ['archive', '--older-than', '3 weeks', '--to', '/tmp'],
    ['verify', '--digest', 'rf1-nonsense'],
    ['verify', '--public-key', 'abc'],
    ['scrub', '--rate', '1KiB'],
  ]) {
    const result = await run(...args);
    expect([args, result.exitCode]).toEqual([args, 2]);
  }
  const path = join(journal, segmentsIn(journal)[0]!);
  const bytes = readFileSync(path);
  bytes[20_000]! ^= 4;
  writeFileSync(path, bytes);
  const damaged = await run('verify');
  expect(damaged.exitCode).toBe(3);
  expect(damaged.stderr).toContain(segmentsIn(journal)[0]);
});

test('retention is said before it is done: nothing goes without a snapshot, and each reason is named', async () => {
  const { dataDir, journal } = makeDataDir();
  const run = (...args: string[]) => runCli(['journal', 'retain', '--data-dir', dataDir, ...args]);
  const names = segmentsIn(journal);
  expect((await run()).exitCode).toBe(2);
  expect((await run('--max-bytes', 'much')).exitCode).toBe(2);
  const dry = await run('--older-than', '1s', '--max-bytes', '1MiB', '--dry-run');
  expect(dry.exitCode, dry.stderr).toBe(0);
  expect(dry.stdout).toContain(`stays  ${names[0]}  1..`);
  expect(dry.stdout).toContain('there is no snapshot to start from instead');
  expect(dry.stdout).toMatch(/would remove 0 of \d+ segments/);
  const done = await run('--older-than', '1s', '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ removedThrough: 0, freedBytes: 0, dryRun: false });
  expect(segmentsIn(journal)).toEqual(names);
});

/** A newer Node, for what only that has: RINGFENCE_TEST_NODE=/path/to/bin/node (from the registry package of Node, say). */
const NEWER_NODE = process.env['RINGFENCE_TEST_NODE'];

test.skipIf(NEWER_NODE === undefined)(
  'a Node with zstd archives with it and reads brotli too; one without says what it lacks',
  () => {
    const { dataDir, cold } = makeDataDir();
    const cli = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
    const run = (node: string, ...args: string[]) => {
      const [verb, ...rest] = args;
      return spawnSync(node, [cli, 'journal', verb!, '--data-dir', dataDir, ...rest], { encoding: 'utf8' });
    };
    const older = process.execPath;
    const newer = NEWER_NODE!;
    const footers = () =>
      readdirSync(cold).map((name) => /"codec":"(\w+)"/.exec(readFileSync(join(cold, name), 'latin1'))![1]);
    const hasZstd = 'zstdCompressSync' in zlib;
    expect(run(older, 'archive', '--keep', '1', '--to', cold).stderr).toBe('');
    expect(footers()).toEqual([hasZstd ? 'zstd' : 'brotli']);
    expect(run(newer, 'archive', '--keep', '0', '--to', cold).stderr).toBe('');
    expect([...new Set(footers())].sort()).toEqual(hasZstd ? ['zstd'] : ['brotli', 'zstd']);
    expect(JSON.parse(run(newer, 'verify', '--json').stdout)).toMatchObject({ ok: true, records: 1200 });
    expect(run(newer, 'scrub').stdout).toContain('whole: ');
    if (!hasZstd) {
      const refused = run(older, 'digest');
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain(
        `compressed with zstd, which this Node (${process.version}) does not have`,
      );
    }
    expect(run(newer, 'restore').status).toBe(0);
    expect(JSON.parse(run(older, 'verify', '--json').stdout)).toMatchObject({ ok: true, records: 1200 });
  },
);
