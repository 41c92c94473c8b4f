// What the tap wants of processor and file system.
//
// What a tap keeps is read next by the disk. Ordinary stores would fetch the lines that they overwrite and push the relay's own buffers out of the
// cache; stores past it do neither, and beside them the sum costs nothing.
//
// A disk takes bytes for places that a file has already faster than for places that have to be found first (twice as fast and more where it was
// measured). So a file that would be deleted can hand its places on to the next one.

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int take_over(int fd, off_t longest) {
    struct stat facts;
    if (fstat(fd, &facts) < 0) return -errno;
    if (!S_ISREG(facts.st_mode) || facts.st_nlink != 1 || facts.st_uid != geteuid() || facts.st_size > longest) return -EPERM;
    if (facts.st_size == 0) return -ENODATA;
    // A lease is given only where nobody else has the file open. Whoever opens it meanwhile would cause a signal: one that is ignored.
    if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0) return -errno;
    int result = fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, facts.st_size) < 0 ? -errno : 0;
    if (fcntl(fd, F_SETLEASE, F_UNLCK) < 0 && result == 0) result = -errno;
    if (result == 0 && fchmod(fd, 0600) < 0) result = -errno;
    return result;
}

int clinux_take_over_file(const char *from, const char *to, off_t longest) {
    int fd = open(from, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = take_over(fd, longest);
    if (result == 0 && renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) result = -errno;
    if (result < 0) {
        close(fd);
        return result;
    }
    return fd;
}

#if defined(__SSE2__)
#include <emmintrin.h>

uint64_t clinux_copy_and_sum(void *to, const void *from, size_t size) {
    const __m128i halves = _mm_set1_epi64x(0xFFFFFFFF);
    __m128i low = _mm_setzero_si128(), high = _mm_setzero_si128();
    for (size_t at = 0; at < size; at += 32) {
        __m128i a = _mm_loadu_si128((const __m128i *)((const char *)from + at));
        __m128i b = _mm_loadu_si128((const __m128i *)((const char *)from + at + 16));
        _mm_stream_si128((__m128i *)((char *)to + at), a);
        _mm_stream_si128((__m128i *)((char *)to + at + 16), b);
        low = _mm_add_epi64(low, _mm_add_epi64(_mm_and_si128(a, halves), _mm_and_si128(b, halves)));
        high = _mm_add_epi64(high, _mm_add_epi64(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32)));
    }
    // Such stores keep no order of their own: whoever is told of them next must find them done.
    _mm_sfence();
    uint64_t sums[2];
    _mm_storeu_si128((__m128i *)sums, _mm_add_epi64(low, high));
    return sums[0] + sums[1];
}
#else
uint64_t clinux_copy_and_sum(void *to, const void *from, size_t size) {
    uint64_t low = 0, high = 0;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word;
        memcpy(&word, (const char *)from + at, 8);
        memcpy((char *)to + at, &word, 8);
        low += word & 0xFFFFFFFF;
        high += word >> 32;
    }
    return low + high;
}
#endif
