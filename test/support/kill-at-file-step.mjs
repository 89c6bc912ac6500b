// Preloaded into a node (NODE_OPTIONS=--import=<this file>): ends the process by SIGKILL before or after a step that it
// takes in the file system, in whichever thread. Steps count from the moment that the file KILL_ARMED exists.
//
// A point is `before` or `after`, the call, and the kind of file: `before-fsync-promised-epoch`. KILL_AT=<point> picks
// one, the first time that it is passed; each one passed is a line in the file KILL_LOG.

// Preloaded into a node (NODE_OPTIONS=--import=<this file>): ends the process by SIGKILL before or after a step that it
// takes in the file system, in whichever thread. Steps count from the moment that the file KILL_ARMED exists.
//
// A point is `before` or `after`, the call, and the kind of file: `before-fsync-promised-epoch`. KILL_AT=<point> picks
// one, the first time that it is passed; each one passed is a line in the file KILL_LOG.

import fs, { appendFileSync, existsSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const { KILL_ARMED = '', KILL_AT = '', KILL_LOG = '' } = process.env;

/** What a file is, by its name; numbers and random parts left out. */
function kindOf(path) {
  const name = basename(path);
  if (!name.includes('.')) return 'directory';
  if (name.startsWith('prepared-')) return 'prepared';
  if (name.endsWith('.wal')) return 'segment';
  if (/\.snap(\.tmp)?$/.test(name)) return 'snapshot';
  return name.replace(/\.(ctl|json|jsonl)(\.tmp)?$/, '').replace(/[^a-z-]/g, '');
}

function pathOf(target) {
  if (typeof target !== 'number') return String(target);
  try {
    return readlinkSync(`/proc/self/fd/${target}`);
  } catch {
    return '';
  }
}

function pass(point) {
  appendFileSync(KILL_LOG, `${point}\n`);
  if (point === KILL_AT) process.kill(process.pid, 'SIGKILL');
}

/** Puts points around a call; `place` = which argument names the file. */
function watch(call, place = 0) {
  const original = fs[call];
  fs[call] = (...args) => {
    if (!existsSync(KILL_ARMED)) return original(...args);
    const path = pathOf(args[place]);
    const name = `${call.replace('Sync', '')}-${kindOf(path)}`;
    // What goes to a pipe, and what the log says, is no step of the promotion.
    if (!path.startsWith('/') || path === KILL_LOG || path.endsWith('.log')) return original(...args);
    pass(`before-${name}`);
    const result = original(...args);
    pass(`after-${name}`);
    return result;
  };
}

if (KILL_ARMED !== '') {
  for (const call of ['writeSync', 'fsyncSync', 'fdatasyncSync', 'unlinkSync', 'writeFileSync']) watch(call);
  watch('renameSync', 1);
  syncBuiltinESMExports();
}
