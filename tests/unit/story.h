/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The life of one node, told as a table: what happens, after how long, what the node asks for in answer, and what it
 * then looks like. Effects are written as words, all of them and in their order, so a table says what does not happen
 * as well: "signal TERM", "signal scope KILL", "launch", "announce 7", "done: ann", …  Jobs go by the name of who
 * asked. Time passes only in the table. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/node.h"
#include "unit/specs.h"
#include "util/strv.h"

#define MSEC(n) ((usec_t) (n) * USEC_PER_MSEC)
#define SEC(n) ((usec_t) (n) * USEC_PER_SEC)

typedef struct Story {
        Node* node;
        Instant now;
        NodePolicy policy;
} Story;

typedef struct Happening {
        bool is_job;
        JobType job;
        const char* asker;
        NodeEvent event;
} Happening;

typedef struct Scene {
        usec_t after;
        Happening what;
        const char* effects; /* joined by ", "; "" for none; NULL ends the table */
        const char* state;   /* as on D-Bus; "-" for no node */
} Scene;

#define CREATE(who) { .is_job = true, .job = JOB_CREATE, .asker = (who) }
#define RESTART(who) { .is_job = true, .job = JOB_RESTART, .asker = (who) }
#define DESTROY(who) { .is_job = true, .job = JOB_DESTROY, .asker = (who) }
#define LAUNCHED(p) { .event = { .type = NODE_EVENT_LAUNCHED, .pid = (p) } }
#define LAUNCHED_NOT_READY(p) { .event = { .type = NODE_EVENT_LAUNCHED, .pid = (p), .not_ready_yet = true } }
#define READY { .event = { .type = NODE_EVENT_READY } }
#define TERMINATED { .event = { .type = NODE_EVENT_TERMINATED } }
#define LAUNCH_FAILED(why) { .event = { .type = NODE_EVENT_LAUNCH_FAILED, .text = (why) } }
#define EXITED(n) { .event = { .type = NODE_EVENT_EXITED, .exit = { CLD_EXITED, (n) } } }
#define KILLED(n) { .event = { .type = NODE_EVENT_EXITED, .exit = { CLD_KILLED, (n) } } }
#define ENDED_UNSEEN { .event = { .type = NODE_EVENT_EXITED } }
#define GONE { .event = { .type = NODE_EVENT_GONE } }
#define TIMER { .event = { .type = NODE_EVENT_TIMER } }
#define STOP_REQUEST { .event = { .type = NODE_EVENT_STOP_REQUEST } }

/* What supervisor.conf says when it says nothing, with a cap that tests can reach. */
static inline Story story_begin(void) {
        return (Story) {
                .node = node_new("ant"),
                .now = { .realtime = SEC(1700000000), .boottime = SEC(1000) },
                .policy = {
                        .restart = RESTART_ALWAYS,
                        .backoff = { .delay = SEC(1), .delay_max = SEC(60), .reset_after = SEC(30) },
                        .stop_timeout = SEC(60),
                },
        };
}

static inline void story_end(Story* story) {
        node_free(story->node);
}

#define _cleanup_story_ _cleanup_(story_end)

static inline char* effect_in_words(const Effect* effect, const Node* node) {
        static const char* const milestones[_MILESTONE_MAX] = {
                [MILESTONE_STARTED] = "started",   [MILESTONE_EXITED] = "exited",
                [MILESTONE_WAITING] = "waiting",   [MILESTONE_FAILED] = "failed",
                [MILESTONE_FINISHED] = "finished", [MILESTONE_STOPPED] = "stopped",
                [MILESTONE_KILLED] = "killed",
        };
        static const char* const results[_JOB_RESULT_MAX] = {
                [JOB_DONE] = "done",
                [JOB_NODE_EXISTS] = "exists",
                [JOB_NO_SUCH_NODE] = "no such node",
                [JOB_LAUNCH_FAILED] = "launch failed",
        };

        switch (effect->type) {
        case EFFECT_ADDED:
                return xstrdup("added");
        case EFFECT_LAUNCH:
                return xstrdup("launch");
        case EFFECT_TERMINATE:
                return xstrdup("terminate");
        case EFFECT_KILL_SCOPE:
                return xasprintf("signal scope %s", sigabbrev_np(effect->number));
        case EFFECT_ANNOUNCE:
                return xasprintf("announce %" PRIu32, node->pid);
        case EFFECT_MILESTONE:
                if (effect->number == MILESTONE_LAUNCH_FAILED)
                        return xasprintf("not launched (%s)", effect->text);
                if (effect->number == MILESTONE_DESTROYED)
                        return xasprintf("destroyed %" PRIu32, node->pid);
                return xstrdup(milestones[effect->number]);
        case EFFECT_JOB_DONE:
                return xasprintf("%s: %s%s%s%s", results[effect->number], (const char*) effect->job->userdata,
                                 effect->text ? " (" : "", effect->text ? effect->text : "", effect->text ? ")" : "");
        case EFFECT_FORGET:
                return xstrdup("forget");
        case _EFFECT_TYPE_MAX:
                break;
        }
        fail_msg("effect of type %i", effect->type);
        return NULL;
}

