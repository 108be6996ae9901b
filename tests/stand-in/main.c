/* SPDX-License-Identifier: BSD-3-Clause */

/* A stand-in for zeek, for the tests and the demo on machines that have none.
 *
 * It takes Zeek's command line, finds and checks scripts as Zeek does, reads cluster-layout.zeek strictly,
 * writes the -U file, captures packets through libpcap, counts connections into conn.log, rotates its logs,
 * and ends as Zeek does, with Zeek's words on stderr and Zeek's exit status. What it does not do is to run
 * scripts.
 *
 * Two things beside Zeek's own interface are for tests: a file named as the program with ".version" appended
 * says which Zeek is played, and the environment variable ZEEK_STANDIN says what else the node does: print,
 * crash, hang, start children, show what it was given. `zeek --help` lists all of that; directives.c has the
 * table. */

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stand-in/capture.h"
#include "stand-in/directives.h"
#include "stand-in/layout.h"
#include "stand-in/node.h"
#include "stand-in/options.h"
#include "stand-in/performer.h"
#include "stand-in/reporter.h"
#include "stand-in/scripts.h"
#include "stand-in/show.h"
#include "stand-in/status-file.h"
#include "stand-in/version.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/strv.h"

#define EXIT_BAD_DIRECTIVE 2
#define SEEDS 21

typedef struct Program {
        Options options;
        Directives directives;
        Version version;
        StatusFile status;
        Settings settings;
        Scripts scripts;
        Layout layout;
        const LayoutNode* self;   /* weak, into the layout */
        const char* cluster_node; /* CLUSTER_NODE; NULL: none */
        Capture* capture;
        char* inherited;
        bool threads_left;
} Program;

/* What has an answer without a run: 1 if there was something like that. */
static int answer_questions(const Program* program, const char* argv0) {
        if (program->options.print_version && *program->version.text)
                (void) printf("%s version %s\n", argv0, program->version.text);
        else if (program->options.print_version)
                (void) printf("%s: nobody knows which one\n", argv0);
        else if (program->options.print_build_info)
                (void) printf("{\"zeek\":{\"version\":\"%s\"},\"stand-in\":true}\n", program->version.text);
        else if (program->options.print_help) {
                options_print_usage(stdout, argv0, program->version.text);
                directives_print_help(stdout);
        } else
                return 0;
        return fflush(stdout) < 0 ? -errno : 1;
}

/* As in Zeek, where the cluster framework loads it before any other script. */
static int load_layout(Program* program) {
        _cleanup_free_ char* path = NULL;
        _cleanup_free_ char* text = NULL;
        size_t size;
        int r;

        path = script_find("cluster-layout", "zeek", ".");
        if (!path)
                return report_fatal(NULL, "can't find cluster-layout");
        r = file_read(AT_FDCWD, path, SCRIPT_SIZE_MAX, &text, &size);
        if (r < 0)
                return report_fatal(NULL, "can't open %s: %s", path, strerror(-r));
        r = layout_parse(&program->layout, path, text, size, &program->version);
        if (r < 0)
                return r;

        program->self = layout_find(&program->layout, program->cluster_node);
        program->scripts.world = (ScriptWorld) {
                .node_name = program->cluster_node,
                .layout = &program->layout,
                .self = program->self,
                .settings = &program->settings,
        };
        return 0;
}

static bool reads_stdin(const Options* o) {
        return !o->scripts && !o->plugins && !o->redefs && !o->pcap_file && !o->interface &&
               !o->identifier && !o->code && o->print_plugins == 0;
}

