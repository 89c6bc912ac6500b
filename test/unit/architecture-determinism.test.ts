import { describe, expect, it } from 'vitest';
import { bannedNames, CLOCKS, HOUSE, NONDETERMINISM, SLOW } from '../support/architecture/banned-names.js';
import { readSources, type Source } from '../support/architecture/source-text.js';

const sources = readSources('src', 'journal', 'replay', 'bench');

function under(...starts: string[]): Source[] {
  return sources.filter((source) => starts.some((start) => source.path.startsWith(start)));
}

/** Not on the way of a command: names for people, and offline walks over everything. */
const COLD = [/^src\/core\/codes\.ts$/, /invariant/, /snapshot/];

function faultsIn(text: string, bans: typeof SLOW): string[] {
  return bannedNames([{ path: 'planted.ts', text }], bans);
}

describe('the deterministic layers', () => {
  it('have no clock, randomness, surroundings, timers or asynchrony', () => {
    const deterministic = under('src/base/', 'src/core/', 'src/wire/', 'src/engine/', 'replay/replayer.ts')
      // Text for people, made at build time.
      .filter((source) => !source.path.startsWith('src/wire/docs/'));
    expect(deterministic.length).toBeGreaterThan(5);
    expect(bannedNames(deterministic, NONDETERMINISM)).toEqual([]);
  });

  it('have no Map, Set, bigint or walk over keys where commands pass', () => {
    const hot = under('src/core/', 'src/engine/', 'src/ring/').filter(
      (source) => !COLD.some((pattern) => pattern.test(source.path)),
    );
    expect(bannedNames(hot, SLOW)).toEqual([]);
  });
});

describe('the rest', () => {
  it('has one clock', () => {
    const agents = under(
      'src/ring/',
      'src/runtime/',
      'src/gateway/',
      'src/replication/',
      'src/publish/',
      'journal/',
    );
    const others = agents.filter((source) => source.path !== 'src/runtime/clock.ts');
    expect(bannedNames(others, CLOCKS)).toEqual([]);
  });

  it('has no names that say nothing and no constructs of other houses', () => {
    expect(bannedNames(sources, HOUSE)).toEqual([]);
    const fileNames = sources.filter((source) =>
      /(?:[/-](?:manager|helpers?|utils?|impl|service)|\/index)\.ts$/.test(source.path),
    );
    expect(fileNames.map((source) => source.path)).toEqual([]);
  });

  it('keeps no notes to itself and no paths of one machine', () => {
    const notes = sources.flatMap((source) =>
      source.text
        .split('\n')
        .filter((line) => /\b(?:TODO|FIXME|XXX)\b|\/work\/|contracts\.md/.test(line))
        .map((line) => `${source.path}: ${line.trim()}`),
    );
    expect(notes).toEqual([]);
  });
});

describe('the check of banned names', () => {
  it.each([
    'const now = Date.now();',
    'const t = performance.now();',
    'const x = Math.random();',
    'const x = Math . random();',
    'const y = Math.log2(8);',
    'const id = crypto.randomUUID;',
    'process.exit(1);',
    'setTimeout(f, 1);',
    'async function f() {}',
    `const text = \`\${Date.now()}\`;`,
    "names.sort((a, b) => a.localeCompare(b)); // 'quoted'",
    'const half = total / 2; const other = total / 3; new Date();',
  ])('finds what is not deterministic: %s', (text) => {
    expect(faultsIn(text, NONDETERMINISM).length).toBeGreaterThan(0);
  });

  it.each([
    'const m = new Map();',
    'new Set<number>()',
    'const zero = 0n;',
    'x & 0xffn',
    'BigInt(x)',
    'for (const key in columns) sum += columns[key];',
    'new BigInt64Array(8)',
  ])('finds what is slow: %s', (text) => {
    expect(faultsIn(text, SLOW).length).toBeGreaterThan(0);
  });

  it.each([
    'class OrderManager {}',
    'interface ClockService {}',
    'function process(slot: number) {',
    'class A { handle(slot: Slot): void {',
    'export default 1;',
    "export * from './a.js';",
    'enum Side { buy }',
  ])('finds what the house does without: %s', (text) => {
    expect(faultsIn(text, HOUSE)).toHaveLength(1);
  });

  it('names the line', () => {
    const text = `/* one\ntwo */\nconst a = \`three\n\${"x"}\`;\nconst b = Date.now();\n`;
    expect(faultsIn(text, CLOCKS)).toEqual([
      'planted.ts:5: "Date.now": clocks are passed in; the only one is runtime/clock.ts',
    ]);
  });

  it.each([
    '// Date.now() is banned\nconst a = 1;',
    "const text = 'the process, async';",
    `const text = \`no Date, \${name} no process\`;`,
    'const pattern = /Date\\/"process/;',
    'const lastUpdate = candidate.update;',
    'const text = "it\'s"; /* process */ const x = 1;',
  ])('is not fooled by comments, strings and longer names: %s', (text) => {
    expect(faultsIn(text, [...NONDETERMINISM, ...SLOW, ...HOUSE])).toEqual([]);
  });
});
