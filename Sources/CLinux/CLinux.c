#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int result_of(int value) { return value < 0 ? -errno : value; }

// Addresses

static const uint64_t mapped_prefix = 0x0000FFFF00000000ull;

clinux_address clinux_address_make(uint64_t high, uint64_t low, uint16_t port) {
    clinux_address out;
    memset(&out, 0, sizeof out);
    if (high == 0 && (low >> 32) == (mapped_prefix >> 32)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl((uint32_t)low)};
        memcpy(out.bytes, &v4, sizeof v4);
        out.length = sizeof v4;
    } else {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        uint64_t halves[2] = {__builtin_bswap64(high), __builtin_bswap64(low)};
        memcpy(&v6.sin6_addr, halves, 16);
        memcpy(out.bytes, &v6, sizeof v6);
        out.length = sizeof v6;
    }
    return out;
}

void clinux_address_read(const clinux_address *address, uint64_t *high, uint64_t *low, uint16_t *port) {
    sa_family_t family;
    memcpy(&family, address->bytes, sizeof family);
    *high = *low = *port = 0;
    if (family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address->bytes, sizeof v4);
        *low = mapped_prefix | ntohl(v4.sin_addr.s_addr);
        *port = ntohs(v4.sin_port);
    } else if (family == AF_INET6) {
        struct sockaddr_in6 v6;
        uint64_t halves[2];
        memcpy(&v6, address->bytes, sizeof v6);
        memcpy(halves, &v6.sin6_addr, 16);
        *high = __builtin_bswap64(halves[0]);
        *low = __builtin_bswap64(halves[1]);
        *port = ntohs(v6.sin6_port);
    }
}

// Sockets

