/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/status-answers.h"
#include "supervisor/status.h"
#include "supervisor/supervisor.h"
#include "util/strv.h"
#include "wire/names.h"

/* What a turn may do: so many entries of tables, and beside them for each node what it costs as well. Less than a
 * millisecond or two. */
#define TURN_ENDPOINTS 512U
#define NODE_ENDPOINTS 32U

typedef struct Waiting Waiting;
struct Waiting {
        sd_bus_message* call;
        TAILQ_ENTRY(Waiting) entry;
};

struct StatusAnswers {
        Supervisor* s; /* weak */
        OutputTurn turn;
        TAILQ_HEAD(, Waiting) waiting; /* the answer to the first one is being made */

        /* of the first one */
        sd_bus_message* answer; /* NULL: not begun */
        char** names;           /* of the nodes that there were */
        size_t next;
        bool brief;
};

static void forget_first(StatusAnswers* a) {
        Waiting* first = TAILQ_FIRST(&a->waiting);

        TAILQ_REMOVE(&a->waiting, first, entry);
        sd_bus_message_unref(first->call);
        free(first);
        a->answer = sd_bus_message_unref(a->answer);
        a->names = strv_free(a->names);
}

static int begin(StatusAnswers* a) {
        size_t n_endpoints = 0;
        int r;

        a->next = 0;
        REGISTRY_FOREACH(node, &a->s->registry) {
                strv_extend(&a->names, node->name);
                n_endpoints += node->spec->cluster ? node->spec->cluster->n : 0;
        }
        a->brief = n_endpoints > STATUS_ENDPOINTS_MAX;

        r = sd_bus_message_new_method_return(TAILQ_FIRST(&a->waiting)->call, &a->answer);
        return r < 0 ? r : sd_bus_message_open_container(a->answer, 'a', "{sa{sv}}");
}

/* 0: all nodes are told; 1: there are more. */
static int go_on(StatusAnswers* a) {
        size_t done = 0;

        for (; a->names && a->names[a->next]; a->next++) {
                const Node* node = registry_find(&a->s->registry, a->names[a->next]);
                int r;

                if (done >= TURN_ENDPOINTS)
                        return 1;
                if (!node || node->phase == PHASE_VOID)
                        continue;
                r = status_append_entry(a->answer, node, a->brief);
                if (r < 0)
                        return r;
                done += NODE_ENDPOINTS + (!a->brief && node->spec->cluster ? node->spec->cluster->n : 0);
        }
        return 0;
}

static void on_turn(void* userdata) {
        StatusAnswers* a = userdata;
        int r = a->answer ? 0 : begin(a);

        if (r >= 0)
                r = go_on(a);
        if (r == 0) {
                r = sd_bus_message_close_container(a->answer);
                if (r >= 0)
                        (void) sd_bus_message_send(a->answer);
        }
        if (r < 0)
                (void) sd_bus_reply_method_errorf(TAILQ_FIRST(&a->waiting)->call, ERROR_LIMITS_EXCEEDED,
                                                  "The status of all nodes does not fit into a message; ask for one at a time");
        if (r <= 0)
                forget_first(a);
        if (!TAILQ_EMPTY(&a->waiting))
                output_hub_queue(a->s->output, &a->turn);
}

StatusAnswers* status_answers_new(Supervisor* s) {
        StatusAnswers* a = xnew0(StatusAnswers);

        a->s = s;
        a->turn = (OutputTurn) { .run = on_turn, .userdata = a };
        TAILQ_INIT(&a->waiting);
        return a;
}

StatusAnswers* status_answers_free(StatusAnswers* a) {
        if (!a)
                return NULL;

        output_hub_cancel(a->s->output, &a->turn);
        while (!TAILQ_EMPTY(&a->waiting))
                forget_first(a);
        free(a);
        return NULL;
}

int status_answers_add(StatusAnswers* a, sd_bus_message* call, sd_bus_error* error) {
        const char* sender = sd_bus_message_get_sender(call);
        unsigned n = 0, n_of_sender = 0;
        Waiting* waiting;

        TAILQ_FOREACH(waiting, &a->waiting, entry) {
                n++;
                n_of_sender += strcmp(sd_bus_message_get_sender(waiting->call), sender) == 0;
        }
        if (n >= STATUS_CALLS_MAX || n_of_sender >= STATUS_CALLS_PER_SENDER_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "More than %u calls of Status for all nodes wait for their answer, or %u of yours",
                                         STATUS_CALLS_MAX, STATUS_CALLS_PER_SENDER_MAX);

        waiting = xnew0(Waiting);
        waiting->call = sd_bus_message_ref(call);
        TAILQ_INSERT_TAIL(&a->waiting, waiting, entry);
        output_hub_queue(a->s->output, &a->turn);
        return 1;
}