/* Frees the jobs that were answered. */
static inline char* effects_in_words(const Effects* effects, const Node* node) {
        _cleanup_strv_free_ char** words = NULL;

        for (size_t i = 0; i < effects->n; i++) {
                strv_consume(&words, effect_in_words(&effects->items[i], node));
                if (effects->items[i].type == EFFECT_JOB_DONE)
                        job_free(effects->items[i].job);
        }
        return strv_join(words, ", ");
}

/* Whatever happens: time is watched exactly while something is waited for that may not come. */
static inline void assert_deadline_makes_sense(const Node* node) {
        bool waits = (node->phase == PHASE_TERMINATING && node->policy.stop_timeout != USEC_INFINITY) ||
                     node->phase == PHASE_KILLING || node->phase == PHASE_SWEEPING ||
                     (node->phase == PHASE_AT_REST && node->outcome == OUTCOME_WAIT);

        assert_int_equal(node->deadline != USEC_INFINITY, waits);
        if (node->phase != PHASE_VOID)
                assert_int_equal(node->next_restart != 0, node_state(node) == NODE_WAITING);
}

static inline const char* story_state(const Story* story) {
        return story->node->phase == PHASE_VOID ? "-" : node_state_to_string(node_state(story->node));
}

/* One step: its effects are put into words before the node goes on. */
static inline void story_step(Story* story, Effects* effects, char*** words) {
        _cleanup_free_ char* text = effects_in_words(effects, story->node);

        if (*text)
                strv_extend(words, text);
        effects_done(effects);
}

static inline char* story_happen(Story* story, const Happening* what) {
        _cleanup_strv_free_ char** words = NULL;
        _cleanup_effects_ Effects effects = {};
        Node* node = story->node;

        if (what->is_job) {
                Job* job = job_new(what->job, (void*) what->asker);

                if (what->job == JOB_CREATE) {
                        job->spec = spec_with(node->name, ROLE_STANDALONE);
                        job->policy = story->policy;
                }
                node_submit(node, job);
        } else {
                node_dispatch(node, &what->event, story->now, &effects);
                story_step(story, &effects, &words);
        }
        while (node_advance(node, story->now, &effects))
                story_step(story, &effects, &words);
        return strv_join(words, ", ");
}

/* Scenes up to the one without effects. */
static inline void story_play(Story* story, const Scene* scenes, const char* file, int line) {
        for (size_t i = 0; scenes[i].effects; i++) {
                _cleanup_free_ char *words = NULL, *seen = NULL, *expected = NULL;

                story->now.realtime += scenes[i].after;
                story->now.boottime += scenes[i].after;
                words = story_happen(story, &scenes[i].what);
                seen = xasprintf("scene %zu: %s [%s]", i + 1, words, story_state(story));
                expected = xasprintf("scene %zu: %s [%s]", i + 1, scenes[i].effects, scenes[i].state);
                _assert_string_equal(seen, expected, file, line);
                assert_deadline_makes_sense(story->node);
        }
}

#define PLAY(story, ...) story_play((story), (const Scene[]) { __VA_ARGS__, {} }, __FILE__, __LINE__)

/* How most stories begin. */
static inline void story_until_running(Story* story) {
        PLAY(story,
             { 0, CREATE("first"), "added, launch", "starting" },
             { MSEC(20), LAUNCHED(1), "announce 1, started, done: first", "running" });
}

/* The main process ends with status 1 and takes everything with it, which takes no time. Then it is as state says. */
static inline void story_crash(Story* story, const char* effects, const char* state) {
        _cleanup_free_ char* gone = xasprintf("exited, %s", effects);

        PLAY(story, { 0, EXITED(1), "", strcmp(state, "starting") == 0 ? "waiting" : state }, { 0, GONE, gone, state });
}
