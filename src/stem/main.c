/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "service/notifier.h"
#include "service/watchdog.h"
#include "stem/stem.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/strv.h"

static bool arg_user;

static void print_help(void) {
        (void) printf("%s [OPTION…]\n\n"
                      "Starts the processes of Zeek nodes in their scopes, for zeek-supervisord. Not to be run by hand:\n"
                      "systemd starts it when something connects to the socket of zeek-stem.socket.\n\n"
                      "     --user     serve the user manager, without changing users\n"
                      "  -h --help     show this help\n"
                      "     --version  show the version\n",
                      program_invocation_short_name);
}

/* Positive: go on. */
static int parse_arguments(int argc, char** argv) {
        enum {
                ARG_USER = 0x100,
                ARG_VERSION,
        };
        static const struct option options[] = {
                { "user", no_argument, NULL, ARG_USER },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case ARG_USER:
                        arg_user = true;
                        break;
                case 'h':
                        print_help();
                        return 0;
                case ARG_VERSION:
                        (void) printf("zeek-stem %s\n", PROJECT_VERSION);
                        return 0;
                default:
                        return -EINVAL;
                }
        if (optind < argc) {
                log_error("zeek-stem takes no arguments");
                return -EINVAL;
        }
        return 1;
}

/* The socket that systemd hands over, and what it kept for us. */
static int take_descriptors(StoredDescriptors* stored) {
        _cleanup_strv_free_ char** names = NULL;
        int n = sd_listen_fds_with_names(true, &names), found = -EBADF;

        for (int i = 0; i < n; i++) {
                int fd = SD_LISTEN_FDS_START + i;

                if (found < 0 && sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0)
                        found = fd;
                else
                        stored_descriptors_add(stored, fd, names[i]);
        }
        if (found >= 0)
                return found;

        if (n < 0)
                return log_error_errno(n, "Failed to take over the socket from systemd: %m");
        log_error("There is no socket to serve on: start zeek-stem.socket instead, systemd starts this program with it");
        return -ENOTCONN;
}

static int set_up_process(sd_event* event) {
        int r;

        /* A parent that ignores SIGCHLD would never learn how its children ended. */
        (void) signal(SIGCHLD, SIG_DFL);
        /* A child that was killed while it waited for its go must not take us with it. */
        (void) signal(SIGPIPE, SIG_IGN);

        r = sd_event_set_signal_exit(event, true);
        if (r < 0)
                return log_error_errno(r, "Failed to watch for SIGTERM: %m");
        return 0;
}

static int run(void) {
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* notifier = NULL;
        _cleanup_(watchdog_freep) Watchdog* watchdog = NULL;
        _cleanup_(stem_freep) Stem* stem = NULL;
        _cleanup_(stored_descriptors_done) StoredDescriptors stored = {};
        _cleanup_close_ int fd = take_descriptors(&stored);
        int r;

        if (fd < 0)
                return fd;
        r = sd_event_default(&event);
        if (r < 0)
                return log_error_errno(r, "Failed to make an event loop: %m");
        r = set_up_process(event);
        if (r < 0)
                return r;
        r = notifier_new(event, &notifier);
        if (r >= 0)
                r = watchdog_new(event, notifier, &watchdog);
        if (r >= 0)
                r = stem_new(event, notifier, arg_user, take_fd(fd), &stored, &stem);
        if (r < 0)
                return log_error_errno(r, "Failed to start: %m");

        r = sd_event_loop(event);
        (void) notifier_try(notifier, "STOPPING=1");
        if (r < 0)
                return log_error_errno(r, "Failed to run the event loop: %m");
        if (stem_n_nodes(stem) > 0)
                log_info("Ending; %zu nodes run on in their scopes", stem_n_nodes(stem));
        return 0;
}

int main(int argc, char** argv) {
        int r = parse_arguments(argc, argv);

        if (r > 0)
                r = run();
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
