#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What memory there is, and how much of it is taken.

/// Reads at most `size` bytes from the start of a small file (proc, sysfs); how many, or -errno.
ssize_t clinux_read_file(const char *path, void *bytes, size_t size);
/// Memory of the machine in bytes; 0 where it can't be told.
uint64_t clinux_physical_memory(void);
/// Memory of this process that is resident, in bytes; 0 where it can't be told.
uint64_t clinux_resident_memory(void);
/// Gives free pages of the heap, of all its arenas, back to the system.
void clinux_trim_heap(void);
/// Bounds what the kernel takes of a connection beyond what is on its way to the peer.
int clinux_set_unsent_limit(int fd, uint32_t bytes);
