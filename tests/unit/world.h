/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A small fake world that carries out what nodes ask for: a stem that launches or fails to, programs that crash, obey,
 * ignore SIGTERM and leave processes behind, clients, an administrator, a clock. What happens next is drawn at random.
 * The world knows the truth, what a node was told of it, and what clients were told by the node; with that it judges
 * every effect at once. */

#include <signal.h>
#include <string.h>

#include "core/registry.h"
#include "unit/specs.h"

#define N_NAMES 4
#define N_CALLS_MAX 4 /* unanswered, for one name */
#define FIRST_DELAY (1 * USEC_PER_SEC)

/* What a client asked for, and what it must hear. */
typedef struct Call {
        JobType type;
        uint64_t n_launched; /* when it was asked */
} Call;

/* All there is behind one name. */
typedef struct Body {
        char name[8];

        /* the truth */
        bool ordered; /* the stem has an order */
        bool scope;   /* from the launch until the stem was told to let go */
        bool main_alive, deaf, dying;
        unsigned n_left; /* processes that the main one leaves behind */
        bool left_deaf, left_dying;
        ExitReason exit;
        uint32_t pid;

        /* what the node knows of it, and did about it */
        bool told_ready, told_terminated, told_exit;
        unsigned n_terms;
        bool killed, swept;
        usec_t order_time, term_time, exit_time, sweep_time;
        usec_t stop_timeout, sweep_timeout; /* as they were when the time began to run */

        /* what it may do of its own accord */
        bool may_start_again;
        bool stop_asked;
        unsigned attempts_max;

        /* what clients were told */
        bool added;  /* on the bus */
        bool exists; /* by the answers to calls */
        Call* calls[N_CALLS_MAX];
        size_t n_calls;
        uint64_t n_launched, n_announced, n_gone;
        uint64_t n_milestones[_MILESTONE_MAX];
        uint32_t n_restarts;
} Body;

typedef struct World {
        Registry registry;
        Instant now;
        uint64_t random;
        uint32_t last_pid;
        Body bodies[N_NAMES];
} World;

/* What the runs have seen in all; a model test that never gets to a place says nothing about it. */
static struct {
        uint64_t states[_NODE_STATE_MAX], phases[_PHASE_MAX], milestones[_MILESTONE_MAX];
        uint64_t results[_JOB_TYPE_MAX][_JOB_RESULT_MAX];
} seen;

static bool trace;

#define TRACE(body, ...)                                            \
        do {                                                        \
                if (trace) {                                        \
                        print_message("%s: ", (body)->name);        \
                        print_message(__VA_ARGS__);                 \
                        print_message("\n");                        \
                }                                                   \
        } while (0)

/* splitmix64 */
static uint64_t draw(World* w, uint64_t below) {
        uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return (z ^ z >> 31) % below;
}

static bool chance(World* w, unsigned percent) {
        return draw(w, 100) < percent;
}

static NodePolicy draw_policy(World* w) {
        static const usec_t stop_timeouts[] = { 60 * USEC_PER_SEC, 2 * USEC_PER_SEC, 0, USEC_INFINITY };
        NodePolicy policy = {
                .restart = chance(w, 60) ? RESTART_ALWAYS : (RestartPolicy) draw(w, _RESTART_POLICY_MAX),
                .backoff = { .delay = FIRST_DELAY, .delay_max = 5 * FIRST_DELAY, .reset_after = 30 * USEC_PER_SEC },
                .stop_timeout = stop_timeouts[draw(w, ELEMENTSOF(stop_timeouts))],
        };

        policy.backoff.attempts_max = (unsigned) draw(w, 4);
        exit_reason_set_add_status(&policy.prevent_restart, 3);
        return policy;
}

/* ---- effects ---- */

static void on_launch(World* w, Body* b, const Node* node) {
        bool asked_for = node->job != NULL;

        /* at most one incarnation at a time */
        assert_false(b->ordered);
        assert_false(b->scope);
        assert_true(b->added);

        if (asked_for) {
                assert_int_not_equal(node->job->type, JOB_DESTROY);
                b->stop_asked = false;
                b->n_restarts = 0;
        } else {
                assert_true(b->may_start_again);
                assert_false(b->stop_asked);
                assert_true(w->now.boottime - b->order_time >= FIRST_DELAY);
                assert_true(b->attempts_max == 0 || node->backoff.attempts <= b->attempts_max);
                b->n_restarts++;
        }
        b->ordered = true;
        b->order_time = w->now.boottime;
}

static void on_terminate(World* w, Body* b, const Node* node) {
        assert_true(b->scope && !b->told_exit);
        assert_int_equal(b->n_terms, 0);

        b->n_terms++;
        b->term_time = w->now.boottime;
        b->stop_timeout = node->policy.stop_timeout;
        b->dying = b->dying || !b->deaf;
}

