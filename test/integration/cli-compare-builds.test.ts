/** Two builds over one journal. The other build is a copy of this one, in dist/, that answers some commands differently. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataDirWith, slotsOf } from '../support/cli/exec-journal.js';
import { runCli } from '../support/cli/run-cli.js';
import { removeTemporaryDirectories } from '../support/journal-storages.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** In the second block of commands, and neither its first nor its last. */
const PLACE = 4300;

let folder = '';
let dataDir = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-builds-'));
  const order = { symbol: 'X-USD', account: 1, side: 'buy', price: '5', quantity: '4', clientOrderId: '1' };
  const lines: Record<string, unknown>[] = [
    { type: 'listInstrument', symbol: 'X-USD', base: 'X', quote: 'USD', tickSize: '1', lotSize: '1' },
    { type: 'openAccount', account: 1 },
    { type: 'deposit', account: 1, asset: 'USD', amount: '10.00', transferId: '1' },
  ];
  while (lines.length < PLACE - 1) lines.push({ type: 'timeAdvanced' });
  lines.push(
    { type: 'newOrder', ...order },
    { type: 'massCancel', account: 1 },
    { type: 'newOrder', ...order },
  );
  dataDir = dataDirWith(
    slotsOf(lines.map((line, i) => ({ ...line, timestampUs: 1_789_995_600_000_000 + i }))),
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  removeTemporaryDirectories();
});

/** A copy of this build in which the text `from` of a compiled file is `to`. */
function otherBuild(name: string, file: string, from: string, to: string): string {
  const directory = join(folder, name);
  for (const part of ['src', 'journal', 'replay']) {
    cpSync(join(ROOT, 'dist', part), join(directory, 'dist', part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  const path = join(directory, 'dist', file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  return directory;
}

const compare = (directory: string, ...flags: string[]) =>
  runCli(['replay', '--data-dir', dataDir, '--compare-with', directory, ...flags]);

describe('replay --compare-with', () => {
  it('finds the first command that is answered differently and both answers, and nothing before it', async () => {
    const other = otherBuild(
      'codes',
      'src/core/codes.js',
      'INSUFFICIENT_FUNDS: 3001',
      'INSUFFICIENT_FUNDS: 3099',
    );
    const { exitCode, stdout } = await compare(other, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      equal: false,
      sequence: PLACE,
      command: { sequence: PLACE, type: 'newOrder', account: 1, priceTicks: 5 },
      events: [{ type: 'rejected', code: 3001, reportSequence: 2 }],
      otherEvents: [{ type: 'rejected', code: 3099, reportSequence: 2 }],
    });
    expect(exitCode).toBe(3);
    const before = await compare(join(other, 'dist'), '--to-sequence', String(PLACE - 1), '--json');
    expect(JSON.parse(before.stdout)).toEqual({ equal: true, commands: PLACE - 1 });
    expect(before.exitCode).toBe(0);
  });

  it('says so when there is no build, or one that fails', async () => {
    const none = await compare('/nowhere');
    expect(none.stderr).toContain('/nowhere holds no build (there is no /nowhere/dist/src/cli/main.js)');
    expect(none.exitCode).toBe(2);
    const old = join(folder, 'old');
    mkdirSync(join(old, 'dist', 'src', 'cli'), { recursive: true });
    writeFileSync(
      join(old, 'dist', 'src', 'cli', 'main.js'),
      'process.stderr.write("error: unknown option --hash-every\\n"); process.exit(2);',
    );
    const failed = await compare(old);
    expect(failed.stderr).toContain('main.js replay failed: error: unknown option --hash-every');
    expect(failed.exitCode).toBe(1);
  });
});
