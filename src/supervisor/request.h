/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A client's call that is answered when its jobs are done. */

#include "core/rollout.h"
#include "supervisor/supervisor.h"

/* Of all nodes, those whom a request is about. */
typedef enum RequestScope {
        SCOPE_ALL,
        SCOPE_OUTDATED, /* those that run and would be launched differently now */
        SCOPE_DROPPED,  /* those that node.cfg does not want any more */
} RequestScope;

typedef struct Request {
        Supervisor* supervisor; /* weak */
        sd_bus_message* m;      /* NULL: nobody waits for an answer */
        JobType type;
        size_t n_pending;   /* jobs under way */
        bool all;           /* asked for all nodes; that some vanished meanwhile is no failure */
        RequestScope scope; /* of all */
        Rollout* rollout;   /* the waves still to come */
        sd_bus_error error; /* the first failure */
        TAILQ_ENTRY(Request) requests;
} Request;

/* May this call be taken too? LimitsExceeded if PENDING_PER_SENDER_MAX of its sender's calls, or PENDING_MAX of all, wait
 * for their answers already. */
int request_check_limits(const Supervisor* s, sd_bus_message* m, sd_bus_error* error);

/* One node. The call is answered with "" (Create) or true. */
void request_create(Supervisor* s, sd_bus_message* m, NodeSpec* spec, NodeOrigin origin);
void request_one(Supervisor* s, sd_bus_message* m, JobType type, const char* name);
/* All nodes that exist, role by role: Restart in the order of starting, Destroy in that of stopping. */
void request_all(Supervisor* s, sd_bus_message* m, JobType type);

/* The bus is gone over which all of them called: they get no answers, what they asked for goes on. */
void requests_forget_callers(Supervisor* s);

/* Restarts all outdated nodes role by role; each is looked at again when its turn comes. Who asks for it while
 * it is under way has it done once more afterwards. */
void request_restart_of_outdated(Supervisor* s);

/* Destroys all nodes that were dropped (instance.h), role by role, and tells the static cluster when they are gone. */
void request_destroy_dropped(Supervisor* s);

/* One of the request's jobs is done. */
void request_job_done(Request* request, JobResult result, const char* name, const char* text);
Request* request_free(Request* request);