static void on_kill_scope(World* w, Body* b, const Node* node, int signal) {
        assert_true(b->scope);
        if (!b->told_exit) {
                assert_int_equal(signal, SIGKILL);
                assert_int_equal(b->n_terms, 1);
                assert_true(w->now.boottime - b->term_time >= b->stop_timeout);
                b->killed = true;
        } else if (signal == SIGTERM) {
                assert_false(b->swept);
                assert_true(w->now.boottime - b->exit_time >= 50 * USEC_PER_MSEC);
                b->swept = true;
                b->sweep_time = w->now.boottime;
                b->sweep_timeout = min_u64(5 * USEC_PER_SEC, node->policy.stop_timeout);
        } else {
                assert_int_equal(signal, SIGKILL);
                assert_true(b->swept);
                assert_true(w->now.boottime - b->sweep_time >= b->sweep_timeout);
        }

        b->left_dying = b->left_dying || signal == SIGKILL || !b->left_deaf;
        b->dying = b->dying || signal == SIGKILL;
}

/* Each call is answered once, in the order of asking, with what came of it. */
static void on_job_done(Body* b, Job* job, JobResult result, const char* text) {
        Call* call = b->calls[0];

        assert_true(b->n_calls > 0);
        assert_ptr_equal(job->userdata, call);
        assert_int_equal(job->type, call->type);
        assert_int_equal(result == JOB_LAUNCH_FAILED, text != NULL);

        if (result == JOB_NODE_EXISTS) {
                assert_int_equal(call->type, JOB_CREATE);
                assert_true(b->exists);
        } else if (result == JOB_NO_SUCH_NODE) {
                assert_int_not_equal(call->type, JOB_CREATE);
                assert_false(b->exists);
        } else {
                assert_int_equal(b->exists, call->type != JOB_CREATE);
                if (result == JOB_DONE && call->type == JOB_DESTROY) {
                        assert_false(b->ordered || b->scope || b->added);
                        b->exists = false;
                } else if (result == JOB_DONE) {
                        assert_true(b->scope && b->n_launched > call->n_launched);
                        b->exists = true;
                } else {
                        assert_int_not_equal(call->type, JOB_DESTROY);
                        assert_int_equal(b->added, b->exists);
                }
        }

        seen.results[call->type][result]++;
        TRACE(b, "  call %i answered with %i", call->type, result);
        b->n_calls--;
        memmove(b->calls, b->calls + 1, b->n_calls * sizeof(Call*));
        free(call);
        job_free(job);
}

static void carry_out(World* w, Body* b, const Node* node, const Effect* effect) {
        TRACE(b, "  effect %i, number %i", effect->type, effect->number);
        switch (effect->type) {
        case EFFECT_ADDED:
                assert_false(b->added);
                b->added = true;
                break;
        case EFFECT_LAUNCH:
                on_launch(w, b, node);
                break;
        case EFFECT_TERMINATE:
                on_terminate(w, b, node);
                break;
        case EFFECT_KILL_SCOPE:
                on_kill_scope(w, b, node, effect->number);
                break;
        case EFFECT_ANNOUNCE:
                assert_int_equal(node->pid, b->pid);
                b->n_announced++;
                break;
        case EFFECT_MILESTONE:
                seen.milestones[effect->number]++;
                b->n_milestones[effect->number]++;
                break;
        case EFFECT_JOB_DONE:
                on_job_done(b, effect->job, effect->number, effect->text);
                break;
        case EFFECT_FORGET:
                assert_true(b->added);
                assert_false(b->ordered || b->scope);
                b->added = false;
                break;
        case _EFFECT_TYPE_MAX:
                fail();
        }
}

static void carry_out_all(World* w, Body* b, const Node* node, Effects* effects) {
        for (size_t i = 0; i < effects->n; i++)
                carry_out(w, b, node, &effects->items[i]);
        effects_done(effects);
}

/* As the daemon does it. */
static void advance(World* w, Body* b, Node* node) {
        _cleanup_effects_ Effects effects = {};

        while (node_advance(node, w->now, &effects))
                carry_out_all(w, b, node, &effects);
        if (node_is_unused(node))
                registry_release(&w->registry, node);
}

/* How many effects it has at once. */
static size_t tell(World* w, Body* b, NodeEvent event) {
        Node* node = registry_find(&w->registry, b->name);
        _cleanup_effects_ Effects effects = {};
        size_t n;

        assert_non_null(node);
        node_dispatch(node, &event, w->now, &effects);
        n = effects.n;
        carry_out_all(w, b, node, &effects);
        advance(w, b, node);
        return n;
}

/* ---- what can happen ---- */

static const Node* node_of(const World* w, const Body* b) {
        return registry_find(&w->registry, b->name);
}

