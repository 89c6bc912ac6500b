/**
 * Sessions of `exec` line for line. UPDATE_GOLDEN=1 writes the expected files anew; read the difference before it is
 * committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { ExecSession } from '../../src/cli/exec/exec-session.js';
import { MAX_LINE_CHARS, runExec } from '../../src/cli/exec/run-exec.js';

const FOLDER = new URL('./exec/', import.meta.url);
const MAX_ORDERS = 1000;

const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.in.jsonl'))
  .map((name) => name.slice(0, -'.in.jsonl'.length))
  .sort();

async function outputOf(
  chunks: Iterable<string | Buffer>,
  options: { marketData?: boolean; strict?: boolean } = {},
) {
  const session = new ExecSession({ hasMarketData: options.marketData === true, maxOrders: MAX_ORDERS });
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString('utf8');
      setImmediate(done);
    },
  });
  const stoppedAt = await runExec(
    session,
    Readable.from(chunks, { objectMode: false }),
    output,
    options.strict === true,
  );
  await finished(output.end());
  return { text, stoppedAt, session };
}

const lines = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('golden sessions of exec', () => {
  it.each(names)('%s', async (name) => {
    const input = readFileSync(new URL(`${name}.in.jsonl`, FOLDER));
    const { text } = await outputOf([input], { marketData: name === 'market-data' });
    const expected = new URL(`${name}.out.jsonl`, FOLDER);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(expected, text);
    expect(text).toBe(readFileSync(expected, 'utf8'));
  });

  it('every line of output is one JSON object with a type', async () => {
    for (const name of names) {
      const { text } = await outputOf([readFileSync(new URL(`${name}.in.jsonl`, FOLDER))]);
      for (const line of lines(text)) expect(line['type']).toBeTypeOf('string');
    }
  });

  it('the output does not depend on how the input is cut into chunks', async () => {
    const input = readFileSync(new URL('matching.in.jsonl', FOLDER));
    const whole = (await outputOf([input])).text;
    for (const size of [1, 7, 64, 1000]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < input.length; at += size) chunks.push(input.subarray(at, at + size));
      expect((await outputOf(chunks)).text).toBe(whole);
    }
  });

  it('the hashes are those of the commands: equal for equal lines, different for others, untouched by queries', async () => {
    const query = '{"type":"query","what":"hash"}\n';
    const input = readFileSync(new URL('matching.in.jsonl', FOLDER), 'utf8');
    const first = lines((await outputOf([input, query])).text).at(-1)!;
    const again = lines((await outputOf([input, query, query])).text).at(-1)!;
    const other = lines((await outputOf([input, '{"type":"openAccount","account":99}\n', query])).text).at(
      -1,
    )!;
    expect(first).toMatchObject({ type: 'hash', stateHash: /^[0-9a-f]{16}$/, outputHash: /^[0-9a-f]{16}$/ });
    expect(again).toEqual(first);
    expect(other['stateHash']).not.toBe(first['stateHash']);
    expect(other['outputHash']).not.toBe(first['outputHash']);
    expect(other['sequence']).toBe((first['sequence'] as number) + 1);
  });
});

describe('lines of exec', () => {
  const open = (account: number) => `{"type":"openAccount","account":${account}}`;

  it('a last line without a line end is taken, blank lines and carriage returns do not matter', async () => {
    const { text } = await outputOf([`\n  \n${open(1)}\r\n\n${open(2)}`]);
    expect(lines(text).map((line) => line['account'])).toEqual([1, 2]);
  });

  it('an error names the number of the line in the input, blank lines counted', async () => {
    const { text } = await outputOf([`\n\n${open(1)}\noops\n`]);
    expect(lines(text)[1]).toMatchObject({ type: 'error', line: 4, code: 1001 });
  });

  it('an error line takes no sequence and the run goes on', async () => {
    const { text, session } = await outputOf([`${open(1)}\noops\n${open(2)}\n`]);
    expect(lines(text).map((line) => [line['type'], line['sequence']])).toEqual([
      ['accountOpened', 1],
      ['error', undefined],
      ['accountOpened', 2],
    ]);
    expect(session.errors).toBe(1);
  });

  it('with --strict the run stops after the first error and says where', async () => {
    const { text, stoppedAt } = await outputOf([`${open(1)}\noops\n${open(2)}\n`], { strict: true });
    expect(stoppedAt).toBe(2);
    expect(lines(text).map((line) => line['type'])).toEqual(['accountOpened', 'error']);
  });

  it('with --strict a rejected command is no reason to stop', async () => {
    const { text, stoppedAt } = await outputOf([`${open(1)}\n${open(1)}\n${open(2)}\n`], { strict: true });
    expect(stoppedAt).toBe(0);
    expect(lines(text).map((line) => line['type'])).toEqual(['accountOpened', 'rejected', 'accountOpened']);
  });

  it('a line that is too long is refused without being held, and the next one is taken', async () => {
    const long = 'x'.repeat(MAX_LINE_CHARS);
    for (const input of [
      [`${open(1)}\n${long}y\n${open(2)}\n`],
      [open(1), '\n', long, long, long, '\n', open(2), '\n'],
    ]) {
      const { text } = await outputOf(input);
      expect(lines(text)).toMatchObject([
        { type: 'accountOpened', account: 1 },
        { type: 'error', line: 2, message: `the line is longer than ${MAX_LINE_CHARS} characters` },
        { type: 'accountOpened', account: 2 },
      ]);
    }
    const { text } = await outputOf([open(1), '\n', long, 'y']);
    expect(lines(text)[1]).toMatchObject({ type: 'error', line: 2 });
  });

  it('bytes that are not UTF-8 are a malformed line, no more', async () => {
    const { text } = await outputOf([Buffer.from([0xff, 0xfe, 0x0a]), `${open(1)}\n`]);
    expect(lines(text)).toMatchObject([{ type: 'error', line: 1 }, { type: 'accountOpened' }]);
  });

  it('no input gives no output', async () => {
    expect((await outputOf([])).text).toBe('');
    expect((await outputOf(['\n'])).text).toBe('');
  });
});
