/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "stand-in/connections.h"
#include "stand-in/log-file.h"
#include "stand-in/node.h"
#include "stand-in/performer.h"
#include "stand-in/reporter.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/usec.h"

typedef struct Node {
        const NodeOptions* options;
        const Directives* directives;
        Performer performer;
        int signal_fd, performer_fd;

        Capture* capture; /* weak; NULL: none, or at its end */
        Connections* connections;
        double network_time;
        LogFile connection_log, cluster_log;

        /* CLOCK_BOOTTIME; USEC_INFINITY: never */
        usec_t end_at, rotate_at, term_at;
        unsigned n_terms;   /* signals to end that came */
        bool performed;     /* all steps are done */
        bool finished;      /* leave the loop */
        int exit_status;
} Node;

static void set_status(const Node* node, const char* status, const char* reason) {
        status_file_set(node->options->status, status, reason);
}

static void log_connection(const Connection* c, void* userdata) {
        Node* node = userdata;
        char uid[CONNECTION_UID_MAX], originator[INET6_ADDRSTRLEN], responder[INET6_ADDRSTRLEN];

        connection_uid(c, uid);
        connection_address(c, true, originator);
        connection_address(c, false, responder);
        (void) log_file_write(&node->connection_log,
                              "%.6f\t%s\t%s\t%u\t%s\t%u\t%s\t%.6f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
                              "\t%" PRIu64,
                              c->first, uid, originator, c->originator_port, responder, c->responder_port,
                              connection_protocol(c), c->last - c->first, c->originator_packets,
                              c->originator_bytes, c->responder_packets, c->responder_bytes);
}

static void take_packet(const Packet* packet, double timestamp, void* userdata) {
        Node* node = userdata;
        const Connection* connection;
        bool is_new;

        if (timestamp > node->network_time)
                node->network_time = timestamp;
        if (!packet)
                return;

        connection = connections_count(node->connections, packet, &is_new);
        if (is_new && node->options->print_connections) {
                char text[CONNECTION_TEXT_MAX], uid[CONNECTION_UID_MAX];

                connection_describe(connection, text);
                connection_uid(connection, uid);
                write_line(STDOUT_FILENO, "%.6f %s %s", timestamp, uid, text);
        }
}

static usec_t msec_from_now(uint64_t msec) {
        return now_usec(CLOCK_BOOTTIME) + min_u64(msec, UINT32_MAX) * USEC_PER_MSEC;
}

static usec_t next_rotation(const Node* node) {
        double interval = node->options->rotation->interval;
        usec_t now = now_usec(CLOCK_REALTIME), step;

        if (interval <= 0)
                return USEC_INFINITY;
        /* at full multiples of the interval, as Zeek without a base time */
        step = interval < 1e9 ? (usec_t) (interval * 1e6) : (usec_t) 1e15;
        step = step > 0 ? step : 1;
        return now_usec(CLOCK_BOOTTIME) + step - now % step;
}

static void end_logs(Node* node, bool terminating) {
        connections_end_all(node->connections);
        (void) log_file_end(&node->connection_log, terminating);
        (void) log_file_end(&node->cluster_log, terminating);
}

static void report_packets(Node* node) {
        uint64_t received, dropped;

        if (!node->options->capture || !capture_is_live(node->options->capture))
                return;
        capture_statistics(node->options->capture, &received, &dropped);
        report_info("%" PRIu64 " packets received on interface %s, %" PRIu64 " (%.2f%%) dropped", received,
                    capture_source(node->options->capture), dropped,
                    dropped > 0 ? (double) dropped / (double) (received + dropped) * 100 : 0.0);
}

static void set_final_time(const Node* node) {
        if (node->options->capture)
                report_set_network_time(capture_is_live(node->options->capture) ?
                                                (double) now_usec(CLOCK_REALTIME) / 1e6 :
                                                node->network_time);
}

