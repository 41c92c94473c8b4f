#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Hot restart: a control socket, descriptors over it, a successor of our own, and the service manager.

/// The most descriptors that the kernel passes with one packet.
#define CLINUX_PACKET_DESCRIPTORS 253

/// Binds and listens on a Unix socket for packets, mode 0600 from the first moment.
int clinux_control_listen(const char *path);
/// Connects to one; -ENOENT or -ECONNREFUSED where nobody listens.
int clinux_control_connect(const char *path);
int clinux_control_accept(int fd);
int clinux_control_pair(int pair[2]);
/// Whether the descriptor is a Unix socket for packets.
bool clinux_is_control(int fd);
/// Who opened the other end; -errno.
int clinux_peer_identity(int fd, int *pid, uint32_t *uid);
/// Whether the Unix socket `fd` is bound to `path`.
bool clinux_is_bound_to(int fd, const char *path);
/// Removes what a process that has gone left at `path`, if it is a socket of ours.
int clinux_control_remove_stale(const char *path);
/// Whether another user could replace what lies in the directory of `path`: 1 yes, 0 no, -errno.
int clinux_directory_is_open(const char *path);

/// Sends one packet with `count` descriptors; never blocks.
ssize_t clinux_send_packet(int fd, const void *bytes, size_t size, const int *descriptors, int count);
/// Receives one packet; its descriptors are close-on-exec and the caller's. -EMSGSIZE where it, or what it passes, was too much (then nothing is kept).
ssize_t clinux_receive_packet(int fd, void *bytes, size_t size, int *descriptors, int limit, int *count);

/// Waits until one of `count` descriptors can be read; a bit for each that can.
uint32_t clinux_poll(const int *descriptors, int count, int milliseconds);

/// Makes a listening TCP socket that somebody else opened one of ours (non-blocking, close-on-exec, no delay); -ENOTSOCK, -EINVAL if it is none.
int clinux_prepare_listener(int fd);
/// Another descriptor of the same socket, close-on-exec.
int clinux_duplicate(int fd);
int clinux_set_close_on_exec(int fd, bool on);

/// Starts `path` with nothing inherited but the standard descriptors and `channel`; its pid or -errno.
int clinux_start_successor(const char *path, char *const arguments[], char *const environment[], int channel);
/// Takes one ended child off the kernel's table; its pid, or 0. `code` as a shell has it.
int clinux_reap_any(int *code);
bool clinux_process_exists(int pid);
int clinux_pipe(int pair[2]);
ssize_t clinux_read_some(int fd, void *bytes, size_t size);
ssize_t clinux_write_some(int fd, const void *bytes, size_t size);

uint32_t clinux_effective_user(void);
int clinux_parent_pid(void);

/// Tells a service manager at the Unix socket `path` (@ for an abstract one).
int clinux_notify(const char *path, const char *text);

/// As `clinux_wait_signal`, and returns 0 early when `fd` can be read.
int clinux_wait_signal_or(int fd, int milliseconds);
