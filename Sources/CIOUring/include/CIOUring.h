#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// liburing's inline functions and macros as plain functions that Swift can call.
///
/// One ring, two provided-buffer groups (0: small, 1: large). Nothing here decides; every function that queues an
/// operation submits what is queued when the submission queue is full, so that it never fails for lack of room.

typedef struct ciouring ciouring;

/// One completion: `user` as given, `result` as the kernel says (negative errno on failure), `flags` IORING_CQE_F_*.
typedef struct {
    uint64_t user;
    int32_t result;
    uint32_t flags;
} ciouring_completion;

#define CIOURING_MORE (1u << 1)
#define CIOURING_HAS_BUFFER (1u << 0)
#define CIOURING_BUFFER_SHIFT 16

/// What ciouring_poll_writable's result has besides POLLOUT where the attempt failed.
#define CIOURING_POLL_ERROR 0x8
#define CIOURING_POLL_HANGUP 0x10

/// A ring with single issuer and deferred task work; NULL with *error = errno where the kernel refuses.
ciouring *ciouring_open(unsigned entries, unsigned completions, int *error);
void ciouring_close(ciouring *ring);

/// Registers an empty ring of `entries` (a power of two) provided buffers as group `group`.
int ciouring_register_buffers(ciouring *ring, uint16_t group, unsigned entries);
/// Gives one buffer to the kernel; visible after ciouring_publish_buffers.
void ciouring_provide_buffer(ciouring *ring, uint16_t group, void *bytes, unsigned size, uint16_t id);
void ciouring_publish_buffers(ciouring *ring, uint16_t group);

void ciouring_accept_multishot(ciouring *ring, int fd, uint64_t user);
/// Completes when `fd` can be written to (a connection attempt has ended) or has failed.
void ciouring_poll_writable(ciouring *ring, int fd, uint64_t user);
/// Completes when the connection has failed or its peer has finished, not for bytes.
void ciouring_poll_failure(ciouring *ring, int fd, uint64_t user);
void ciouring_receive_multishot(ciouring *ring, int fd, uint16_t group, uint64_t user);
void ciouring_receive_once(ciouring *ring, int fd, uint16_t group, uint64_t user);
void ciouring_send(ciouring *ring, int fd, const void *bytes, size_t count, bool wait, uint64_t user);
void ciouring_cancel(ciouring *ring, uint64_t target, uint64_t user);
void ciouring_close_descriptor(ciouring *ring, int fd, uint64_t user);
void ciouring_read(ciouring *ring, int fd, void *bytes, unsigned count, uint64_t user);

/// Submits what is queued and waits until a completion is there or `nanoseconds` have passed (0: doesn't wait; UINT64_MAX: for ever).
/// Zero or a negative errno; ETIME is not an error and gives zero.
int ciouring_submit_and_wait(ciouring *ring, uint64_t nanoseconds);
/// Copies at most `limit` completions and marks them as seen.
unsigned ciouring_take(ciouring *ring, ciouring_completion *out, unsigned limit);
