/*
 * LD_PRELOAD shim: the FAIL_SYNC_AT-th call of msync or fdatasync fails with EIO, or the FAIL_FSYNC_AT-th call of fsync;
 * later calls say that all is well.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>

static atomic_int calls;
static atomic_int fsync_calls;

static int fails(void) {
  const char *at = getenv("FAIL_SYNC_AT");
  return at != NULL && atomic_fetch_add(&calls, 1) + 1 == atoi(at);
}

int msync(void *address, size_t length, int flags) {
  if (fails()) {
    errno = EIO;
    return -1;
  }
  int (*real)(void *, size_t, int) = dlsym(RTLD_NEXT, "msync");
  return real(address, length, flags);
}

int fdatasync(int fd) {
  if (fails()) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
  return real(fd);
}

int fsync(int fd) {
  const char *at = getenv("FAIL_FSYNC_AT");
  if (at != NULL && atomic_fetch_add(&fsync_calls, 1) + 1 == atoi(at)) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  return real(fd);
}
