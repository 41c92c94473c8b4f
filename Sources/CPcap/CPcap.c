#define _GNU_SOURCE
#include "CPcap.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

// What libpcap hands over by layout; its ABI has kept these since version 1.0.
struct pcap_header {
    struct timeval time;
    uint32_t captured;
    uint32_t length;
};
struct pcap_program {
    unsigned length;
    void *instructions;
};
struct pcap_counts {
    unsigned received, dropped, dropped_by_interface;
};

enum { NANOSECONDS = 1, LINK_COOKED_2 = 276, UNKNOWN_NETMASK = -1 };

static struct {
    cpcap *(*create)(const char *, char *);
    int (*set_snaplen)(cpcap *, int);
    int (*set_promisc)(cpcap *, int);
    int (*set_timeout)(cpcap *, int);
    int (*set_buffer_size)(cpcap *, int);
    int (*set_tstamp_precision)(cpcap *, int);
    int (*get_tstamp_precision)(cpcap *);
    int (*activate)(cpcap *);
    const char *(*statustostr)(int);
    char *(*geterr)(cpcap *);
    void (*close)(cpcap *);
    int (*datalink)(cpcap *);
    int (*set_datalink)(cpcap *, int);
    int (*compile)(cpcap *, struct pcap_program *, const char *, int, uint32_t);
    int (*setfilter)(cpcap *, struct pcap_program *);
    void (*freecode)(struct pcap_program *);
    int (*setnonblock)(cpcap *, int, char *);
    int (*get_selectable_fd)(cpcap *);
    int (*dispatch)(cpcap *, int, void (*)(uint8_t *, const struct pcap_header *, const uint8_t *), uint8_t *);
    int (*stats)(cpcap *, struct pcap_counts *);
    const char *(*lib_version)(void);
} pcap;

static const struct {
    const char *name;
    void **place;
} functions[] = {
#define FUNCTION(name) {"pcap_" #name, (void **)&pcap.name}
    FUNCTION(create), FUNCTION(set_snaplen), FUNCTION(set_promisc), FUNCTION(set_timeout), FUNCTION(set_buffer_size),
    FUNCTION(set_tstamp_precision), FUNCTION(get_tstamp_precision), FUNCTION(activate), FUNCTION(statustostr), FUNCTION(geterr),
    FUNCTION(close), FUNCTION(datalink), FUNCTION(set_datalink), FUNCTION(compile), FUNCTION(setfilter), FUNCTION(freecode),
    FUNCTION(setnonblock), FUNCTION(get_selectable_fd), FUNCTION(dispatch), FUNCTION(stats), FUNCTION(lib_version),
#undef FUNCTION
};

// Debian's and Ubuntu's name, everybody else's, and the one that only development packages bring.
static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1", "libpcap.so"};

const char *cpcap_load(void) {
    static void *library = NULL;
    static const char *fault = NULL;
    if (library) return fault;
    for (size_t index = 0; !library && index < sizeof names / sizeof *names; index++) library = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
    if (!library) return "no libpcap.so.0.8 and no libpcap.so.1 on this machine";
    for (size_t index = 0; index < sizeof functions / sizeof *functions; index++) {
        *functions[index].place = dlsym(library, functions[index].name);
        if (!*functions[index].place) fault = "the libpcap on this machine is older than 1.5";
    }
    return fault;
}

const char *cpcap_version(void) { return pcap.lib_version ? pcap.lib_version() : "no libpcap"; }

static void say(char *text, const char *words) { snprintf(text, 256, "%s", words ? words : ""); }

cpcap *cpcap_open(const char *device, int snapshot, int buffer, int delay, int *code, char *text) {
    char errors[256] = "";
    text[0] = 0;
    *code = CPCAP_FAILED;
    cpcap *source = pcap.create(device, errors);
    if (!source) {
        say(text, errors);
        return NULL;
    }
    pcap.set_snaplen(source, snapshot);
    pcap.set_promisc(source, 0);
    pcap.set_timeout(source, delay);
    pcap.set_buffer_size(source, buffer);
    pcap.set_tstamp_precision(source, NANOSECONDS);
    int status = pcap.activate(source);
    if (status < 0) {
        const char *words = pcap.geterr(source);
        say(text, words && *words ? words : pcap.statustostr(status));
        *code = status;
        pcap.close(source);
        return NULL;
    }
    // The cooked header that names the interface of each packet, where there is a choice; other links refuse it.
    pcap.set_datalink(source, LINK_COOKED_2);
    if (pcap.setnonblock(source, 1, errors) != 0) {
        say(text, errors);
        pcap.close(source);
        return NULL;
    }
    *code = 0;
    return source;
}

void cpcap_close(cpcap *source) { pcap.close(source); }

int cpcap_link(cpcap *source) {
    int link = pcap.datalink(source);
    // DLT_RAW has another number in files.
    return link == 12 || link == 14 ? 101 : link;
}

bool cpcap_filter(cpcap *source, const char *expression, char *text) {
    struct pcap_program program = {0, NULL};
    if (pcap.compile(source, &program, expression, 1, (uint32_t)UNKNOWN_NETMASK) != 0) {
        say(text, pcap.geterr(source));
        return false;
    }
    bool is_set = pcap.setfilter(source, &program) == 0;
    if (!is_set) say(text, pcap.geterr(source));
    pcap.freecode(&program);
    return is_set;
}

int cpcap_descriptor(cpcap *source) { return pcap.get_selectable_fd(source); }

struct reading {
    void (*take)(void *, const cpcap_packet *, const uint8_t *);
    void *context;
    uint64_t unit;
};

static void hand_over(uint8_t *context, const struct pcap_header *header, const uint8_t *bytes) {
    struct reading *reading = (struct reading *)context;
    cpcap_packet packet = {
        .time = (uint64_t)header->time.tv_sec * 1000000000u + (uint64_t)header->time.tv_usec * reading->unit,
        .captured = header->captured,
        .length = header->length,
    };
    reading->take(reading->context, &packet, bytes);
}

int cpcap_read(
    cpcap *source, int limit, void (*take)(void *context, const cpcap_packet *packet, const uint8_t *bytes), void *context, char *text) {
    struct reading reading = {take, context, pcap.get_tstamp_precision(source) == NANOSECONDS ? 1 : 1000};
    int count = pcap.dispatch(source, limit, hand_over, (uint8_t *)&reading);
    if (count < 0) say(text, pcap.geterr(source));
    return count;
}

bool cpcap_count(cpcap *source, cpcap_statistics *statistics) {
    struct pcap_counts counts = {0, 0, 0};
    if (pcap.stats(source, &counts) != 0) return false;
    *statistics = (cpcap_statistics){counts.received, counts.dropped, counts.dropped_by_interface};
    return true;
}

int cpcap_give_up_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
    return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}
