/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "core/node-name.h"
#include "core/node.h"

/* Most main processes take everything with them; the scope is seen empty some milliseconds later. Only what is still
 * there after this time is spoken to. */
#define SWEEP_GRACE_USEC (50 * USEC_PER_MSEC)
/* What a main process left behind has this long between SIGTERM and SIGKILL, or the stop timeout if that is less. */
#define SWEEP_TIMEOUT_USEC (5 * USEC_PER_SEC)
/* SIGKILL works or the kernel is in trouble; it is repeated in case the request was lost. */
#define KILL_AGAIN_USEC (10 * USEC_PER_SEC)

/* Which phase may follow which: one bit a successor. */
#define TO(phase) (1U << (phase))
static const unsigned successors[_PHASE_MAX] = {
        [PHASE_VOID] = TO(PHASE_LAUNCHING),
        [PHASE_LAUNCHING] = TO(PHASE_RUNNING) | TO(PHASE_AT_REST) | TO(PHASE_VOID),
        [PHASE_RUNNING] = TO(PHASE_TERMINATING) | TO(PHASE_SWEEPING),
        [PHASE_TERMINATING] = TO(PHASE_KILLING) | TO(PHASE_SWEEPING),
        [PHASE_KILLING] = TO(PHASE_SWEEPING),
        [PHASE_SWEEPING] = TO(PHASE_AT_REST) | TO(PHASE_LAUNCHING) | TO(PHASE_VOID),
        [PHASE_AT_REST] = TO(PHASE_LAUNCHING) | TO(PHASE_VOID),
};

Node* node_new(const char* name) {
        Node* node = xnew0(Node);

        node->name = xstrdup(name);
        node->scope = node_scope_name(name);
        node->deadline = USEC_INFINITY;
        TAILQ_INIT(&node->jobs);
        return node;
}

Node* node_free(Node* node) {
        Job* job;

        if (!node)
                return NULL;

        job_free(node->job);
        while ((job = TAILQ_FIRST(&node->jobs))) {
                TAILQ_REMOVE(&node->jobs, job, queue);
                job_free(job);
        }
        node_spec_unref(node->spec);
        free(node->layout);
        free(node->scope);
        free(node->name);
        free(node);
        return NULL;
}

/* ---- changes of phase: the one writer, and what each entry means ---- */

static void set_phase(Node* node, NodePhase phase, NodeOutcome outcome, Instant now) {
        NodeState before = node->phase == PHASE_VOID ? _NODE_STATE_INVALID : node_state(node);

        assert(phase == node->phase || successors[node->phase] & TO(phase));
        node->phase = phase;
        node->outcome = outcome;
        node->deadline = USEC_INFINITY;
        if (outcome != OUTCOME_WAIT)
                node->next_restart = 0;
        if (phase != PHASE_VOID && node_state(node) != before)
                node->state_since = now;
}

/* It goes on as it was, timer included, but towards something else. */
static void change_outcome(Node* node, NodeOutcome outcome, Instant now) {
        usec_t deadline = node->deadline;

        set_phase(node, node->phase, outcome, now);
        node->deadline = deadline;
}

static void finish_job(Node* node, JobResult result, const char* text, Effects* effects) {
        if (node->job) {
                Effect* e = effects_add(effects, EFFECT_JOB_DONE, result);

                e->job = take_ptr(node->job);
                e->text = xstrdup_or_null(text);
        }
}

static void enter_launching(Node* node, Instant now, Effects* effects) {
        set_phase(node, PHASE_LAUNCHING, OUTCOME_NONE, now);
        node->stop_requested = false;
        node->ready = false;
        effects_add(effects, EFFECT_LAUNCH, 0);
}

static void launch_anew(Node* node, Instant now, Effects* effects) {
        backoff_reset(&node->backoff, now.boottime);
        node->n_restarts = 0;
        enter_launching(node, now, effects);
}

static void launch_again(Node* node, Instant now, Effects* effects) {
        backoff_attempt(&node->backoff, &node->policy.backoff, now.boottime);
        node->n_restarts++;
        enter_launching(node, now, effects);
}

