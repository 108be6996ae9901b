/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "metrics/server.h"
#include "service/notifier.h"
#include "service/watchdog.h"
#include "util/log.h"
#include "version.h"

static void help(void) {
        puts("zeek-supervisor-metrics [OPTIONS…]\n\n"
             "Serves what zeek-supervisord counts to Prometheus and others that read OpenMetrics.\n"
             "Not to be run by hand: systemd starts it when something connects to the socket of\n"
             "zeek-supervisor-metrics.socket.\n\n"
             "  -h --help           Show this help\n"
             "     --version        Show the version");
}

/* > 0: go on; <= 0: end with this. */
static int parse_options(int argc, char** argv) {
        enum { OPTION_VERSION = 256 };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case OPTION_VERSION:
                        puts("zeek-supervisor-metrics " PROJECT_VERSION);
                        return 0;
                default:
                        return -EINVAL;
                }

        if (optind < argc)
                return log_error_errno(-EINVAL, "This program takes no arguments: %s", argv[optind]);
        return 1;
}

static int take_sockets(Server* server) {
        int n = sd_listen_fds(true), r;

        if (n <= 0)
                return log_error_errno(n < 0 ? n : -ENOTCONN, "There is no socket to serve on: start zeek-supervisor-metrics.socket "
                                                              "instead, systemd starts this program with it");
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
                        return log_error_errno(-ENOTSOCK, "Descriptor %i is no socket that is listened on: only ListenStream= will do",
                                               fd);
                r = server_listen(server, fd);
                if (r < 0)
                        return log_error_errno(r, "Failed to listen: %m");
        }
        return 0;
}

static int run(void) {
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus* bus = NULL;
        _cleanup_(notifier_freep) Notifier* notifier = NULL;
        _cleanup_(watchdog_freep) Watchdog* watchdog = NULL;
        _cleanup_(server_freep) Server* server = NULL;
        int r;

        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_set_signal_exit(event, true);
        if (r >= 0)
                r = notifier_new(event, &notifier);
        if (r >= 0)
                r = watchdog_new(event, notifier, &watchdog);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");

        r = sd_bus_open_system_with_description(&bus, "metrics");
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0) /* the next client has us started again, with another connection */
                r = sd_bus_set_exit_on_disconnect(bus, true);
        if (r < 0)
                return log_error_errno(r, "Failed to connect to the bus: %m");

        server = server_new(event, bus);
        r = take_sockets(server);
        if (r < 0)
                return r;
        r = server_start(server);
        if (r < 0)
                return log_error_errno(r, "Failed to start: %m");
        (void) notifier_send(notifier, "READY=1", NULL, 0, NULL, NULL);
        return sd_event_loop(event);
}

int main(int argc, char** argv) {
        int r = parse_options(argc, argv);

        if (r > 0)
                r = run();
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
