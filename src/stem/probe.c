/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stem/limits.h"
#include "stem/probe.h"
#include "stem/report-text.h"
#include "util/alloc.h"
#include "util/escape.h"
#include "util/fd.h"

typedef struct Probe Probe;

struct Probes {
        sd_event* event;
        const SpawnSettings* spawn;
        const ProbeHandlers* handlers;
        void* userdata;
        size_t n;
        TAILQ_HEAD(, Probe) all;
};

struct Probe {
        Probes* probes; /* weak */
        LaunchOrder* order;
        sd_bus_message* request;
        Process process;
        char output[PROBE_OUTPUT_MAX + 1];
        size_t n_output;
        char* why; /* the first failure, after which the end of the process is waited for */
        sd_event_source* exit_source;
        sd_event_source* output_source;
        sd_event_source* timer;
        TAILQ_ENTRY(Probe) entry;
};

static Probe* probe_free(Probe* probe) {
        if (!probe)
                return NULL;

        (void) sd_event_source_disable_unref(probe->exit_source);
        (void) sd_event_source_disable_unref(probe->output_source);
        (void) sd_event_source_disable_unref(probe->timer);
        process_kill_group(&probe->process);
        process_release(&probe->process);
        sd_bus_message_unref(probe->request);
        launch_order_free(probe->order);
        free(probe->why);
        free(probe);
        return NULL;
}
DEFINE_CLEANUP(Probe*, probe_free)

static void probe_end(Probe* probe) {
        TAILQ_REMOVE(&probe->probes->all, probe, entry);
        probe->probes->n--;
        probe_free(probe);
}

/* Takes the text over. The reply waits for the end of the process, which this brings about. */
static void probe_fail(Probe* probe, char* why) {
        if (probe->why)
                free(why);
        else
                probe->why = why;
        process_kill_group(&probe->process);
        probe->output_source = sd_event_source_disable_unref(probe->output_source);
}

/* Takes in what is there; a descendant may keep the pipe open for ever. */
static void read_output(Probe* probe) {
        while (!probe->why) {
                ssize_t n = read(probe->process.fds[NODE_FD_OUTPUT], probe->output + probe->n_output,
                                 sizeof probe->output - probe->n_output);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) {
                        probe->output_source = sd_event_source_disable_unref(probe->output_source);
                        return;
                }
                probe->n_output += (size_t) n;
                if (probe->n_output > PROBE_OUTPUT_MAX)
                        probe_fail(probe, xasprintf("printed more than %u bytes", PROBE_OUTPUT_MAX));
        }
}

static int on_output(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        read_output(userdata);
        return 0;
}

/* Why the probe that has ended failed; NULL: it did not. */
static char* judge(Probe* probe) {
        ProcessExit e;

        if (probe->why)
                return xstrdup(probe->why);
        if (process_peek(&probe->process, &e) <= 0)
                return xstrdup("its end cannot be learned");
        if (e.code != CLD_EXITED || e.status != EXIT_SUCCESS)
                return process_exit_describe(&e);
        if (strlen(probe->output) != probe->n_output || !utf8_is_valid(probe->output))
                return xstrdup("printed something that is not text");
        return NULL;
}

static int on_exit_event(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        Probe* probe = userdata;
        Probes* probes = probe->probes;
        ChildReport report = { .step = _CHILD_STEP_INVALID };
        _cleanup_free_ char* why = NULL;

        if (process_read_report(&probe->process, &report) != SPAWN_EXECUTED) {
                why = report.error != 0 ? child_report_describe_error(&report, probe->order)
                                        : child_report_describe(&report, probe->order);
                probes->handlers->failed(probe->request, false, why, probes->userdata);
        } else {
                read_output(probe);
                why = judge(probe);
                if (why)
                        probes->handlers->failed(probe->request, true, why, probes->userdata);
                else
                        probes->handlers->succeeded(probe->request, probe->output, probes->userdata);
        }
        probe_end(probe);
        return 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        probe_fail(userdata, xstrdup("timed out"));
        return 0;
}

Probes* probes_new(sd_event* event, const SpawnSettings* spawn, const ProbeHandlers* handlers, void* userdata) {
        Probes* probes = xnew0(Probes);

        probes->event = sd_event_ref(event);
        probes->spawn = spawn;
        probes->handlers = handlers;
        probes->userdata = userdata;
        TAILQ_INIT(&probes->all);
        return probes;
}

Probes* probes_free(Probes* probes) {
        Probe* probe;

        if (!probes)
                return NULL;
        while ((probe = TAILQ_FIRST(&probes->all)))
                probe_end(probe);
        sd_event_unref(probes->event);
        free(probes);
        return NULL;
}

size_t probes_count(const Probes* probes) {
        return probes->n;
}

int probes_begin(Probes* probes, LaunchOrder* order, usec_t timeout, sd_bus_message* request) {
        _cleanup_(probe_freep) Probe* probe = xnew0(Probe);
        int r;

        probe->probes = probes;
        probe->order = order;
        probe->request = sd_bus_message_ref(request);
        probe->process = PROCESS_NONE;

        r = process_make(probes->spawn, SPAWN_PROBE, order->input_fd, &probe->process);
        if (r < 0)
                return r;
        r = process_instruct(&probe->process, probes->spawn, order);
        if (r >= 0)
                r = process_go(&probe->process);
        if (r >= 0)
                r = sd_event_add_io(probes->event, &probe->output_source, probe->process.fds[NODE_FD_OUTPUT], EPOLLIN, on_output, probe);
        if (r >= 0)
                r = sd_event_add_io(probes->event, &probe->exit_source, probe->process.fds[NODE_FD_PROCESS], EPOLLIN, on_exit_event,
                                    probe);
        if (r >= 0)
                r = sd_event_add_time_relative(probes->event, &probe->timer, CLOCK_MONOTONIC, timeout, 0, on_timer,
                                               probe);
        if (r < 0) {
                process_abort(&probe->process);
                return r;
        }
        (void) sd_event_source_set_description(probe->output_source, "probe-output");
        (void) sd_event_source_set_description(probe->exit_source, "probe-exit");
        (void) sd_event_source_set_description(probe->timer, "probe-timeout");

        TAILQ_INSERT_TAIL(&probes->all, probe, entry);
        probes->n++;
        take_ptr(probe);
        return 0;
}
