import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './journal-storages.js';

const SOURCE = fileURLToPath(new URL('./failing-sync.c', import.meta.url));

let shim: string | undefined;

/** Path of the compiled LD_PRELOAD shim of failing-sync.c; empty where there is no compiler. */
export function compiledShim(): string {
  if (shim !== undefined) return shim;
  const path = join(temporaryDirectory(), 'failing-sync.so');
  const result = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', path, SOURCE, '-ldl']);
  shim = result.status === 0 ? path : '';
  if (shim === '') console.warn('no gcc: the failed-sync tests over LD_PRELOAD are skipped');
  return shim;
}