static int stream_socket(const clinux_address *address) {
    sa_family_t family;
    memcpy(&family, address->bytes, sizeof family);
    return result_of(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int clinux_set_no_delay(int fd) {
    int on = 1;
    return result_of(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

int clinux_listen(const clinux_address *address, bool reuse_port, int backlog) {
    int fd = stream_socket(address), on = 1;
    if (fd < 0) return fd;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    // Accepted sockets inherit it, which saves a call for each of them.
    clinux_set_no_delay(fd);
    if (bind(fd, (const struct sockaddr *)address->bytes, address->length) < 0 || listen(fd, backlog) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int clinux_is_free(const clinux_address *address) {
    int fd = stream_socket(address), on = 1;
    if (fd < 0) return fd;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int result = result_of(bind(fd, (const struct sockaddr *)address->bytes, address->length));
    close(fd);
    return result;
}

int clinux_socket(const clinux_address *address) {
    int fd = stream_socket(address);
    if (fd >= 0) clinux_set_no_delay(fd);
    return fd;
}

int clinux_connect(int fd, const clinux_address *address) {
    return result_of(connect(fd, (const struct sockaddr *)address->bytes, address->length));
}

int clinux_accept(int fd) { return result_of(accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

int clinux_peer(int fd, clinux_address *address) {
    socklen_t length = sizeof address->bytes;
    int result = result_of(getpeername(fd, (struct sockaddr *)address->bytes, &length));
    address->length = length;
    return result;
}

int clinux_local(int fd, clinux_address *address) {
    socklen_t length = sizeof address->bytes;
    int result = result_of(getsockname(fd, (struct sockaddr *)address->bytes, &length));
    address->length = length;
    return result;
}

int clinux_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errno;
    return error;
}

int clinux_set_reset_on_close(int fd) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    return result_of(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

ssize_t clinux_receive(int fd, void *bytes, size_t count) {
    ssize_t result = recv(fd, bytes, count, MSG_DONTWAIT);
    return result < 0 ? -errno : result;
}

ssize_t clinux_send(int fd, const void *bytes, size_t count) {
    ssize_t result = send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return result < 0 ? -errno : result;
}

int clinux_shutdown_write(int fd) { return result_of(shutdown(fd, SHUT_WR)); }
int clinux_close(int fd) { return result_of(close(fd)); }

// epoll and eventfd

int clinux_epoll_create(void) { return result_of(epoll_create1(EPOLL_CLOEXEC)); }

int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return result_of(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int clinux_epoll_remove(int epoll, int fd) { return result_of(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL)); }

int clinux_epoll_wait(int epoll, struct epoll_event *events, int limit, int64_t nanoseconds) {
    // Rounded up, so that a deadline has passed when the wait ends.
    int milliseconds = nanoseconds < 0 ? -1 : nanoseconds > 2000000000000 ? 2000000 : (int)((nanoseconds + 999999) / 1000000);
    int result = epoll_wait(epoll, events, limit, milliseconds);
    return result < 0 ? (errno == EINTR ? 0 : -errno) : result;
}

int clinux_eventfd(void) { return result_of(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

void clinux_eventfd_signal(int fd) {
    uint64_t one = 1;
    // A full counter means that the reader has a wake-up waiting: nothing is lost.
    ssize_t unused = write(fd, &one, sizeof one);
    (void)unused;
}

void clinux_eventfd_clear(int fd) {
    uint64_t count;
    ssize_t unused = read(fd, &count, sizeof count);
    (void)unused;
}

bool clinux_eventfd_wait(int fd, int milliseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, milliseconds) > 0;
}

// Time and memory

static uint64_t clock_nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t clinux_monotonic(void) { return clock_nanoseconds(CLOCK_MONOTONIC); }
uint64_t clinux_realtime(void) { return clock_nanoseconds(CLOCK_REALTIME); }

void clinux_sleep(uint64_t nanoseconds) {
    struct timespec span = {.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)};
    nanosleep(&span, NULL);
}

void *clinux_reserve(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void clinux_unreserve(void *memory, size_t size) { munmap(memory, size); }

void clinux_give_back(void *memory, size_t size) { madvise(memory, size, MADV_DONTNEED); }

int clinux_set_direct(int fd, bool on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -errno;
    return result_of(fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT));
}

// Names

int clinux_resolve(const char *host, uint16_t port, clinux_address *out, int limit) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    int code = getaddrinfo(host, NULL, &hints, &list), count = 0;
    if (code != 0) return code < 0 ? code : -code;
    for (struct addrinfo *each = list; each && count < limit; each = each->ai_next) {
        if (each->ai_addrlen > sizeof out->bytes) continue;
        memset(&out[count], 0, sizeof out[count]);
        memcpy(out[count].bytes, each->ai_addr, each->ai_addrlen);
        // The port lies at the same place in both families.
        ((struct sockaddr_in *)(void *)out[count].bytes)->sin_port = htons(port);
        out[count++].length = each->ai_addrlen;
    }
    freeaddrinfo(list);
    return count;
}

const char *clinux_resolve_error(int code) { return gai_strerror(code); }

// Threads and signals

struct start {
    void (*body)(void *);
    void *argument;
};

static void *run(void *raw) {
    struct start start = *(struct start *)raw;
    free(raw);
    start.body(start.argument);
    return NULL;
}

int clinux_spawn(const char *name, size_t stack, void (*body)(void *), void *argument, uint64_t *thread) {
    struct start *start = malloc(sizeof *start);
    if (!start) return -ENOMEM;
    *start = (struct start){body, argument};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    pthread_t handle;
    int error = pthread_create(&handle, &attributes, run, start);
    pthread_attr_destroy(&attributes);
    if (error) {
        free(start);
        return -error;
    }
    pthread_setname_np(handle, name);
    *thread = (uint64_t)handle;
    return 0;
}

int clinux_join(uint64_t thread) { return -pthread_join((pthread_t)thread, NULL); }

int clinux_pin_to_cpu(int cpu) {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return -errno;
    // The n-th processor that this process may use, which need not be number n.
    for (int each = 0; each < CPU_SETSIZE; each++)
        if (CPU_ISSET(each, &allowed) && cpu-- == 0) {
            CPU_SET(each, &one);
            return result_of(sched_setaffinity(0, sizeof one, &one));
        }
    return -EINVAL;
}

int clinux_cpu_count(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return 1;
    return CPU_COUNT(&allowed);
}

static bool passes_signals = false;
static bool began_on_terminal = false;

static sigset_t awaited(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGCHLD);
    if (passes_signals) {
        sigaddset(&set, SIGQUIT);
        sigaddset(&set, SIGWINCH);
    }
    return set;
}

void clinux_block_passed_signals(void) {
    passes_signals = true;
    began_on_terminal = isatty(0);
    clinux_block_signals();
}

void clinux_block_signals(void) {
    sigset_t set = awaited();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int clinux_wait_signal(int milliseconds) {
    sigset_t set = awaited();
    struct timespec limit = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    int signal = sigtimedwait(&set, NULL, milliseconds < 0 ? NULL : &limit);
    return signal < 0 ? 0 : signal;
}

int clinux_wait_signal_or(int fd, int milliseconds) {
    // Made once: what is awaited doesn't change any more when somebody waits.
    static int signals = -1;
    if (signals < 0) {
        sigset_t set = awaited();
        signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    if (signals < 0) return clinux_wait_signal(milliseconds < 50 ? milliseconds : 50);
    struct pollfd entries[2] = {{.fd = signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    if (poll(entries, 2, milliseconds) <= 0 || !entries[0].revents) return 0;
    struct signalfd_siginfo info;
    return read(signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int clinux_pid(void) { return getpid(); }

void clinux_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

uint64_t clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

// Children

void clinux_fill_standard_descriptors(void) {
    // open gives the lowest free number, so each gap is filled in turn.
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return;
}

// Runs in the child between fork and exec: only what is safe there.
static void become(char *const arguments[], char *const environment[], int parent, int input, int output, int errors, int report) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    for (int each = 1; each < NSIG; each++) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(each, &standard, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if ((input < 0 || dup2(input, 0) >= 0) && dup2(output, 1) >= 0 && dup2(errors, 2) >= 0)
        execvpe(arguments[0], arguments, environment);
    int error = errno;
    ssize_t unused = write(report, &error, sizeof error);
    (void)unused;
    _exit(127);
}

static void close_pair(int pair[2]) {
    if (pair[0] >= 0) close(pair[0]);
    if (pair[1] >= 0) close(pair[1]);
}

int clinux_start_child(char *const arguments[], char *const environment[], clinux_child *child) {
    int output[2] = {-1, -1}, errors[2] = {-1, -1}, report[2] = {-1, -1}, input = -1, error = 0, parent = getpid();
    // A group in the background that reads its terminal is stopped by the kernel, so it gets no terminal to read.
    if (isatty(0)) input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pipe2(output, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) error = errno;
    pid_t pid = error ? -1 : fork();
    if (pid == 0) become(arguments, environment, parent, input, output[1], errors[1], report[1]);
    if (pid < 0) {
        if (!error) error = errno;
        close_pair(output);
        close_pair(errors);
        close_pair(report);
        if (input >= 0) close(input);
        return -error;
    }
    // On both sides of the fork, so that neither depends on who runs first.
    setpgid(pid, pid);
    close(output[1]);
    close(errors[1]);
    close(report[1]);
    if (input >= 0) close(input);
    ssize_t count;
    do count = read(report[0], &error, sizeof error);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == sizeof error) {
        close(output[0]);
        close(errors[0]);
        clinux_reap(pid);
        return -error;
    }
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    fcntl(errors[0], F_SETFL, O_NONBLOCK);
    *child = (clinux_child){.pid = pid, .output = output[0], .errors = errors[0]};
    return 0;
}

bool clinux_child_ended(int pid, clinux_exit *exit) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) return false;
    bool left = info.si_code == CLD_EXITED;
    *exit = (clinux_exit){.pid = pid, .code = left ? info.si_status : 0, .signal = left ? 0 : info.si_status};
    return true;
}

void clinux_reap(int pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

void clinux_reap_orphans(int child) {
    while (true) {
        siginfo_t info;
        memset(&info, 0, sizeof info);
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 || info.si_pid == child) return;
        clinux_reap(info.si_pid);
    }
}

void clinux_adopt_orphans(void) { prctl(PR_SET_CHILD_SUBREAPER, 1); }

int clinux_signal_group(int group, int signal) {
    // 0, 1 and negative numbers mean other things than a group of ours.
    if (group <= 1) return -EINVAL;
    return result_of(kill(-group, signal));
}

int clinux_signal_process(int pid, int signal) {
    if (pid <= 1) return -EINVAL;
    return result_of(kill(pid, signal));
}

bool clinux_terminal_is_gone(void) {
    struct pollfd entry = {.fd = 0, .events = POLLIN};
    // A pipe whose writer has gone looks the same, and means nothing.
    return began_on_terminal && poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}
