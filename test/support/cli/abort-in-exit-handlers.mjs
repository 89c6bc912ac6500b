/**
 * For `node --import`: a native exit handler that aborts, as one of koffi may hang. A process that runs them ends by SIGABRT.
 */
import { isMainThread } from 'node:worker_threads';
import koffi from 'koffi';

if (isMainThread) {
  const library = koffi.load(null);
  const symbol = library.func('intptr_t dlsym(intptr_t, const char *)');
  library.func('int __cxa_atexit(intptr_t, intptr_t, intptr_t)')(symbol(0, 'abort'), 0, 0);
}
