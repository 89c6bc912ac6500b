/** Names that must not occur in some of the code, each with the reason. */
import { lineOf, type Source, withoutComments } from './source-text.js';

export interface Ban {
  readonly pattern: RegExp;
  readonly because: string;
}

/** Whatever could make two runs over the same commands differ. */
export const NONDETERMINISM: readonly Ban[] = [
  { pattern: /\bDate\b|\bperformance\b|\bhrtime\b/g, because: 'time is an input: it comes in commands' },
  { pattern: /\bMath\s*\.\s*random\b|\bcrypto\b|\brandomUUID\b/g, because: 'no randomness' },
  {
    pattern:
      /\bMath\s*\.\s*(?:a?sinh?|a?cosh?|a?tanh?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot)\b/g,
    because: 'the result may differ between engines and versions',
  },
  { pattern: /\bIntl\b|\btoLocale\w*|\blocaleCompare\b/g, because: 'depends on the locale' },
  { pattern: /\bprocess\b|\bglobalThis\b|\bconsole\b|\bfetch\b/g, because: 'no surroundings' },
  { pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bnextTick\b/g, because: 'no timers' },
  { pattern: /\basync\b|\bawait\b|\bPromise\b/g, because: 'one thing after the other' },
  { pattern: /\bWeakRef\b|\bFinalizationRegistry\b/g, because: 'depends on the garbage collector' },
];

/** What allocates, is slow or hangs on an order of keys where every command passes. */
export const SLOW: readonly Ban[] = [
  { pattern: /\bnew\s+(?:Weak)?(?:Map|Set)\b/g, because: 'columns and integer hash maps instead' },
  {
    pattern: /\b\d[\da-fxoA-F_]*n\b|\bBig(?:U?)Int(?:64Array)?\b|\bBigInt\b/g,
    because: 'two 32-bit halves instead',
  },
  { pattern: /\bfor\s*\(\s*(?:const|let|var)\s+\w+\s+in\b/g, because: 'no order of keys decides anything' },
];

/** Clocks, outside of the only one. */
export const CLOCKS: readonly Ban[] = [
  {
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bperformance\s*\.\s*now\b|\bhrtime\b/g,
    because: 'clocks are passed in; the only one is runtime/clock.ts',
  },
];

/** Names that say nothing, and constructs that the house does without. */
export const HOUSE: readonly Ban[] = [
  {
    pattern: /\b(?:class|interface|type|function|const)\s+\w*(?:Manager|Helpers?|Utils?|Impl|Service)\b/g,
    because: 'name what it is',
  },
  {
    pattern: /\b(?:function\s+)?(?:process|handle)\s*\([^)]*\)\s*(?::\s*\w+\s*)?\{/g,
    because: 'name what is handled',
  },
  { pattern: /\bexport\s+default\b|\bexport\s*\*/g, because: 'named exports, no barrels' },
  { pattern: /\b(?:const\s+)?enum\s+\w+\s*\{|\bnamespace\s+\w+\s*\{/g, because: 'not erasable' },
];

/** A line for each banned name in the code; comments and string contents do not count. */
export function bannedNames(sources: readonly Source[], bans: readonly Ban[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    const code = withoutComments(source.text, false);
    for (const { pattern, because } of bans) {
      for (const match of code.matchAll(pattern)) {
        faults.push(`${source.path}:${lineOf(code, match.index)}: "${match[0].trim()}": ${because}`);
      }
    }
  }
  return faults;
}
