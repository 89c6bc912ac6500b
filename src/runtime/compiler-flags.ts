import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 inline more than by default. The path of a command runs through some thirty small functions, more than
 * the default budget merges into one; measured on the matching benchmark, this takes a seventh of the instructions
 * away. The flags are those of the process: to be set once, before its first worker runs hot.
 */
export function tuneCompiler(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
  setFlagsFromString('--max-inlined-bytecode-size=1000');
}
