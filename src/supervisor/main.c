/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "supervisor/supervisor.h"
#include "supervisor/system-calls.h"
#include "supervisor/worker.h"
#include "util/log.h"
#include "version.h"

typedef struct Options {
        bool user_mode;
        bool check_config;
} Options;

static void help(void) {
        puts("zeek-supervisord [OPTIONS…]\n\n"
             "The supervisor of Zeek clusters, org.zeek.Supervisor on D-Bus.\n\n"
             "  -h --help           Show this help\n"
             "     --version        Show the version\n"
             "     --user           Serve the session of the calling user\n"
             "     --check-config   Print what is doubtful in the configuration and end;\n"
             "                      exit status 1 if there is anything");
}

/* > 0: go on; <= 0: end with this. */
static int parse_options(int argc, char** argv, Options* ret) {
        enum { OPTION_VERSION = 256, OPTION_USER, OPTION_CHECK_CONFIG };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                { "user", no_argument, NULL, OPTION_USER },
                { "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case OPTION_VERSION:
                        puts("zeek-supervisord " PROJECT_VERSION);
                        return 0;
                case OPTION_USER:
                        ret->user_mode = true;
                        break;
                case OPTION_CHECK_CONFIG:
                        ret->check_config = true;
                        break;
                default:
                        return -EINVAL;
                }

        if (optind < argc)
                return log_error_errno(-EINVAL, "This program takes no arguments: %s", argv[optind]);
        return 1;
}

static void print_diagnostics(const Diagnostics* d) {
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_free_ char* text = diagnostic_to_string(&d->items[i]);

                puts(text);
        }
}

static int check_config(bool user_mode) {
        _cleanup_(configuration_freep) Configuration* c = configuration_read_files(user_mode);

        hook_chain_free(hooks_read_files(user_mode, NULL, &c->warnings));
        node_file_look_up_hosts(&c->node_file, &c->warnings);
        print_diagnostics(&c->warnings);
        print_diagnostics(&c->node_file.errors);
        return c->warnings.n > 0 || c->node_file.errors.n > 0 ? -EINVAL : 0;
}

static int run(int argc, char** argv) {
        _cleanup_(supervisor_freep) Supervisor* s = NULL;
        _cleanup_places_ Places places = {};
        Options options = {};
        int r;

        r = parse_options(argc, argv, &options);
        if (r <= 0)
                return r;
        if (options.check_config)
                return check_config(options.user_mode);

        r = places_init(&places, options.user_mode);
        if (r < 0)
                return log_error_errno(r, "XDG_RUNTIME_DIR and HOME must be set to serve a session");
        r = system_calls_confine();
        if (r < 0)
                return log_error_errno(r, "Failed to give up the system calls that are not needed (libseccomp): %m");
        (void) signal(SIGPIPE, SIG_IGN); /* the program of a hook may end while it is written to */
        r = supervisor_new(&places, &s);
        if (r < 0)
                return r;
        return supervisor_run(s);
}

int main(int argc, char** argv) {
        worker_exit(run(argc, argv) < 0 ? 1 : 0);
}