static void enter_terminating(Node* node, NodeOutcome outcome, Instant now, Effects* effects) {
        set_phase(node, PHASE_TERMINATING, outcome, now);
        node->stop_requested = false;
        node->ready = false;
        node->deadline = saturating_add_u64(now.boottime, node->policy.stop_timeout);
        effects_add(effects, EFFECT_TERMINATE, 0);
}

static void enter_killing(Node* node, Instant now, Effects* effects) {
        set_phase(node, PHASE_KILLING, node->outcome, now);
        node->deadline = saturating_add_u64(now.boottime, KILL_AGAIN_USEC);
        effects_add(effects, EFFECT_KILL_SCOPE, SIGKILL);
}

static void enter_sweeping(Node* node, NodeOutcome outcome, Instant now) {
        set_phase(node, PHASE_SWEEPING, outcome, now);
        node->ready = false;
        node->swept = false;
        node->deadline = saturating_add_u64(now.boottime, SWEEP_GRACE_USEC);
}

/* What is known of it stays readable for those who carry out the last effects; the next Create begins anew. */
static void forget(Node* node, Instant now, Effects* effects) {
        set_phase(node, PHASE_VOID, OUTCOME_NONE, now);
        effects_add(effects, EFFECT_FORGET, 0);
}

static void destroy(Node* node, Instant now, Effects* effects) {
        effects_add(effects, EFFECT_MILESTONE, MILESTONE_DESTROYED);
        forget(node, now, effects);
        finish_job(node, JOB_DONE, NULL, effects);
}

/* The processes are gone (or never came); the outcome says what now. */
static void enter_rest(Node* node, NodeOutcome outcome, Instant now, Effects* effects) {
        static const NodeMilestone milestones[_OUTCOME_MAX] = {
                [OUTCOME_WAIT] = MILESTONE_WAITING,
                [OUTCOME_FAIL] = MILESTONE_FAILED,
                [OUTCOME_FINISH] = MILESTONE_FINISHED,
                [OUTCOME_STOP] = MILESTONE_STOPPED,
        };
        usec_t when = 0;

        /* asked before, when the outcome was found; the limit may have been lowered since */
        if (outcome == OUTCOME_WAIT && !backoff_next(&node->backoff, &node->policy.backoff, 0, &when))
                outcome = OUTCOME_FAIL;
        if (outcome == OUTCOME_WAIT && when <= now.boottime) {
                launch_again(node, now, effects);
                return;
        }

        set_phase(node, PHASE_AT_REST, outcome, now);
        if (outcome == OUTCOME_WAIT)
                node->deadline = when;
        effects_add(effects, EFFECT_MILESTONE, milestones[outcome]);
}

/* What follows an end, or a launch that failed, that nobody asked for. */
static NodeOutcome find_outcome(Node* node, bool launched, Instant now) {
        RestartPolicy restart = node->policy.restart;
        usec_t when, uptime = launched ? now.boottime - node->started.boottime : 0;

        if (launched) {
                if (exit_reason_set_contains(&node->policy.prevent_restart, &node->exit))
                        return OUTCOME_FAIL;
                if (restart == RESTART_NEVER || (restart == RESTART_ON_FAILURE && exit_reason_is_clean(&node->exit)))
                        return OUTCOME_FINISH;
        }
        if (restart == RESTART_NEVER || !backoff_next(&node->backoff, &node->policy.backoff, uptime, &when))
                return OUTCOME_FAIL;

        when = when > now.boottime ? when - now.boottime : 0;
        node->next_restart = saturating_add_u64(now.realtime, when);
        return OUTCOME_WAIT;
}

/* ---- jobs ---- */

static void begin_create(Node* node, Instant now, Effects* effects) {
        if (node->phase != PHASE_VOID) {
                finish_job(node, JOB_NODE_EXISTS, NULL, effects);
                return;
        }

        node_spec_unref(node->spec);
        node->spec = take_ptr(node->job->spec);
        node->policy = node->job->policy;
        node->origin = node->job->origin;
        node->pid = 0;
        node->has_exited = false;
        node->exit = (ExitReason) {};
        node->started = (Instant) {};
        effects_add(effects, EFFECT_ADDED, 0);
        launch_anew(node, now, effects);
}