/* The way of Zeek's zeek_terminate_loop(), from where it has said why. */
static void terminate(Node* node, int exit_status) {
        set_final_time(node);
        report_packets(node);
        set_status(node, "TERMINATING", "done_with_network");
        end_logs(node, true);
        set_status(node, "TERMINATING", "terminate_zeek");
        node->exit_status = exit_status;
        node->finished = true;
}

static void terminate_after_signal(Node* node) {
        static const int out = STDOUT_FILENO;

        node->term_at = USEC_INFINITY;
        performer_print_lines(node->directives, &out, 1, node->directives->term_print);
        terminate(node, (int) node->directives->term_exit);
}

static void handle_term(Node* node, int signo) {
        static const char reason[] = "received termination signal";

        node->n_terms++;
        if (node->directives->ignore_term) {
                report_info("ignoring signal %d (%s), number %u", signo, sigabbrev_np(signo), node->n_terms);
                return;
        }
        if (node->n_terms > 1) {
                report_info("signal %d (%s) once more, number %u", signo, sigabbrev_np(signo),
                            node->n_terms);
                return;
        }
        set_status(node, "TERMINATING", "sig_handler");
        set_final_time(node);
        set_status(node, "TERMINATING", reason);
        report_info("%s", reason);
        node->term_at = msec_from_now(node->directives->slow_term_msec);
}

static void handle_signals(Node* node) {
        struct signalfd_siginfo info;

        while (read(node->signal_fd, &info, sizeof info) == (ssize_t) sizeof info)
                if (info.ssi_signo == SIGHUP)
                        /* Zeek's handler writes its status, and then nobody looks at the signal */
                        set_status(node, "TERMINATING", "sig_handler");
                else
                        handle_term(node, (int) info.ssi_signo);
}

static void end_as_directed(Node* node) {
        node->end_at = USEC_INFINITY;
        if (node->directives->end == END_EXIT)
                terminate(node, (int) node->directives->end_value);
        else
                /* comes back from a SIGSTOP, and from what does not end a process */
                directives_end_by_signal(node->directives);
}

/* Does what is due, and says in how many µs it has to be called again. */
static usec_t handle_timers(Node* node) {
        usec_t now = now_usec(CLOCK_BOOTTIME), next;

        if (now >= node->rotate_at) {
                end_logs(node, false);
                node->rotate_at = next_rotation(node);
        }
        if (now >= node->term_at)
                terminate_after_signal(node);
        else if (now >= node->end_at)
                end_as_directed(node);

        next = min_u64(min_u64(node->rotate_at, node->term_at), node->end_at);
        if (node->capture && !capture_is_live(node->capture))
                next = min_u64(next, capture_next_usec(node->capture));
        if (next == USEC_INFINITY)
                return USEC_INFINITY;
        return next > now ? next - now : 0;
}

/* Nothing is left that could happen: Zeek's loop has no source any more. */
static bool is_idle_for_good(const Node* node) {
        return !node->capture && node->performed && !node->options->stay && node->end_at == USEC_INFINITY &&
               (node->n_terms == 0 || node->directives->ignore_term);
}

static void end_after_steps(Node* node) {
        node->performed = true;
        if (!node->directives->early && node->directives->end != END_NONE && !node->directives->have_after)
                node->end_at = 0;
}

static int run_capture(Node* node) {
        int r = capture_run(node->capture, take_packet, node);

        if (r == 0)
                node->capture = NULL;
        return r;
}

static int wait_for_events(Node* node, usec_t timeout) {
        struct pollfd fds[] = {
                { .fd = node->signal_fd, .events = POLLIN },
                { .fd = node->performed ? -1 : node->performer_fd, .events = POLLIN },
                { .fd = node->capture ? capture_fd(node->capture) : -1, .events = POLLIN },
        };
        struct timespec ts = {
                .tv_sec = (time_t) (timeout / USEC_PER_SEC),
                .tv_nsec = (long) (timeout % USEC_PER_SEC * 1000),
        };

        if (ppoll(fds, ELEMENTSOF(fds), timeout == USEC_INFINITY ? NULL : &ts, NULL) < 0)
                return errno == EINTR ? 0 : report_fatal(NULL, "ppoll: %s", strerror(errno));
        if (fds[0].revents)
                handle_signals(node);
        if (fds[1].revents)
                end_after_steps(node);
        if (node->capture && (fds[2].revents || !capture_is_live(node->capture)))
                return run_capture(node);
        return 0;
}

