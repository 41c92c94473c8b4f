#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "CLinuxMemory.h"
#include "CLinuxRestart.h"

/// Linux calls that the Glibc module doesn't export (variadic, macro or _GNU_SOURCE), one plain function each.
///
/// Functions give -errno on failure, so that no caller has to read a thread-local after the fact.

/// An address in the form the kernel takes: `length` bytes of sockaddr_in or sockaddr_in6.
typedef struct {
    _Alignas(8) uint8_t bytes[28];
    uint32_t length;
} clinux_address;

/// IPv6 halves in host order; an IPv4-mapped address becomes a sockaddr_in.
clinux_address clinux_address_make(uint64_t high, uint64_t low, uint16_t port);
void clinux_address_read(const clinux_address *address, uint64_t *high, uint64_t *low, uint16_t *port);

/// Whether nobody listens on the address, those included who would share it (SO_REUSEPORT): 0, or -EADDRINUSE and the like.
int clinux_is_free(const clinux_address *address);
int clinux_listen(const clinux_address *address, bool reuse_port, int backlog);
int clinux_socket(const clinux_address *address);
int clinux_connect(int fd, const clinux_address *address);
int clinux_accept(int fd);
int clinux_peer(int fd, clinux_address *address);
int clinux_local(int fd, clinux_address *address);
int clinux_socket_error(int fd);
/// Makes the next close send RST instead of FIN.
int clinux_set_reset_on_close(int fd);
int clinux_set_no_delay(int fd);
ssize_t clinux_receive(int fd, void *bytes, size_t count);
ssize_t clinux_send(int fd, const void *bytes, size_t count);
int clinux_shutdown_write(int fd);
int clinux_close(int fd);

int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t data);
int clinux_epoll_remove(int epoll, int fd);
int clinux_epoll_wait(int epoll, struct epoll_event *events, int limit, int64_t nanoseconds);

int clinux_eventfd(void);
void clinux_eventfd_signal(int fd);
void clinux_eventfd_clear(int fd);
/// Waits until the eventfd was signalled; false after `milliseconds`.
bool clinux_eventfd_wait(int fd, int milliseconds);

/// CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds.
uint64_t clinux_monotonic(void);
uint64_t clinux_realtime(void);
void clinux_sleep(uint64_t nanoseconds);

/// Reserves zeroed pages that cost nothing until touched; NULL where the kernel refuses.
void *clinux_reserve(size_t size);
void clinux_unreserve(void *memory, size_t size);
/// Gives the pages of a part of reserved memory back; they are zeroed and cost nothing until touched again.
void clinux_give_back(void *memory, size_t size);

/// Makes writes to `fd` go past the page cache, or through it again; -EINVAL where the file system can't.
int clinux_set_direct(int fd, bool on);
/// Makes the file `to`, which must not exist yet, out of `from`: its places on the disk are kept, and read as zeros up to the length that it had. Only
/// a file of our own of at most `longest` bytes that has no other name and that nobody has open is taken. Its descriptor, or -errno.
int clinux_take_over_file(const char *from, const char *to, off_t longest);
/// Copies `size` bytes, a multiple of 32, to a place aligned to 16, and past the caches where the processor can; the sum of their 32-bit words as
/// they lie in memory. Nobody reads them soon: what reads them next should be the disk.
uint64_t clinux_copy_and_sum(void *to, const void *from, size_t size);

/// Resolves `host` to at most `limit` stream addresses with `port`; the count, or a negative EAI_ code.
int clinux_resolve(const char *host, uint16_t port, clinux_address *out, int limit);
const char *clinux_resolve_error(int code);

/// Runs `body(argument)` on a new thread called `name` (15 characters at most) whose stack has `stack` bytes.
int clinux_spawn(const char *name, size_t stack, void (*body)(void *), void *argument, uint64_t *thread);
int clinux_join(uint64_t thread);
int clinux_pin_to_cpu(int cpu);
int clinux_cpu_count(void);

/// Blocks the signals that the process waits for, in the calling thread and all that it starts.
void clinux_block_signals(void);
/// Waits for one of SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD; at most `milliseconds` (-1: for ever). 0 when none came.
int clinux_wait_signal(int milliseconds);
/// Blocks the signals besides that a supervisor passes on to its child (SIGQUIT, SIGWINCH); `clinux_wait_signal` then gives them too.
void clinux_block_passed_signals(void);
void clinux_ignore_sigpipe(void);
int clinux_pid(void);
/// Raises the soft limit of descriptors to the hard one and returns it.
uint64_t clinux_raise_descriptor_limit(void);

// Children

/// A started child: its leader and group have the same number.
typedef struct {
    int pid;
    /// The ends to read its standard output and standard error from.
    int output;
    int errors;
} clinux_child;

/// How a child ended: `signal` is 0 where it left by itself.
typedef struct {
    int pid;
    int code;
    int signal;
} clinux_exit;

/// Opens /dev/null for each standard descriptor that is closed, so that no pipe takes its number.
void clinux_fill_standard_descriptors(void);
/// Starts `arguments[0]` (looked for on PATH) in a process group of its own, its output in pipes, its input ours, or none where that is a terminal. It
/// gets SIGTERM if this process vanishes. -errno where it can't be started, ENOENT for a command that isn't there.
int clinux_start_child(char *const arguments[], char *const environment[], clinux_child *child);
/// Whether `pid` has ended, and how. It stays a zombie, so that its number belongs to nobody else until `clinux_reap`.
bool clinux_child_ended(int pid, clinux_exit *exit);
/// Takes `pid` off the kernel's table.
void clinux_reap(int pid);
/// Takes what was orphaned and came to us off the kernel's table, but never `child`.
void clinux_reap_orphans(int child);
/// Makes this process the parent of what its descendants leave behind.
void clinux_adopt_orphans(void);
/// Sends `signal` to every process of the group; -errno.
int clinux_signal_group(int group, int signal);
int clinux_signal_process(int pid, int signal);
/// Whether the terminal of the standard input has gone.
bool clinux_terminal_is_gone(void);
