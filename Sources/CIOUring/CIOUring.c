#include "CIOUring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

// The header above states these as numbers, so that it needs no liburing header; they must agree.
_Static_assert(CIOURING_MORE == IORING_CQE_F_MORE, "flag of a multishot completion");
_Static_assert(CIOURING_HAS_BUFFER == IORING_CQE_F_BUFFER, "flag of a provided buffer");
_Static_assert(CIOURING_BUFFER_SHIFT == IORING_CQE_BUFFER_SHIFT, "place of the buffer's id");

_Static_assert(CIOURING_POLL_ERROR == POLLERR && CIOURING_POLL_HANGUP == POLLHUP, "bits of a poll's result");

enum { groups = 2 };

struct ciouring {
    struct io_uring ring;
    struct io_uring_buf_ring *buffers[groups];
    unsigned entries[groups];
    unsigned pending[groups];
};

ciouring *ciouring_open(unsigned entries, unsigned completions, int *error) {
    ciouring *self = calloc(1, sizeof *self);
    if (!self) {
        *error = ENOMEM;
        return NULL;
    }
    struct io_uring_params parameters;
    memset(&parameters, 0, sizeof parameters);
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP;
    parameters.cq_entries = completions;
    int result = io_uring_queue_init_params(entries, &self->ring, &parameters);
    if (result < 0) {
        *error = -result;
        free(self);
        return NULL;
    }
    io_uring_register_ring_fd(&self->ring);
    return self;
}

void ciouring_close(ciouring *self) {
    io_uring_queue_exit(&self->ring);
    for (int group = 0; group < groups; group++)
        if (self->buffers[group]) munmap(self->buffers[group], self->entries[group] * sizeof(struct io_uring_buf));
    free(self);
}

int ciouring_register_buffers(ciouring *self, uint16_t group, unsigned entries) {
    size_t size = entries * sizeof(struct io_uring_buf);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) return -errno;
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)memory, .ring_entries = entries, .bgid = group};
    int result = io_uring_register_buf_ring(&self->ring, &registration, 0);
    if (result < 0) {
        munmap(memory, size);
        return result;
    }
    self->buffers[group] = memory;
    self->entries[group] = entries;
    io_uring_buf_ring_init(self->buffers[group]);
    return 0;
}

void ciouring_provide_buffer(ciouring *self, uint16_t group, void *bytes, unsigned size, uint16_t id) {
    io_uring_buf_ring_add(self->buffers[group], bytes, size, id, io_uring_buf_ring_mask(self->entries[group]),
                          (int)self->pending[group]++);
}

void ciouring_publish_buffers(ciouring *self, uint16_t group) {
    if (!self->pending[group]) return;
    io_uring_buf_ring_advance(self->buffers[group], (int)self->pending[group]);
    self->pending[group] = 0;
}

static struct io_uring_sqe *next_entry(ciouring *self) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    while (!entry) {
        // The queue is full in the middle of a turn: hand it over without waiting.
        io_uring_submit(&self->ring);
        entry = io_uring_get_sqe(&self->ring);
    }
    return entry;
}

void ciouring_accept_multishot(ciouring *self, int fd, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_multishot_accept(entry, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    io_uring_sqe_set_data64(entry, user);
}

void ciouring_poll_writable(ciouring *self, int fd, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_poll_add(entry, fd, POLLOUT);
    io_uring_sqe_set_data64(entry, user);
}

void ciouring_poll_failure(ciouring *self, int fd, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    // No event is asked for: errors and hang-ups are always told.
    io_uring_prep_poll_add(entry, fd, 0);
    io_uring_sqe_set_data64(entry, user);
}

static void receive(ciouring *self, int fd, uint16_t group, uint64_t user, bool multishot) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_recv(entry, fd, NULL, 0, 0);
    if (multishot) entry->ioprio |= IORING_RECV_MULTISHOT;
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = group;
    io_uring_sqe_set_data64(entry, user);
}

void ciouring_receive_multishot(ciouring *self, int fd, uint16_t group, uint64_t user) {
    receive(self, fd, group, user, true);
}

void ciouring_receive_once(ciouring *self, int fd, uint16_t group, uint64_t user) {
    receive(self, fd, group, user, false);
}

void ciouring_send(ciouring *self, int fd, const void *bytes, size_t count, bool wait, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_send(entry, fd, bytes, count, wait ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wait) entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
    io_uring_sqe_set_data64(entry, user);
}

void ciouring_cancel(ciouring *self, uint64_t target, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_cancel64(entry, target, 0);
    io_uring_sqe_set_data64(entry, user);
}

void ciouring_close_descriptor(ciouring *self, int fd, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_close(entry, fd);
    io_uring_sqe_set_data64(entry, user);
}

void ciouring_read(ciouring *self, int fd, void *bytes, unsigned count, uint64_t user) {
    struct io_uring_sqe *entry = next_entry(self);
    io_uring_prep_read(entry, fd, bytes, count, 0);
    io_uring_sqe_set_data64(entry, user);
}

int ciouring_submit_and_wait(ciouring *self, uint64_t nanoseconds) {
    int result;
    if (nanoseconds == 0) {
        result = io_uring_submit_and_get_events(&self->ring);
    } else if (nanoseconds == UINT64_MAX) {
        result = io_uring_submit_and_wait(&self->ring, 1);
    } else {
        struct __kernel_timespec limit = {.tv_sec = (int64_t)(nanoseconds / 1000000000),
                                          .tv_nsec = (int64_t)(nanoseconds % 1000000000)};
        struct io_uring_cqe *unused;
        result = io_uring_submit_and_wait_timeout(&self->ring, &unused, 1, &limit, NULL);
    }
    return result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY ? 0 : result;
}

unsigned ciouring_take(ciouring *self, ciouring_completion *out, unsigned limit) {
    unsigned head, count = 0;
    struct io_uring_cqe *entry;
    io_uring_for_each_cqe(&self->ring, head, entry) {
        if (count == limit) break;
        out[count++] = (ciouring_completion){entry->user_data, entry->res, entry->flags};
    }
    io_uring_cq_advance(&self->ring, count);
    return count;
}
