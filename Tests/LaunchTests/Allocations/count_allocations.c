// Counts the allocations of a process by who asks for them: loaded before the C library, by
// LD_PRELOAD. At its end a process of SIGNUM_COUNTED_PROGRAM prints "allocations N", the number asked
// for by the program itself, by Swift's run-time library and by Foundation.
//
//     clang -shared -fPIC -O2 -o count_allocations.so count_allocations.c
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static atomic_long own;
static char program[4096];

__attribute__((constructor)) static void begin(void) {
  const char *counted = getenv("SIGNUM_COUNTED_PROGRAM");
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length < 0 || counted == NULL || strcmp(program, counted) != 0) program[0] = 0;
}

__attribute__((destructor)) static void end(void) {
  if (program[0] != 0) fprintf(stderr, "allocations %ld\n", atomic_load(&own));
}

static int counts(void *caller) {
  Dl_info library;
  if (dladdr(caller, &library) == 0) return 0;
  const char *slash = strrchr(library.dli_fname, '/');
  const char *name = slash == NULL ? library.dli_fname : slash + 1;
  return strcmp(name, strrchr(program, '/') + 1) == 0 || strncmp(name, "libswift", 8) == 0 ||
         strncmp(name, "libFoundation", 13) == 0;
}

static void count(void *caller) {
  if (program[0] == 0) return;
  // Few places allocate often, and a look-up takes longer than an allocation: a place is kept with
  // its answer, as twice the address, plus one where it counts.
  static atomic_uintptr_t answers[1 << 12];
  uintptr_t place = (uintptr_t)caller << 1;
  atomic_uintptr_t *kept = &answers[place * 0x9E3779B97F4A7C15u >> 52];
  uintptr_t answer = atomic_load(kept);
  if ((answer | 1) != (place | 1)) {
    answer = place | (uintptr_t)counts(caller);
    atomic_store(kept, answer);
  }
  atomic_fetch_add(&own, answer & 1);
}

void *malloc(size_t size) {
  count(__builtin_return_address(0));
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(__builtin_return_address(0));
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(__builtin_return_address(0));
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  *memory = __libc_memalign(alignment, size);
  return *memory == NULL ? ENOMEM : 0;
}
