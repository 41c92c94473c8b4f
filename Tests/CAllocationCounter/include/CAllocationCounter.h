#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Counts heap allocations, each thread's on its own, by standing in for malloc and its kin in the process of the tests.

/// Whether the process' malloc is the counting one. Not so with a sanitizer, whose allocator stays.
bool callocation_is_active(void);
/// Allocations (malloc, calloc, realloc, aligned ones) of the calling thread so far.
uint64_t callocation_count(void);
/// The same of thread `tid` of this process; 0 for one that never allocated.
uint64_t callocation_count_of(pid_t tid);
/// The newest living thread of this process with that name, or -1.
pid_t callocation_thread(const char *name);
