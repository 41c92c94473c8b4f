#pragma once
#include <stdbool.h>
#include <stdint.h>

/// libpcap, found when it is needed and not when the program starts.
///
/// A program that is linked with libpcap doesn't start where the library lacks, and who copies one binary into a slim image would need it for
/// a command that he never calls. So it is opened with dlopen by the first call, and what is used of its interface, which hasn't changed for a
/// decade, is declared here: no header of libpcap's is needed to build either.

/// An open interface.
typedef struct cpcap cpcap;

/// One packet's header: nanoseconds since 1970, bytes captured and bytes on the wire.
typedef struct {
    uint64_t time;
    uint32_t captured;
    uint32_t length;
} cpcap_packet;

typedef struct {
    /// Packets that passed the filter.
    uint32_t received;
    /// Of them, those for which the kernel's buffer had no room.
    uint32_t dropped;
    /// Those that the network card or its driver dropped.
    uint32_t dropped_by_interface;
} cpcap_statistics;

enum {
    CPCAP_FAILED = -1,
    CPCAP_NO_SUCH_DEVICE = -5,
    CPCAP_NOT_PERMITTED = -8,
    CPCAP_NOT_UP = -9,
    CPCAP_PROMISCUOUS_NOT_PERMITTED = -11,
};

/// Loads the library; NULL where that worked, else why not, valid until the next call.
const char *cpcap_load(void);
/// The library's own name and version.
const char *cpcap_version(void);

/// Opens an interface: `snapshot` bytes of each packet, a kernel buffer of `buffer` bytes that is handed over after `delay` milliseconds at the
/// latest, times in nanoseconds, not promiscuous. NULL on failure, with the code and a text of at most 256 bytes.
cpcap *cpcap_open(const char *device, int snapshot, int buffer, int delay, int *code, char *text);
void cpcap_close(cpcap *source);

/// LINKTYPE_ of the packets.
int cpcap_link(cpcap *source);
/// Lets only packets pass that match; false and the text where the expression is none.
bool cpcap_filter(cpcap *source, const char *expression, char *text);
/// What becomes readable when there are packets.
int cpcap_descriptor(cpcap *source);
/// Hands out the packets that wait, at most `limit`; the count, or a negative number and the text.
int cpcap_read(
    cpcap *source, int limit, void (*take)(void *context, const cpcap_packet *packet, const uint8_t *bytes), void *context, char *text);
bool cpcap_count(cpcap *source, cpcap_statistics *statistics);

/// Empties the calling process's capability sets and rules out that it gets any again; -errno.
int cpcap_give_up_capabilities(void);
