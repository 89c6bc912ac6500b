import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Mutation {
  readonly safety: string;
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
  readonly test: string;
}

test('each safety that `npm run test:mutations` takes out still stands in the source, once, and has its test', () => {
  const list = JSON.parse(readFileSync(`${root}test/mutations/mutations.json`, 'utf8')) as Mutation[];
  expect(new Set(list.map(({ safety }) => safety)).size).toBe(list.length);
  for (const { safety, file, text, replacement, test: tests } of list) {
    const parts = readFileSync(root + file, 'utf8').split(text).length;
    expect({ safety, times: parts - 1 }).toEqual({ safety, times: 1 });
    expect(replacement).not.toBe(text);
    for (const path of tests.split(' '))
      expect({ path, exists: existsSync(root + path) }).toEqual({ path, exists: true });
  }
});
