/* SPDX-License-Identifier: BSD-3-Clause */
/* The bare sender: the entries of a node's lines, the same bytes one datagram each, in a loop that waits for the journal.
 *
 *   sender lines N       as fast as they are taken; "all" is the time it took, "cpu" what this process spent
 *   sender times N MSEC  a line with the time every so often
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/measure.h"
#include "output/journal-entry.h"

static int journal_open(void) {
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int size = 8 * 1024 * 1024; /* as sd_journal_sendv() does */

        if (fd < 0 || connect(fd, (const struct sockaddr*) &address, sizeof address) < 0)
                return must(-errno, address.sun_path);
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
        return fd;
}

static void send_line(int fd, const JournalEntry* prefix, const char* text, int size) {
        const Line line = { .data = text, .size = (size_t) size };
        LineEntry entry;

        line_entry_set(&entry, prefix, &line, NULL);
        must(sendmsg(fd, &(struct msghdr) { .msg_iov = entry.iov, .msg_iovlen = entry.n }, 0) < 0 ? -errno : 0, "send");
}

static uint64_t cpu_ns(void) {
        struct rusage usage;

        (void) getrusage(RUSAGE_SELF, &usage);
        return 1000U * (1000000U * (uint64_t) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        (uint64_t) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
}

static void send_lines(int fd, const JournalEntry* prefix, uint64_t n) {
        uint64_t began = now_ns();
        char text[128];

        for (uint64_t i = 0; i < n; i++)
                send_line(fd, prefix, text, snprintf(text, sizeof text, LINE_FORMAT, i % 100000000));
        report("all", now_ns() - began);
        report("cpu", cpu_ns());
}

static void send_times(int fd, const JournalEntry* prefix, uint64_t n, unsigned long interval_msec) {
        char text[64];

        for (uint64_t i = 0; i < n; i++) {
                send_line(fd, prefix, text, snprintf(text, sizeof text, "at %" PRIu64, now_ns()));
                (void) usleep((useconds_t) (interval_msec * 1000));
        }
}

int main(int argc, char* argv[]) {
        _cleanup_journal_entry_ JournalEntry prefix = {};
        int fd = journal_open();

        if (argc < 3)
                return EXIT_FAILURE;
        line_prefix_init(&prefix,
                         &(LineOrigin) {
                                 .node = "sender", .role = "standalone", .scope = "zeek-node-sender.scope", .pid = getpid() },
                         STREAM_STDOUT);
        if (strcmp(argv[1], "lines") == 0)
                send_lines(fd, &prefix, strtoul(argv[2], NULL, 10));
        else if (argc == 4)
                send_times(fd, &prefix, strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
        (void) close(fd);
        return EXIT_SUCCESS;
}
