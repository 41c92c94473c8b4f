#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int result_of(int value) { return value < 0 ? -errno : value; }

// The control socket

static int address_of(const char *path, struct sockaddr_un *address, socklen_t *length) {
    size_t count = strlen(path);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (count == 0 || count >= sizeof address->sun_path) return -ENAMETOOLONG;
    memcpy(address->sun_path, path, count);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count);
    if (path[0] == '@') address->sun_path[0] = 0; else *length += 1;
    return 0;
}

static int control_socket(void) { return result_of(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

int clinux_control_listen(const char *path) {
    struct sockaddr_un address;
    socklen_t length;
    int error = address_of(path, &address, &length);
    if (error < 0) return error;
    int fd = control_socket();
    if (fd < 0) return fd;
    // The file takes the mode of the socket's inode, so there is no moment at which others could connect.
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 4) < 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int clinux_control_connect(const char *path) {
    struct sockaddr_un address;
    socklen_t length;
    int error = address_of(path, &address, &length);
    if (error < 0) return error;
    int fd = control_socket();
    if (fd < 0) return fd;
    if (connect(fd, (struct sockaddr *)&address, length) < 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int clinux_control_accept(int fd) { return result_of(accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

int clinux_control_pair(int pair[2]) {
    return result_of(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair));
}

static int socket_option(int fd, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -errno : value;
}

bool clinux_is_control(int fd) {
    return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_SEQPACKET;
}

int clinux_peer_identity(int fd, int *pid, uint32_t *uid) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -errno;
    *pid = peer.pid;
    *uid = peer.uid;
    return 0;
}

bool clinux_is_bound_to(int fd, const char *path) {
    struct sockaddr_un wanted, bound;
    socklen_t length, bound_length = sizeof bound;
    if (address_of(path, &wanted, &length) < 0 || getsockname(fd, (struct sockaddr *)&bound, &bound_length) < 0) return false;
    return bound.sun_family == AF_UNIX && bound_length == length && memcmp(bound.sun_path, wanted.sun_path, length - offsetof(struct sockaddr_un, sun_path)) == 0;
}

int clinux_control_remove_stale(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid()) return -EEXIST;
    return result_of(unlink(path));
}

int clinux_directory_is_open(const char *path) {
    char directory[sizeof((struct sockaddr_un *)0)->sun_path + 1] = ".";
    const char *slash = strrchr(path, '/');
    size_t count = slash ? (size_t)(slash - path) : 0;
    if (count >= sizeof directory) return -ENAMETOOLONG;
    if (slash) {
        memcpy(directory, count ? path : "/", count ? count : 1);
        directory[count ? count : 1] = 0;
    }
    struct stat status;
    if (stat(directory, &status) < 0) return -errno;
    if (!S_ISDIR(status.st_mode)) return -ENOTDIR;
    bool writable = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(status.st_mode & S_ISVTX);
    return writable || (status.st_uid != geteuid() && status.st_uid != 0);
}

// Packets

ssize_t clinux_send_packet(int fd, const void *bytes, size_t size, const int *descriptors, int count) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(CLINUX_PACKET_DESCRIPTORS * sizeof(int))];
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count < 0 || count > CLINUX_PACKET_DESCRIPTORS) return -EINVAL;
    if (count > 0) {
        memset(control, 0, sizeof control);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    }
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

ssize_t clinux_receive_packet(int fd, void *bytes, size_t size, int *descriptors, int limit, int *count) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(CLINUX_PACKET_DESCRIPTORS * sizeof(int))];
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *count = 0;
    ssize_t received = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (received < 0) return -errno;
    bool too_much = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        int total = (int)((each->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int index = 0; index < total; index++) {
            int passed;
            memcpy(&passed, CMSG_DATA(each) + (size_t)index * sizeof(int), sizeof passed);
            if (*count < limit) descriptors[(*count)++] = passed;
            else {
                close(passed);
                too_much = true;
            }
        }
    }
    if (!too_much) return received;
    while (*count > 0) close(descriptors[--*count]);
    return -EMSGSIZE;
}

uint32_t clinux_poll(const int *descriptors, int count, int milliseconds) {
    struct pollfd entries[32];
    if (count > 32) count = 32;
    for (int index = 0; index < count; index++) entries[index] = (struct pollfd){.fd = descriptors[index], .events = POLLIN};
    uint32_t ready = 0;
    if (poll(entries, (nfds_t)count, milliseconds) <= 0) return 0;
    for (int index = 0; index < count; index++)
        if (entries[index].revents) ready |= 1u << index;
    return ready;
}

// Listening sockets of others

int clinux_prepare_listener(int fd) {
    int domain = socket_option(fd, SO_DOMAIN);
    if (domain < 0) return domain;
    if ((domain != AF_INET && domain != AF_INET6) || socket_option(fd, SO_TYPE) != SOCK_STREAM || socket_option(fd, SO_ACCEPTCONN) != 1)
        return -EINVAL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
    clinux_set_no_delay(fd);
    return 0;
}

int clinux_duplicate(int fd) { return result_of(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

int clinux_set_close_on_exec(int fd, bool on) { return result_of(fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0)); }

// Processes

// Runs in the child between fork and exec: only what is safe there.
static void succeed(const char *path, char *const arguments[], char *const environment[], int channel, int report) {
    for (int each = 1; each < NSIG; each++) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(each, &standard, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // Whatever somebody forgot to mark: connections of this process must not live on in the next.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    fcntl(channel, F_SETFD, 0);
    execve(path, arguments, environment);
    int error = errno;
    ssize_t unused = write(report, &error, sizeof error);
    (void)unused;
    _exit(127);
}

int clinux_start_successor(const char *path, char *const arguments[], char *const environment[], int channel) {
    int report[2], error = 0;
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;
    pid_t pid = fork();
    if (pid == 0) succeed(path, arguments, environment, channel, report[1]);
    if (pid < 0) error = errno;
    close(report[1]);
    ssize_t count = 0;
    if (pid > 0) {
        do count = read(report[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
    }
    close(report[0]);
    if (pid < 0) return -error;
    if (count == sizeof error) {
        clinux_reap(pid);
        return -error;
    }
    return pid;
}

int clinux_reap_any(int *code) {
    int status = 0;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return pid;
}

bool clinux_process_exists(int pid) { return pid > 1 && (kill(pid, 0) == 0 || errno == EPERM); }

int clinux_pipe(int pair[2]) { return result_of(pipe2(pair, O_CLOEXEC | O_NONBLOCK)); }

ssize_t clinux_read_some(int fd, void *bytes, size_t size) {
    ssize_t count = read(fd, bytes, size);
    return count < 0 ? -errno : count;
}

ssize_t clinux_write_some(int fd, const void *bytes, size_t size) {
    ssize_t count = write(fd, bytes, size);
    return count < 0 ? -errno : count;
}

uint32_t clinux_effective_user(void) { return geteuid(); }
int clinux_parent_pid(void) { return getppid(); }

// The service manager

int clinux_notify(const char *path, const char *text) {
    struct sockaddr_un address;
    socklen_t length;
    int error = address_of(path, &address, &length);
    if (error < 0) return error;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
    error = sent < 0 ? -errno : 0;
    close(fd);
    return error;
}
