/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/diff.h"
#include "supervisor/held-call.h"
#include "supervisor/supervisor.h"
#include "wire/names.h"

/* Calls that wait for the files; all of them are answered from one reading. */
#define DIFFS_MAX 64U

typedef struct Waiter {
        sd_bus_message* m;
        TAILQ_ENTRY(Waiter) waiters;
} Waiter;

struct Differ {
        Supervisor* s; /* weak */
        ConfigurationLoader* loader;
        TAILQ_HEAD(, Waiter) waiters;
        size_t n;
};

static void waiter_free(Differ* differ, Waiter* waiter) {
        TAILQ_REMOVE(&differ->waiters, waiter, waiters);
        differ->n--;
        call_let_go(differ->s->calls, waiter->m);
        free(waiter);
}

static int answer(const Differ* differ, sd_bus_message* m, const Configuration* c) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = static_cluster_append_difference(differ->s->static_cluster, c, reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static void on_configuration(Configuration* c, void* userdata) {
        _cleanup_free_ char* problem = NULL;
        Differ* differ = userdata;
        Waiter* waiter;

        configuration_inherit(c, differ->s->configuration);
        static_cluster_check(differ->s->static_cluster, c);
        problem = configuration_problem(c);
        while ((waiter = TAILQ_FIRST(&differ->waiters))) {
                int r = problem ? sd_bus_reply_method_errorf(waiter->m, ERROR_INVALID_CONFIG, "%s", problem)
                                : answer(differ, waiter->m, c);

                if (r < 0)
                        (void) sd_bus_reply_method_errno(waiter->m, r, NULL);
                waiter_free(differ, waiter);
        }
        configuration_free(c);
}

int differ_new(Supervisor* s, Differ** ret) {
        Differ* differ = xnew0(Differ);
        int r;

        differ->s = s;
        TAILQ_INIT(&differ->waiters);
        r = configuration_loader_new(s->event, s->stem, s->places.user_mode, on_configuration, differ, &differ->loader);
        if (r < 0) {
                differ_free(differ);
                return r;
        }

        *ret = differ;
        return 0;
}

Differ* differ_free(Differ* differ) {
        Waiter* waiter;

        if (!differ)
                return NULL;

        while ((waiter = TAILQ_FIRST(&differ->waiters)))
                waiter_free(differ, waiter);
        configuration_loader_free(differ->loader);
        free(differ);
        return NULL;
}

int differ_take(Differ* differ, sd_bus_message* m, sd_bus_error* error) {
        Waiter* waiter;
        int r;

        if (differ->n >= DIFFS_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED, "More than %u calls of Diff wait for the files",
                                         DIFFS_MAX);
        r = configuration_loader_start(differ->loader);
        if (r < 0)
                return r;

        waiter = xnew0(Waiter);
        waiter->m = call_hold(differ->s->calls, m);
        TAILQ_INSERT_TAIL(&differ->waiters, waiter, waiters);
        differ->n++;
        return 1;
}

void differ_resume(Differ* differ) {
        (void) configuration_loader_resume(differ->loader);
}