static void ask(World* w, Body* b, JobType type) {
        Node* node = registry_obtain(&w->registry, b->name);
        Call* call = xnew0(Call);
        Job* job = job_new(type, call);

        TRACE(b, "asked for %i", type);
        *call = (Call) { .type = type, .n_launched = b->n_launched };
        b->calls[b->n_calls++] = call;
        if (type == JOB_CREATE) {
                job->spec = spec_with(b->name, ROLE_STANDALONE);
                job->policy = draw_policy(w);
        }
        node_submit(node, job);
        advance(w, b, node);
}

static bool can_ask(const World* w, const Body* b) {
        return b->n_calls < N_CALLS_MAX;
}

static void someone_asks(World* w, Body* b) {
        ask(w, b, chance(w, 45) ? JOB_CREATE : chance(w, 50) ? JOB_RESTART : JOB_DESTROY);
}

static bool is_ordered(const World* w, const Body* b) {
        return b->ordered;
}

static void remember_what_follows(World* w, Body* b, bool may_start_again) {
        b->may_start_again = may_start_again;
        b->attempts_max = node_of(w, b)->policy.backoff.attempts_max;
}

static void stem_answers(World* w, Body* b) {
        b->ordered = false;
        if (chance(w, 20)) {
                TRACE(b, "not launched");
                remember_what_follows(w, b, node_of(w, b)->policy.restart != RESTART_NEVER);
                (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_LAUNCH_FAILED, .text = "because" });
                return;
        }

        TRACE(b, "launched");
        b->scope = b->main_alive = true;
        b->deaf = chance(w, 20);
        b->left_deaf = chance(w, 50);
        b->n_left = (unsigned) draw(w, 3);
        b->dying = b->left_dying = b->told_terminated = b->told_exit = b->killed = b->swept = false;
        b->told_ready = chance(w, 50);
        b->n_terms = 0;
        b->pid = ++w->last_pid;
        b->n_launched++;
        (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_LAUNCHED, .pid = b->pid, .not_ready_yet = !b->told_ready });
}

static bool may_become_ready(const World* w, const Body* b) {
        return b->scope && !b->told_ready && !b->told_exit && b->n_terms == 0;
}

static void becomes_ready(World* w, Body* b) {
        TRACE(b, "ready");
        b->told_ready = true;
        (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_READY });
}

static bool may_terminate(const World* w, const Body* b) {
        return b->main_alive && b->n_terms == 1 && !b->killed && !b->told_terminated;
}

static void says_that_it_has_terminated(World* w, Body* b) {
        usec_t patience = w->now.boottime - b->term_time + 5 * USEC_PER_SEC;

        TRACE(b, "terminated");
        b->told_terminated = true;
        b->stop_timeout = min_u64(b->stop_timeout, patience);
        (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_TERMINATED });
}

static bool main_is_alive(const World* w, const Body* b) {
        return b->main_alive;
}

static void main_ends(World* w, Body* b) {
        static const ExitReason ends[] = { { CLD_EXITED, 0 },       { CLD_EXITED, 1 },       { CLD_EXITED, 3 },
                                           { CLD_KILLED, SIGTERM }, { CLD_DUMPED, SIGSEGV }, { 0, 0 } };

        TRACE(b, "main process ends");
        b->main_alive = false;
        b->exit = ends[draw(w, ELEMENTSOF(ends))];
}

static bool main_is_dying(const World* w, const Body* b) {
        return b->main_alive && b->dying;
}

static bool leftovers_are_dying(const World* w, const Body* b) {
        return b->scope && b->n_left > 0 && b->left_dying;
}

static bool leftovers_may_end(const World* w, const Body* b) {
        return b->scope && b->n_left > 0;
}

static void leftover_ends(World* w, Body* b) {
        b->n_left--;
}

static bool exit_is_to_be_told(const World* w, const Body* b) {
        return b->scope && !b->main_alive && !b->told_exit;
}

static void tell_exit(World* w, Body* b) {
        const NodePolicy* policy = &node_of(w, b)->policy;
        bool policy_allows = policy->restart == RESTART_ALWAYS ||
                             (policy->restart == RESTART_ON_FAILURE && !exit_reason_is_clean(&b->exit));

        TRACE(b, "exit told");
        remember_what_follows(w, b, b->n_terms == 0 && policy_allows &&
                                            !exit_reason_set_contains(&policy->prevent_restart, &b->exit));
        b->told_exit = true;
        b->exit_time = w->now.boottime;
        (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_EXITED, .exit = b->exit });
}

static bool gone_is_to_be_told(const World* w, const Body* b) {
        return b->scope && b->told_exit && b->n_left == 0;
}

static void tell_gone(World* w, Body* b) {
        TRACE(b, "gone told");
        b->n_gone++;
        remember_what_follows(w, b, b->may_start_again);
        b->scope = false;
        (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_GONE });
}

