/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/node-output.h"
#include "util/alloc.h"

struct NodeOutput {
        OutputOwner owner;
        OutputStream streams[_STREAM_MAX];
        void (*finished)(void* userdata); /* NULL: the node's scope is still there */
        void* finished_userdata;
        OutputTurn finish_turn;
};

void node_output_state_init(NodeOutputState* state) {
        *state = (NodeOutputState) {};
}

void node_output_state_done(NodeOutputState* state) {
        last_output_done(&state->last);
}

char** node_output_state_last_lines(const NodeOutputState* state) {
        return last_output_lines(&state->last);
}

char** node_output_state_last_lines_of(const NodeOutputState* state, Stream stream) {
        return last_output_lines_of(&state->last, stream);
}

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
        const LineOrigin origin = {
                .node = config->node,
                .role = config->role,
                .scope = config->scope,
                .pid = config->pid,
                .user_mode = config->user_mode,
        };
        const int fds[_STREAM_MAX] = { [STREAM_STDOUT] = config->out_fd, [STREAM_STDERR] = config->err_fd };
        size_t line_max = min_size(config->line_max, LINE_MAX_LARGEST);
        int first_error = 0;

        if (line_max < LINE_MAX_SMALLEST)
                line_max = LINE_MAX_SMALLEST;
        o->owner = (OutputOwner) {
                .hub = hub,
                .state = config->state,
                .node = xstrdup(config->node),
                .changed = config->changed,
                .changed_userdata = config->userdata,
                .ended = on_stream_ended,
                .ended_userdata = o,
        };
        o->finish_turn = (OutputTurn) { .run = run_finish, .userdata = o };

        for (Stream i = 0; i < _STREAM_MAX; i++) {
                int r = output_stream_init(&o->streams[i], &o->owner, i, &origin, line_max, fds[i]);

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
        free(o->owner.node);
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
