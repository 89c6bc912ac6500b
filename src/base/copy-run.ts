/**
 * Copies `count` words. Four at a time: what a loop checks again in each round costs several times what a word does, and
 * a block copy of a typed array has to be given a view, which costs more than all of a slot.
 */
export function copyRun(
  from: Int32Array,
  fromWord: number,
  to: Int32Array,
  toWord: number,
  count: number,
): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const source = fromWord + i;
    const target = toWord + i;
    to[target] = from[source]!;
    to[target + 1] = from[source + 1]!;
    to[target + 2] = from[source + 2]!;
    to[target + 3] = from[source + 3]!;
  }
  for (; i < count; i++) to[toWord + i] = from[fromWord + i]!;
}
