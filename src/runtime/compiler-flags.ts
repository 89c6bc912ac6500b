import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 inline more than by default. The path of a command runs through some hundred small functions, more than the
 * default budget merges into one, and which of them it leaves out differs from start to start; with these budgets all
 * of them are merged. Measured on the matching benchmark: bench/README.md. The flags are those of the process: to be
 * set once, before its first worker runs hot.
 */
export function tuneCompiler(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=12000');
  setFlagsFromString('--max-inlined-bytecode-size-absolute=20000');
  setFlagsFromString('--max-inlined-bytecode-size=2000');
  setFlagsFromString('--min-inlining-frequency=0.01');
}
