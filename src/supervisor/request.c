/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/held-call.h"
#include "supervisor/instance.h"
#include "supervisor/request.h"
#include "wire/names.h"

static Request* request_new(Supervisor* s, sd_bus_message* m, JobType type) {
        Request* request = xnew0(Request);

        request->supervisor = s;
        request->m = call_hold(s->calls, m);
        request->type = type;
        TAILQ_INSERT_TAIL(&s->requests, request, requests);
        return request;
}

Request* request_free(Request* request) {
        if (!request)
                return NULL;

        TAILQ_REMOVE(&request->supervisor->requests, request, requests);
        rollout_free(request->rollout);
        sd_bus_error_free(&request->error);
        call_let_go(request->supervisor->calls, request->m);
        free(request);
        return NULL;
}

int request_check_limits(const Supervisor* s, sd_bus_message* m, sd_bus_error* error) {
        const char* sender = sd_bus_message_get_sender(m);
        unsigned n_all = 0, n_of_sender = 0;
        const Request* request;

        TAILQ_FOREACH(request, &s->requests, requests) {
                n_all++;
                if (request->m && strcmp(sd_bus_message_get_sender(request->m), sender) == 0)
                        n_of_sender++;
        }

        if (n_all >= PENDING_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED, "More than %u calls wait for their turn", PENDING_MAX);
        if (n_of_sender >= PENDING_PER_SENDER_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "More than %u of your calls wait for their turn; wait for answers first",
                                         PENDING_PER_SENDER_MAX);
        return 0;
}

void requests_forget_callers(Supervisor* s) {
        Request* request;

        TAILQ_FOREACH(request, &s->requests, requests)
                request->m = call_let_go(s->calls, request->m);
}

static void request_answer(Request* request) {
        if (!request->m)
                return;

        if (sd_bus_error_is_set(&request->error))
                (void) sd_bus_reply_method_error(request->m, &request->error);
        else if (request->type == JOB_CREATE)
                (void) sd_bus_reply_method_return(request->m, "s", "");
        else
                (void) sd_bus_reply_method_return(request->m, "b", 1);
}

static void submit(Request* request, const char* name) {
        request->n_pending++;
        supervisor_submit(request->supervisor, name, job_new(request->type, request));
}

static void request_end(Request* request) {
        Supervisor* s = request->supervisor;
        RequestScope scope = request->scope;

        request_answer(request);
        request_free(request);
        if (scope == SCOPE_DROPPED)
                static_cluster_dropped(s->static_cluster);
        if (scope != SCOPE_OUTDATED)
                return;
        s->restarts_outdated = false;
        if (s->restarts_outdated_again)
                request_restart_of_outdated(s);
}

static bool request_concerns(const Request* request, const char* name) {
        const Node* node = registry_find(&request->supervisor->registry, name);

        switch (request->scope) {
        case SCOPE_ALL:
                return true;
        case SCOPE_OUTDATED:
                return node && node->phase == PHASE_RUNNING && node->outdated;
        case SCOPE_DROPPED:
                return node && node->phase != PHASE_VOID && node_instance(node)->dropped;
        }
        assert(!"request scope");
        return false;
}

/* Jobs may be done before submit() returns, so a wave is held open until the last of it is submitted. */
static void request_advance(Request* request) {
        while (request->n_pending == 0) {
                size_t n = 0;
                char* const* names = request->rollout ? rollout_next_wave(request->rollout, &n) : NULL;

                if (n == 0) {
                        request_end(request);
                        return;
                }

                request->n_pending++;
                for (size_t i = 0; i < n; i++)
                        if (request_concerns(request, names[i]))
                                submit(request, names[i]);
                request->n_pending--;
        }
}

void request_job_done(Request* request, JobResult result, const char* name, const char* text) {
        sd_bus_error* e = &request->error;

        if (!sd_bus_error_is_set(e))
                switch (result) {
                case JOB_DONE:
                        break;
                case JOB_NODE_EXISTS:
                        (void) sd_bus_error_setf(e, ERROR_NODE_EXISTS, "node with name '%s' already exists", name);
                        break;
                case JOB_NO_SUCH_NODE:
                        if (!request->all)
                                (void) sd_bus_error_setf(e, ERROR_NO_SUCH_NODE, "there is no node with name '%s'", name);
                        break;
                case JOB_LAUNCH_FAILED:
                        (void) sd_bus_error_setf(e, ERROR_LAUNCH_FAILED, "node '%s': %s", name, text);
                        break;
                case _JOB_RESULT_MAX:
                        assert(!"job result");
                }

        assert(request->n_pending > 0);
        request->n_pending--;
        request_advance(request);
}

void request_create(Supervisor* s, sd_bus_message* m, NodeSpec* spec, NodeOrigin origin) {
        Request* request = request_new(s, m, JOB_CREATE);
        Job* job = job_new(JOB_CREATE, request);
        _cleanup_free_ char* name = xstrdup(spec->name);

        registry_share_cluster(&s->registry, spec);
        job->policy = configuration_policy(s->configuration, spec);
        job->spec = node_spec_ref(spec);
        job->origin = origin;
        request->n_pending++;
        supervisor_submit(s, name, job);
}

void request_one(Supervisor* s, sd_bus_message* m, JobType type, const char* name) {
        submit(request_new(s, m, type), name);
}

void request_all(Supervisor* s, sd_bus_message* m, JobType type) {
        Request* request = request_new(s, m, type);

        request->all = true;
        request->rollout = rollout_new(&s->registry, type == JOB_RESTART ? ROLLOUT_START : ROLLOUT_STOP);
        request_advance(request);
}

static void request_some(Supervisor* s, JobType type, RequestScope scope) {
        Request* request = request_new(s, NULL, type);

        request->all = true;
        request->scope = scope;
        request->rollout = rollout_new(&s->registry, type == JOB_RESTART ? ROLLOUT_START : ROLLOUT_STOP);
        request_advance(request);
}

void request_restart_of_outdated(Supervisor* s) {
        s->restarts_outdated_again = s->restarts_outdated;
        if (s->restarts_outdated)
                return;

        s->restarts_outdated = true;
        request_some(s, JOB_RESTART, SCOPE_OUTDATED);
}

void request_destroy_dropped(Supervisor* s) {
        request_some(s, JOB_DESTROY, SCOPE_DROPPED);
}
