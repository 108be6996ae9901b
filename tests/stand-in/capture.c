/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "stand-in/capture.h"
#include "stand-in/reporter.h"
#include "util/alloc.h"
#include "util/usec.h"

#define SNAPLEN 9216
#define BUFFER_SIZE (2 << 20)
#define BATCH_MAX 1000

struct Capture {
        CaptureOptions options; /* interface without the name of a packet source */
        pcap_t* pcap;
        pcap_dumper_t* dumper;
        int link_type;
        uint64_t received;

        /* of a file that is read in its own time: the packet that waits, and how the two clocks began */
        struct pcap_pkthdr* next_header;
        const u_char* next_data;
        double first_timestamp;
        usec_t first_usec;
};

static const char* source_kind(const Capture* capture) {
        return capture->options.interface ? "interface" : "trace file";
}

const char* capture_source(const Capture* capture) {
        return capture->options.interface ? capture->options.interface : capture->options.file;
}

static int problem(const Capture* capture, const char* text) {
        return report_fatal(NULL, "problem with %s %s (%s)", source_kind(capture), capture_source(capture),
                            text);
}

static int pcap_problem(const Capture* capture, const char* step) {
        _cleanup_free_ char* text = xasprintf("pcap_error: %s (%s)", pcap_geterr(capture->pcap), step);

        return problem(capture, text);
}

static int open_live(Capture* capture) {
        char error[PCAP_ERRBUF_SIZE] = "";
        int r;

        capture->pcap = pcap_create(capture->options.interface, error);
        if (!capture->pcap)
                return problem(capture, error);

        if (pcap_set_snaplen(capture->pcap, SNAPLEN) < 0)
                return pcap_problem(capture, "pcap_set_snaplen");
        if (pcap_set_promisc(capture->pcap, 1) < 0)
                return pcap_problem(capture, "pcap_set_promisc");
        /* packets are handed over one by one: what a test sends is seen at once, and an idle interface wakes
         * nobody */
        if (pcap_set_immediate_mode(capture->pcap, 1) < 0)
                return pcap_problem(capture, "pcap_set_immediate_mode");
        if (pcap_set_buffer_size(capture->pcap, BUFFER_SIZE) < 0)
                return pcap_problem(capture, "pcap_set_buffer_size");

        r = pcap_activate(capture->pcap);
        if (r < 0) {
                if (!*pcap_geterr(capture->pcap))
                        return problem(capture, pcap_statustostr(r));
                return pcap_problem(capture, "pcap_activate");
        }
        if (pcap_setnonblock(capture->pcap, 1, error) < 0)
                return problem(capture, error);
        return 0;
}

static int open_offline(Capture* capture) {
        char error[PCAP_ERRBUF_SIZE] = "";

        capture->pcap = pcap_open_offline(capture->options.file, error);
        return capture->pcap ? 0 : problem(capture, error);
}