static int load_scripts(Program* program) {
        int r = 0;

        if (reads_stdin(&program->options))
                return scripts_load(&program->scripts, "-", NULL);
        STRV_FOREACH(plugin, program->options.plugins) {
                if (strcmp(*plugin, "Zeek::StandIn") != 0)
                        return report_fatal(NULL, "plugin %s is not available", *plugin);
        }
        STRV_FOREACH(script, program->options.scripts) {
                r = scripts_load(&program->scripts, *script, NULL);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(assignment, program->options.redefs) {
                r = scripts_set(&program->scripts, *assignment);
                if (r < 0)
                        return r;
        }
        if (program->options.code)
                r = scripts_load_text(&program->scripts, "<command line>", program->options.code);
        return r;
}

static int check_signatures(const Program* program) {
        STRV_FOREACH(signature, program->options.signatures) {
                _cleanup_free_ char* path = script_find(*signature, "sig", ".");

                if (!path)
                        return report_error(NULL, "can't open signature file %s", *signature);
        }
        return 0;
}

/* Zeek keeps the seeds of its hashes in a file of so many numbers, one a line. */
static int handle_seeds(const Program* program) {
        _cleanup_free_ char* text = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (program->options.seeds_in) {
                r = file_read(AT_FDCWD, program->options.seeds_in, SCRIPT_SIZE_MAX, &text, NULL);
                if (r < 0)
                        return report_fatal(NULL, "Could not load seeds from file '%s': %s",
                                            program->options.seeds_in, strerror(-r));
        }
        if (program->options.seeds_out) {
                fd = open(program->options.seeds_out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                if (fd < 0)
                        return report_fatal(NULL, "Could not create seed file '%s': %s",
                                            program->options.seeds_out, strerror(errno));
                for (unsigned i = 1; i <= SEEDS; i++)
                        write_line(fd, "%u", i * 2654435761U);
        }
        return 0;
}

static int open_trace(const Program* program) {
        _cleanup_close_ int fd = -EBADF;

        if (!program->options.trace_file)
                return 0;
        fd = open(program->options.trace_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
                return report_fatal(NULL, "can't open trace file %s: %s", program->options.trace_file,
                                    strerror(errno));
        STRV_FOREACH(path, program->scripts.loaded)
                write_line(fd, "%s", *path);
        return 0;
}

/* -a, -N, -I: Zeek ends after them. 1: so it was. */
static int answer_after_parsing(const Program* program) {
        if (program->options.print_plugins > 0)
                write_line(STDOUT_FILENO, "Zeek::StandIn - A stand-in that counts connections (built-in)");
        else if (program->options.identifier) {
                const char* value = settings_get(&program->settings, program->options.identifier);

                if (!value)
                        return report_fatal(NULL, "No such ID: %s", program->options.identifier);
                write_line(STDOUT_FILENO, "%s", value);
        } else if (!program->options.parse_only)
                return 0;
        return 1;
}

static int open_capture(Program* program) {
        const CaptureOptions options = {
                .interface = program->options.interface,
                .file = program->options.pcap_file,
                .filter = program->options.filter,
                .output_file = program->options.pcap_output_file,
                .pseudo_realtime = program->options.pseudo_realtime,
        };

        return options.interface || options.file ? capture_open(&program->capture, &options) : 0;
}

/* What Zeek's cluster framework looks at in zeek_init(). */
static int check_cluster(const Program* program) {
        static const Location where = { .file = "base/frameworks/cluster/main.zeek", .line = 1 };

        if (!program->cluster_node)
                return 0;
        if (!program->self) {
                (void) report_error(&where, "'%s' is not a valid node in the Cluster::nodes configuration",
                                    program->cluster_node);
                return report_fatal(NULL, "errors occurred while initializing");
        }
        if (version_has(&program->version, ZEEK_SERIES(8, 1), ZEEK_SERIES_NONE) && !program->scripts.backend &&
            !settings_get(&program->settings, "Cluster::backend"))
                return report_fatal(&where,
                                    "Cluster::node set to '%s', but Cluster::backend is %s - "
                                    "please select a cluster backend to use.",
                                    program->cluster_node, "Cluster::CLUSTER_BACKEND_NONE");
        return 0;
}

static int parse_all(Program* program) {
        int r = 0;

        if (program->cluster_node)
                r = load_layout(program);
        if (r >= 0)
                r = load_scripts(program);
        if (r >= 0)
                r = check_signatures(program);
        if (r >= 0)
                r = handle_seeds(program);
        if (r >= 0)
                r = open_trace(program);
        return r;
}

static int run_node(Program* program) {
        Rotation rotation = rotation_from_settings(&program->settings, &program->layout, program->self);
        NodeOptions options = {
                .directives = &program->directives,
                .inherited = program->inherited,
                .status = &program->status,
                .rotation = &rotation,
                .cluster_node = program->cluster_node,
                .capture = program->capture,
                .stay = program->cluster_node || program->directives.stay ||
                        settings_get_bool(&program->settings, "exit_only_after_terminate", false),
                .writes_cluster_log = program->self && layout_is_logger(&program->layout, program->self),
                .print_connections =
                        program->directives.connections ||
                        settings_get_bool(&program->settings, "StandIn::print_connections", false),
        };
        int r = rotation_move_leftovers(&rotation);

        return r < 0 ? r : node_run(&options, &program->threads_left);
}

/* 1 if that was the end, with *ret_status. */
static int do_early_steps(const Program* program, int* ret_status) {
        const Directives* directives = &program->directives;
        const Performer performer = { directives, program->inherited, -EBADF };

        if (!directives->early)
                return 0;
        performer_run(&performer);
        if (directives->have_after)
                performer_sleep(directives->after_msec);
        if (directives->end == END_ABORT || directives->end == END_SIGNAL)
                directives_end_by_signal(directives);
        if (directives->end != END_EXIT)
                return 0;
        *ret_status = (int) directives->end_value;
        return 1;
}

static int run(Program* program) {
        int r, status;

        status_file_set(&program->status, "INITIALIZING", "main");
        if (do_early_steps(program, &status) > 0)
                return status;
        performer_sleep(program->directives.slow_start_msec);

        r = parse_all(program);
        if (r < 0)
                return EXIT_FAILURE;
        r = answer_after_parsing(program);
        if (r == 0)
                r = open_capture(program);
        else
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (r >= 0)
                r = check_cluster(program);
        if (r >= 0)
                r = run_node(program);
        return r < 0 ? EXIT_FAILURE : r;
}

static int prepare(Program* program, int argc, char** argv) {
        const char* cluster_node = getenv("CLUSTER_NODE");
        bool shows = false;
        int r;

        r = version_read(&program->version);
        if (r < 0) {
                write_line(STDERR_FILENO, "%s: cannot read the file that names the version: %s", argv[0],
                           strerror(-r));
                return EXIT_FAILURE;
        }
        r = options_parse(&program->options, argc, argv);
        if (r < 0) {
                options_print_usage(stderr, argv[0], program->version.text);
                return EXIT_FAILURE;
        }
        r = answer_questions(program, argv[0]);
        if (r != 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (directives_parse(&program->directives, getenv(DIRECTIVES_VARIABLE)) < 0)
                return EXIT_BAD_DIRECTIVE;

        for (size_t i = 0; i < program->directives.n_steps; i++)
                shows = shows || program->directives.steps[i].type == STEP_SHOW;
        if (shows)
                program->inherited = show_inherited(argc, argv);

        program->cluster_node = cluster_node && *cluster_node ? cluster_node : NULL;
        program->status = (StatusFile) {
                .path = program->options.status_file,
                .override = program->directives.status,
                .muted = program->directives.no_status,
        };
        scripts_init(&program->scripts, &program->version, &program->settings);
        return -EAGAIN;
}

static void program_done(Program* program) {
        program->capture = capture_free(program->capture);
        scripts_done(&program->scripts);
        settings_done(&program->settings);
        layout_done(&program->layout);
        options_done(&program->options);
        directives_done(&program->directives);
        free(program->inherited);
}

/* LeakSanitizer asks this. It stops the process from a second one at its end, and waits for ever when a SIGCONT comes between:
 * systemd sends one right after the SIGTERM by which it ends a scope. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
        return 1;
}

int main(int argc, char** argv) {
        Program program = {};
        int status;

        status = prepare(&program, argc, argv);
        if (status == -EAGAIN) {
                status = run(&program);
                status_file_set(&program.status, "TERMINATED",
                                report_was_fatal() ? "fatal_error" : "atexit");
                /* a thread may be in the middle of a step that uses all this */
                if (program.threads_left)
                        _exit(status);
        }
        program_done(&program);
        return status;
}
