#define _GNU_SOURCE
#include "CAllocationCounter.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The functions below are in the executable, so the dynamic linker prefers them to libc's for every library of the process.
// They count and hand on to the names under which glibc exports the same functions once more. A thread takes an entry of a fixed
// table with its first allocation; nothing here allocates itself.

enum { entries = 4096 };

struct entry {
    _Atomic pid_t thread;
    _Atomic uint64_t count;
};

static struct entry table[entries];
static _Atomic unsigned used;
static __thread struct entry *mine;

static void count_one(void) {
    if (!mine) {
        unsigned index = atomic_fetch_add(&used, 1);
        // Threads beyond the table share its last entry; a test that reads their count would see too many, never too few.
        mine = &table[index < entries ? index : entries - 1];
        atomic_store(&mine->thread, gettid());
    }
    // Only the owner writes: no need for a locked instruction.
    atomic_store_explicit(&mine->count, atomic_load_explicit(&mine->count, memory_order_relaxed) + 1, memory_order_relaxed);
}

uint64_t callocation_count(void) { return mine ? atomic_load(&mine->count) : 0; }

uint64_t callocation_count_of(pid_t tid) {
    // From the newest entry on: the kernel gives numbers of threads again.
    unsigned end = atomic_load(&used);
    if (end > entries) end = entries;
    for (unsigned index = end; index-- > 0;)
        if (atomic_load(&table[index].thread) == tid) return atomic_load(&table[index].count);
    return 0;
}

pid_t callocation_thread(const char *name) {
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return -1;
    pid_t newest = -1;
    for (struct dirent *task; (task = readdir(tasks));) {
        char path[300], comm[32] = {0};
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        if (fgets(comm, sizeof comm, file)) comm[strcspn(comm, "\n")] = 0;
        fclose(file);
        pid_t tid = (pid_t)atoi(task->d_name);
        if (!strcmp(comm, name) && tid > newest) newest = tid;
    }
    closedir(tasks);
    return newest;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *bytes, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *bytes, size_t size) {
    count_one();
    return __libc_realloc(bytes, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count_one();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    count_one();
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

#endif

bool callocation_is_active(void) {
    uint64_t before = callocation_count();
    // Through a pointer that the compiler can't see through, lest it removes the pair.
    void *(*volatile allocate)(size_t) = malloc;
    free(allocate(24));
    return callocation_count() == before + 1;
}