/* Restart and Destroy alike: bring the processes to an end, then on with the outcome. */
static void begin_stop(Node* node, NodeOutcome outcome, Instant now, Effects* effects) {
        switch (node->phase) {
        case PHASE_VOID:
                finish_job(node, JOB_NO_SUCH_NODE, NULL, effects);
                break;
        case PHASE_RUNNING:
                enter_terminating(node, outcome, now, effects);
                break;
        case PHASE_TERMINATING:
        case PHASE_KILLING:
        case PHASE_SWEEPING:
                /* on its way already, for a reason that this job overrides */
                change_outcome(node, outcome, now);
                break;
        case PHASE_AT_REST:
                if (outcome == OUTCOME_RESTART)
                        launch_anew(node, now, effects);
                else
                        destroy(node, now, effects);
                break;
        default:
                assert(!"a job begins only when no launch is under way");
        }
}

static bool may_begin(const Node* node, const Job* job) {
        /* A launch is never interrupted: it takes little time, and what came of it is known only afterwards. */
        if (node->job || node->phase == PHASE_LAUNCHING)
                return false;
        /* Nor is a Destroy whose job ended with a former daemon. */
        return node->phase == PHASE_VOID || node->outcome != OUTCOME_FORGET || job->type == JOB_DESTROY;
}

bool node_advance(Node* node, Instant now, Effects* effects) {
        Job* job = TAILQ_FIRST(&node->jobs);

        if (node->phase == PHASE_RUNNING && node->stop_requested) {
                enter_terminating(node, OUTCOME_STOP, now, effects);
                return true;
        }
        if (!job || !may_begin(node, job))
                return false;

        TAILQ_REMOVE(&node->jobs, job, queue);
        node->job = job;
        if (job->type == JOB_CREATE)
                begin_create(node, now, effects);
        else
                begin_stop(node, job->type == JOB_RESTART ? OUTCOME_RESTART : OUTCOME_FORGET, now, effects);
        return true;
}

void node_submit(Node* node, Job* job) {
        TAILQ_INSERT_TAIL(&node->jobs, job, queue);
}

/* ---- events ---- */

static void on_launched(Node* node, const NodeEvent* event, Instant now, Effects* effects) {
        node->pid = event->pid;
        node->started = now;
        node->ready = !event->not_ready_yet;
        set_phase(node, PHASE_RUNNING, OUTCOME_NONE, now);
        effects_add(effects, EFFECT_ANNOUNCE, 0);
        effects_add(effects, EFFECT_MILESTONE, MILESTONE_STARTED);
        finish_job(node, JOB_DONE, NULL, effects);
}

static void on_launch_failed(Node* node, const char* text, Instant now, Effects* effects) {
        Effect* e = effects_add(effects, EFFECT_MILESTONE, MILESTONE_LAUNCH_FAILED);

        e->text = xstrdup_or_null(text);
        /* It never ran: its Create failed, also if the daemon that promised to tell so is gone. A file goes on wanting it. */
        if (node->pid == 0 && node->origin == NODE_RUNTIME)
                forget(node, now, effects);
        else
                enter_rest(node, node->stop_requested ? OUTCOME_STOP : find_outcome(node, false, now), now, effects);
        finish_job(node, JOB_LAUNCH_FAILED, text, effects);
}

/* The graceful end that it was given time for is over. What hangs now is not waited for any longer than what a main process
 * leaves behind. */
static void on_terminated(Node* node, Instant now) {
        node->deadline = min_u64(node->deadline, saturating_add_u64(now.boottime, SWEEP_TIMEOUT_USEC));
}

static void on_exited(Node* node, ExitReason exit, Instant now, Effects* effects) {
        bool asked_for = node->phase == PHASE_TERMINATING || node->phase == PHASE_KILLING;

        node->exit = exit;
        node->has_exited = true;
        enter_sweeping(node, asked_for ? node->outcome : find_outcome(node, true, now), now);
}

static void on_gone(Node* node, bool out_of_memory, Instant now, Effects* effects) {
        node->exit.out_of_memory = out_of_memory && exit_reason_fits_out_of_memory(&node->exit);
        /* Told now and not when it was seen: its last lines are in the journal, and this stands behind them. */
        effects_add(effects, EFFECT_MILESTONE, MILESTONE_EXITED);
        switch (node->outcome) {
        case OUTCOME_RESTART:
                launch_anew(node, now, effects);
                break;
        case OUTCOME_FORGET:
                destroy(node, now, effects);
                break;
        default:
                enter_rest(node, node->outcome, now, effects);
        }
}

