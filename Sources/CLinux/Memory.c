#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

ssize_t clinux_read_file(const char *path, void *bytes, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t taken = 0;
    while (taken < size) {
        ssize_t count = read(fd, (char *)bytes + taken, size - taken);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            ssize_t error = -errno;
            close(fd);
            return error;
        }
        if (count == 0) break;
        taken += (size_t)count;
    }
    close(fd);
    return (ssize_t)taken;
}

uint64_t clinux_physical_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

uint64_t clinux_resident_memory(void) {
    char text[128];
    ssize_t count = clinux_read_file("/proc/self/statm", text, sizeof text - 1);
    if (count <= 0) return 0;
    text[count] = 0;
    char *end = NULL;
    strtoull(text, &end, 10);
    unsigned long long resident = strtoull(end, NULL, 10);
    long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? resident * (uint64_t)size : 0;
}

void clinux_trim_heap(void) { malloc_trim(0); }

int clinux_set_unsent_limit(int fd, uint32_t bytes) {
    return setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes) < 0 ? -errno : 0;
}