static int run_loop(Node* node) {
        while (!node->finished) {
                usec_t timeout = handle_timers(node);
                int r;

                if (node->finished)
                        break;
                if (is_idle_for_good(node)) {
                        terminate(node, 0);
                        break;
                }
                r = wait_for_events(node, timeout);
                if (r < 0)
                        return r;
        }
        return node->exit_status;
}

static int block_signals(Node* node) {
        struct sigaction hangup;
        sigset_t set;

        (void) signal(SIGPIPE, SIG_IGN);
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGINT);
        /* as under nohup(1) */
        if (sigaction(SIGHUP, NULL, &hangup) >= 0 && hangup.sa_handler != SIG_IGN)
                (void) sigaddset(&set, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return report_fatal(NULL, "sigprocmask: %s", strerror(errno));
        node->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return node->signal_fd < 0 ? report_fatal(NULL, "signalfd: %s", strerror(errno)) : 0;
}

static int start_performer(Node* node) {
        int r;

        if (!node->directives->early && node->directives->end != END_NONE && node->directives->have_after)
                node->end_at = msec_from_now(node->directives->after_msec);
        if (node->directives->early || node->directives->n_steps == 0) {
                end_after_steps(node);
                return 0;
        }

        node->performer_fd = eventfd(0, EFD_CLOEXEC);
        if (node->performer_fd < 0)
                return report_fatal(NULL, "eventfd: %s", strerror(errno));
        node->performer = (Performer) {
                .directives = node->directives,
                .inherited = node->options->inherited,
                .done_fd = node->performer_fd,
        };
        r = performer_start(&node->performer);
        return r < 0 ? report_fatal(NULL, "pthread_create: %s", strerror(-r)) : 0;
}

/* A node that writes the cluster's logs has one from its first moment. */
static int begin_cluster_log(Node* node) {
        int r = 0;

        if (node->options->writes_cluster_log)
                r = log_file_write(&node->cluster_log, "%.6f\t%s\tnode started",
                                   (double) now_usec(CLOCK_REALTIME) / 1e6, node->options->cluster_node);
        return r < 0 ? r : log_file_flush(&node->cluster_log);
}

static const char connection_fields[] =
        "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\t"
        "orig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes";
static const char connection_types[] = "time\tstring\taddr\tport\taddr\tport\tenum\tinterval\t"
                                       "count\tcount\tcount\tcount";

int node_run(const NodeOptions* options, bool* ret_threads_left) {
        Node* node = xnew0(Node);
        int r;

        *node = (Node) {
                .options = options,
                .directives = options->directives,
                .signal_fd = -EBADF,
                .performer_fd = -EBADF,
                .capture = options->capture,
                .connection_log = { "conn", connection_fields, connection_types, options->rotation },
                .cluster_log = { "cluster", "ts\tnode\tmessage", "time\tstring\tstring", options->rotation },
                .end_at = USEC_INFINITY,
                .term_at = USEC_INFINITY,
        };
        node->rotate_at = next_rotation(node);
        node->connections = connections_new(CONNECTIONS_MAX, log_connection, node);

        r = block_signals(node);
        if (r >= 0)
                r = begin_cluster_log(node);
        if (r >= 0) {
                set_status(node, "RUNNING", "run_loop");
                r = start_performer(node);
        }
        if (r >= 0)
                r = run_loop(node);

        *ret_threads_left = !node->performed && node->performer_fd >= 0;
        node->connections = connections_free(node->connections);
        node->signal_fd = fd_close(node->signal_fd);
        if (!*ret_threads_left) {
                node->performer_fd = fd_close(node->performer_fd);
                free(node);
        }
        return r;
}