static void on_timer(Node* node, Instant now, Effects* effects) {
        switch (node->phase) {
        case PHASE_TERMINATING:
                effects_add(effects, EFFECT_MILESTONE, MILESTONE_KILLED);
                enter_killing(node, now, effects);
                break;
        case PHASE_KILLING:
                enter_killing(node, now, effects);
                break;
        case PHASE_SWEEPING:
                effects_add(effects, EFFECT_KILL_SCOPE, node->swept ? SIGKILL : SIGTERM);
                node->deadline = saturating_add_u64(
                        now.boottime, node->swept ? KILL_AGAIN_USEC :
                                                    min_u64(SWEEP_TIMEOUT_USEC, node->policy.stop_timeout));
                node->swept = true;
                break;
        case PHASE_AT_REST:
                if (node->outcome == OUTCOME_WAIT)
                        launch_again(node, now, effects);
                break;
        default:
                break;
        }
}

static void on_stop_request(Node* node, Instant now, Effects* effects) {
        if (node->phase == PHASE_LAUNCHING)
                node->stop_requested = true;
        else if (node->phase == PHASE_RUNNING)
                enter_terminating(node, OUTCOME_STOP, now, effects);
        else if (node->phase == PHASE_SWEEPING && node->outcome == OUTCOME_WAIT)
                change_outcome(node, OUTCOME_STOP, now);
        /* in every other phase it is being stopped already, and whoever began that decides what follows */
}

/* The phases in which an event can come; any other is a late echo of an incarnation that is over. */
static bool event_fits(const Node* node, NodeEventType type) {
        static const unsigned fitting[_NODE_EVENT_TYPE_MAX] = {
                [NODE_EVENT_LAUNCHED] = TO(PHASE_LAUNCHING),
                [NODE_EVENT_READY] = TO(PHASE_RUNNING),
                [NODE_EVENT_LAUNCH_FAILED] = TO(PHASE_LAUNCHING),
                [NODE_EVENT_TERMINATED] = TO(PHASE_TERMINATING),
                [NODE_EVENT_EXITED] = TO(PHASE_RUNNING) | TO(PHASE_TERMINATING) | TO(PHASE_KILLING),
                [NODE_EVENT_GONE] = TO(PHASE_SWEEPING),
                [NODE_EVENT_TIMER] = TO(PHASE_TERMINATING) | TO(PHASE_KILLING) | TO(PHASE_SWEEPING) | TO(PHASE_AT_REST),
                [NODE_EVENT_STOP_REQUEST] = TO(PHASE_LAUNCHING) | TO(PHASE_RUNNING) | TO(PHASE_SWEEPING),
        };

        return fitting[type] & TO(node->phase);
}

void node_dispatch(Node* node, const NodeEvent* event, Instant now, Effects* effects) {
        assert(event->type >= 0 && event->type < _NODE_EVENT_TYPE_MAX);

        if (event_fits(node, event->type))
                switch (event->type) {
                case NODE_EVENT_LAUNCHED:
                        on_launched(node, event, now, effects);
                        break;
                case NODE_EVENT_READY:
                        node->ready = true;
                        break;
                case NODE_EVENT_LAUNCH_FAILED:
                        on_launch_failed(node, event->text, now, effects);
                        break;
                case NODE_EVENT_TERMINATED:
                        on_terminated(node, now);
                        break;
                case NODE_EVENT_EXITED:
                        on_exited(node, event->exit, now, effects);
                        break;
                case NODE_EVENT_GONE:
                        on_gone(node, event->out_of_memory, now, effects);
                        break;
                case NODE_EVENT_TIMER:
                        if (now.boottime >= node->deadline)
                                on_timer(node, now, effects);
                        break;
                case NODE_EVENT_STOP_REQUEST:
                        on_stop_request(node, now, effects);
                        break;
                case _NODE_EVENT_TYPE_MAX:
                        break;
                }
}
