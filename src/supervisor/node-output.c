/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "supervisor/node-output.h"
#include "util/alloc.h"
#include "util/log.h"

struct NodeOutput {
        OutputOwner owner;
        OutputStream streams[_STREAM_MAX];
        void (*finished)(void* userdata); /* NULL: the node's scope is still there */
        void* finished_userdata;
        OutputTurn finish_turn;
        LineOrigin origin;           /* its strings are ours */
        sd_event_source* drop_timer; /* made when it is needed: until then lines that are dropped are counted */
        uint64_t dropped_told;       /* of all that were dropped, those that the journal has been told of */
};

void node_output_state_init(NodeOutputState* state) {
        *state = (NodeOutputState) {};
}

void node_output_state_done(NodeOutputState* state) {
        last_output_done(&state->last);
        state->kept = line_counters_close(state->kept);
}

void node_output_state_keep(NodeOutputState* state, KeptCounters* kept) {
        line_counters_close(state->kept);
        state->kept = kept;
        state->lines_forwarded = kept->counters.forwarded;
        state->lines_suppressed = kept->counters.suppressed;
        state->lines_dropped = kept->counters.dropped;
}

char** node_output_state_last_lines(const NodeOutputState* state) {
        return last_output_lines(&state->last);
}

char** node_output_state_last_lines_of(const NodeOutputState* state, Stream stream) {
        return last_output_lines_of(&state->last, stream);
}

/* ---- lines that are too many ---- */

static void tell_dropped(NodeOutput* o) {
        uint64_t n = o->owner.state->lines_dropped - o->dropped_told;
        _cleanup_free_ char* message = xasprintf("Node \"%s\" writes too much: %" PRIu64 " lines were dropped "
                                                 "(LogRateLimitBurst= in supervisor.conf)", o->origin.node, n);
        _cleanup_free_ char* dropped = xasprintf("%" PRIu64, n);
        const JournalField fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", "13151d4b10574fbc8d4b7a755b7238f0" },
                { "PRIORITY", "4" },
                { "SYSLOG_IDENTIFIER", "zeek-supervisord" },
                { "ZEEK_NODE", o->origin.node },
                { "ZEEK_ROLE", o->origin.role },
                { "ZEEK_LINES_DROPPED", dropped },
                { o->origin.user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT", o->origin.scope },
        };

        if (n == 0)
                return;
        o->dropped_told += n;
        journal_writer_event(o->owner.hub->journal, fields, ELEMENTSOF(fields));
}

static int on_drop_timer(sd_event_source* source, uint64_t usec, void* userdata) {
        NodeOutput* o = userdata;

        o->drop_timer = sd_event_source_disable_unref(o->drop_timer);
        tell_dropped(o);
        return 0;
}

/* One entry for each interval in which lines were dropped, at its end. */
static void on_dropped(void* userdata) {
        NodeOutput* o = userdata;
        int r;

        if (o->drop_timer)
                return;
        r = sd_event_add_time(o->owner.hub->event, &o->drop_timer, CLOCK_MONOTONIC, rate_limit_end(&o->owner.rate_limit), 0,
                              on_drop_timer, o);
        if (r < 0)
                (void) log_error_errno(r, "Failed to set a timer for node '%s': %m", o->origin.node);
}

/* ---- the end ---- */

static void run_finish(void* userdata) {
        NodeOutput* o = userdata;

        o->finished(o->finished_userdata);
}

static void on_stream_ended(void* userdata) {
        NodeOutput* o = userdata;

        if (!o->finished)
                return;
        for (Stream i = 0; i < _STREAM_MAX; i++)
                if (!output_stream_has_ended(&o->streams[i]))
                        return;
        /* A turn of its own, so that whoever frees us there frees nothing that is still at work. */
        output_hub_queue(o->owner.hub, &o->finish_turn);
}

int node_output_new(OutputHub* hub, const NodeOutputConfig* config, NodeOutput** ret) {
        _cleanup_node_output_ NodeOutput* o = xnew0(NodeOutput);
        const int fds[_STREAM_MAX] = { [STREAM_STDOUT] = config->out_fd, [STREAM_STDERR] = config->err_fd };
        size_t line_max = min_size(config->line_max, LINE_MAX_LARGEST);
        int first_error = 0;

        if (line_max < LINE_MAX_SMALLEST)
                line_max = LINE_MAX_SMALLEST;
        o->origin = (LineOrigin) {
                .node = xstrdup(config->node),
                .role = role_to_string(config->role),
                .scope = xstrdup(config->scope),
                .pid = config->pid,
                .user_mode = config->user_mode,
        };
        o->dropped_told = config->state->lines_dropped;
        o->owner = (OutputOwner) {
                .hub = hub,
                .state = config->state,
                .node = o->origin.node,
                .role = (unsigned) config->role,
                .rate_limit = { .interval = config->rate_limit_interval, .burst = config->rate_limit_burst },
                .dropped = on_dropped,
                .dropped_userdata = o,
                .changed = config->changed,
                .changed_userdata = config->userdata,
                .ended = on_stream_ended,
                .ended_userdata = o,
        };
        o->finish_turn = (OutputTurn) { .run = run_finish, .userdata = o };

        for (Stream i = 0; i < _STREAM_MAX; i++) {
                int r = output_stream_init(&o->streams[i], &o->owner, i, &o->origin, line_max, fds[i]);

                if (r < 0 && first_error == 0)
                        first_error = r;
        }
        if (first_error < 0)
                return first_error;

        *ret = take_ptr(o);
        return 0;
}

NodeOutput* node_output_free(NodeOutput* o) {
        if (!o)
                return NULL;
        output_hub_cancel(o->owner.hub, &o->finish_turn);
        for (Stream i = 0; i < _STREAM_MAX; i++)
                output_stream_done(&o->streams[i]);
        tell_dropped(o);
        sd_event_source_disable_unref(o->drop_timer);
        free((char*) o->origin.node);
        free((char*) o->origin.scope);
        free(o);
        return NULL;
}

int node_output_fd(const NodeOutput* o, Stream stream) {
        return o->streams[stream].fd;
}

void node_output_finish(NodeOutput* o, void (*finished)(void* userdata), void* userdata) {
        assert(finished && !o->finished);

        o->finished = finished;
        o->finished_userdata = userdata;
        for (Stream i = 0; i < _STREAM_MAX; i++)
                output_stream_end(&o->streams[i]);
        on_stream_ended(o);
}