static int set_filter(Capture* capture) {
        struct bpf_program program;
        bool good;

        if (!capture->options.filter)
                return 0;
        if (pcap_compile(capture->pcap, &program, capture->options.filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
                return report_fatal(NULL, "Bad pcap filter '%s': %s", capture->options.filter,
                                    pcap_geterr(capture->pcap));
        good = pcap_setfilter(capture->pcap, &program) >= 0;
        pcap_freecode(&program);
        return good ? 0 : pcap_problem(capture, "pcap_setfilter");
}

static int open_output(Capture* capture) {
        if (!capture->options.output_file)
                return 0;
        capture->dumper = pcap_dump_open(capture->pcap, capture->options.output_file);
        if (!capture->dumper)
                return report_fatal(NULL, "problem opening dump file %s (%s)", capture->options.output_file,
                                    pcap_geterr(capture->pcap));
        return 0;
}

static int check_link_type(Capture* capture) {
        _cleanup_free_ char* text = NULL;

        capture->link_type = pcap_datalink(capture->pcap);
        if (decode_knows(capture->link_type))
                return 0;
        text = xasprintf("unknown data link type 0x%x", (unsigned) capture->link_type);
        return problem(capture, text);
}

/* "af_packet::eth0": here libpcap reads from all that Zeek's own packet sources read from. */
static int strip_source_type(Capture* capture) {
        static const char* const types[] = { "af_packet", "pcap" };
        const char* colons = capture->options.interface ? strstr(capture->options.interface, "::") : NULL;
        size_t length = colons ? (size_t) (colons - capture->options.interface) : 0;

        if (!colons)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (strlen(types[i]) == length && strncmp(types[i], capture->options.interface, length) == 0) {
                        capture->options.interface = colons + 2;
                        return 0;
                }
        return report_fatal(NULL, "type of packet source '%.*s' not recognized, or mode not supported",
                            (int) length, capture->options.interface);
}

int capture_open(Capture** ret, const CaptureOptions* options) {
        _cleanup_(capture_freep) Capture* capture = xnew0(Capture);
        int r;

        assert(!options->interface != !options->file);
        capture->options = *options;

        r = strip_source_type(capture);
        if (r >= 0)
                r = options->interface ? open_live(capture) : open_offline(capture);
        if (r >= 0)
                r = check_link_type(capture);
        if (r >= 0)
                r = set_filter(capture);
        if (r >= 0)
                r = open_output(capture);
        if (r < 0)
                return r;

        if (options->interface)
                report_info("listening on %s", capture_source(capture));
        *ret = take_ptr(capture);
        return 0;
}

Capture* capture_free(Capture* capture) {
        if (!capture)
                return NULL;
        if (capture->dumper)
                pcap_dump_close(capture->dumper);
        if (capture->pcap)
                pcap_close(capture->pcap);
        free(capture);
        return NULL;
}

bool capture_is_live(const Capture* capture) {
        return capture->options.interface;
}

int capture_fd(const Capture* capture) {
        int fd = capture->options.interface ? pcap_get_selectable_fd(capture->pcap) : -1;

        return fd < 0 ? -EBADF : fd;
}

static double timestamp_of(const struct pcap_pkthdr* header) {
        return (double) header->ts.tv_sec + (double) header->ts.tv_usec / 1e6;
}

uint64_t capture_next_usec(const Capture* capture) {
        if (!capture->next_header || capture->options.pseudo_realtime <= 0)
                return 0;

        double since = (timestamp_of(capture->next_header) - capture->first_timestamp) /
                       capture->options.pseudo_realtime;
        return capture->first_usec + (since > 0 && since < 1e9 ? (usec_t) (since * 1e6) : 0);
}

typedef struct Batch {
        Capture* capture;
        PacketSeen seen;
        void* userdata;
} Batch;

static void handle_frame(u_char* user, const struct pcap_pkthdr* header, const u_char* data) {
        Batch* batch = (Batch*) (void*) user;
        Capture* capture = batch->capture;
        Packet packet;

        capture->received++;
        if (capture->dumper)
                pcap_dump((u_char*) capture->dumper, header, data);

        bool is_ip = decode_packet(&packet, capture->link_type, data, header->caplen);
        packet.timestamp = timestamp_of(header);
        batch->seen(is_ip ? &packet : NULL, timestamp_of(header), batch->userdata);
}

static int run_live(Capture* capture, Batch* batch) {
        int n = pcap_dispatch(capture->pcap, BATCH_MAX, handle_frame, (u_char*) batch);

        if (n < 0)
                return report_fatal(NULL, "failed to read a packet from %s: %s", capture_source(capture),
                                    pcap_geterr(capture->pcap));
        return 1;
}

static int run_offline(Capture* capture, Batch* batch) {
        for (unsigned i = 0; i < BATCH_MAX; i++) {
                if (!capture->next_header) {
                        int r = pcap_next_ex(capture->pcap, &capture->next_header, &capture->next_data);

                        if (r == PCAP_ERROR_BREAK) {
                                capture->next_header = NULL;
                                return 0;
                        }
                        if (r < 0) {
                                capture->next_header = NULL;
                                return report_fatal(NULL, "failed to read a packet from %s: %s",
                                                    capture_source(capture), pcap_geterr(capture->pcap));
                        }
                        if (capture->received == 0) {
                                capture->first_timestamp = timestamp_of(capture->next_header);
                                capture->first_usec = now_usec(CLOCK_BOOTTIME);
                        }
                }
                if (capture_next_usec(capture) > now_usec(CLOCK_BOOTTIME))
                        return 1;
                handle_frame((u_char*) batch, capture->next_header, capture->next_data);
                capture->next_header = NULL;
        }
        return 1;
}

int capture_run(Capture* capture, PacketSeen seen, void* userdata) {
        Batch batch = { .capture = capture, .seen = seen, .userdata = userdata };

        return capture_is_live(capture) ? run_live(capture, &batch) : run_offline(capture, &batch);
}

void capture_statistics(Capture* capture, uint64_t* ret_received, uint64_t* ret_dropped) {
        struct pcap_stat statistics = {};

        *ret_received = capture->received;
        *ret_dropped = 0;
        if (capture_is_live(capture) && pcap_stats(capture->pcap, &statistics) >= 0)
                *ret_dropped = statistics.ps_drop;
}