static bool has_scope(const World* w, const Body* b) {
        return b->ordered || b->scope;
}

static void administrator_stops(World* w, Body* b) {
        TRACE(b, "stop request");
        b->stop_asked = true;
        (void) tell(w, b, (NodeEvent) { .type = NODE_EVENT_STOP_REQUEST });
}

static bool has_node(const World* w, const Body* b) {
        return node_of(w, b) != NULL;
}

static void administrator_reloads(World* w, Body* b) {
        TRACE(b, "reload");
        registry_find(&w->registry, b->name)->policy = draw_policy(w);
}

static bool timer_is_due(const World* w, const Body* b) {
        return node_of(w, b) && node_of(w, b)->deadline <= w->now.boottime;
}

static void timer_elapses(World* w, Body* b) {
        const Node* node;

        TRACE(b, "timer");
        /* a deadline is never there for nothing, and never turns in a circle */
        assert_true(tell(w, b, (NodeEvent) { .type = NODE_EVENT_TIMER }) > 0);
        node = node_of(w, b);
        assert_true(!node || node->deadline > w->now.boottime || node->policy.stop_timeout == 0);
}

/* An event about an incarnation that is over, or a timer that was disarmed too late. */
static void an_echo_comes(World* w, Body* b) {
        const bool fits[_NODE_EVENT_TYPE_MAX] = {
                [NODE_EVENT_LAUNCHED] = b->ordered,
                [NODE_EVENT_READY] = b->scope && !b->told_exit && b->n_terms == 0,
                [NODE_EVENT_LAUNCH_FAILED] = b->ordered,
                [NODE_EVENT_TERMINATED] = b->scope && !b->told_exit && b->n_terms == 1 && !b->killed,
                [NODE_EVENT_EXITED] = b->scope && !b->told_exit,
                [NODE_EVENT_GONE] = b->scope && b->told_exit,
                [NODE_EVENT_TIMER] = timer_is_due(w, b),
                [NODE_EVENT_STOP_REQUEST] = has_scope(w, b),
        };
        NodeEventType type = (NodeEventType) draw(w, _NODE_EVENT_TYPE_MAX);

        if (!fits[type])
                assert_int_equal(tell(w, b, (NodeEvent) { .type = type, .pid = 1, .exit = { CLD_EXITED, 0 } }), 0);
}

static void time_passes(World* w, Body* b) {
        static const usec_t spans[] = { 1, USEC_PER_MSEC, 60 * USEC_PER_MSEC, 700 * USEC_PER_MSEC, USEC_PER_SEC,
                                        6 * USEC_PER_SEC, 70 * USEC_PER_SEC };
        const Node* node = node_of(w, b);
        usec_t span = spans[draw(w, ELEMENTSOF(spans))];

        /* often to the microsecond at which something is due */
        if (node && node->deadline != USEC_INFINITY && node->deadline > w->now.boottime && chance(w, 50))
                span = node->deadline - w->now.boottime;
        w->now.boottime += span;
        w->now.realtime += span;
}

static bool always(const World* w, const Body* b) {
        return true;
}

typedef struct Action {
        unsigned weight;
        bool at_the_end; /* also while everything is taken down */
        bool (*is_possible)(const World* w, const Body* b);
        void (*perform)(World* w, Body* b);
} Action;

static const Action actions[] = {
        { 6, false, can_ask, someone_asks },
        { 20, true, is_ordered, stem_answers },
        { 6, true, may_become_ready, becomes_ready },
        { 4, true, may_terminate, says_that_it_has_terminated },
        { 4, true, main_is_alive, main_ends },
        { 20, true, main_is_dying, main_ends },
        { 1, true, leftovers_may_end, leftover_ends },
        { 20, true, leftovers_are_dying, leftover_ends },
        { 20, true, exit_is_to_be_told, tell_exit },
        { 20, true, gone_is_to_be_told, tell_gone },
        { 20, true, timer_is_due, timer_elapses },
        { 2, false, has_scope, administrator_stops },
        { 2, false, has_node, administrator_reloads },
        { 6, false, has_node, an_echo_comes },
        { 12, true, always, time_passes },
};

static void something_happens(World* w, bool at_the_end) {
        Body* b = &w->bodies[draw(w, N_NAMES)];
        uint64_t total = 0, pick;

        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if ((!at_the_end || actions[i].at_the_end) && actions[i].is_possible(w, b))
                        total += actions[i].weight;
        pick = draw(w, total);
        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if ((!at_the_end || actions[i].at_the_end) && actions[i].is_possible(w, b)) {
                        if (pick < actions[i].weight) {
                                actions[i].perform(w, b);
                                return;
                        }
                        pick -= actions[i].weight;
                }
        fail();
}
