/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/instance.h"
#include "supervisor/reload.h"
#include "supervisor/request.h"
#include "util/log.h"
#include "wire/names.h"

/* A call of Reload. */
struct ReloadWaiter {
        sd_bus_message* m;
        unsigned hooks_load; /* the one that it waits for; 0: the files are still being read */
        TAILQ_ENTRY(ReloadWaiter) waiters;
};

static void waiter_free(Supervisor* s, ReloadWaiter* waiter) {
        TAILQ_REMOVE(&s->reload_waiters, waiter, waiters);
        sd_bus_message_unref(waiter->m);
        free(waiter);
}

static void apply_configuration(Supervisor* s, Configuration* c) {
        if (s->configuration)
                configuration_inherit(c, s->configuration);
        configuration_free(s->configuration);
        s->configuration = c;
        s->registry.nodes_max = c->settings->supervisor.max_nodes;
        log_set_max_level(c->settings->supervisor.log_level);

        diagnostics_log(&c->warnings);
}

static void apply_to_nodes(Supervisor* s) {
        REGISTRY_FOREACH(node, &s->registry) {
                Job* job;

                node->policy = configuration_policy(s->configuration, node->spec);
                TAILQ_FOREACH(job, &node->jobs, queue)
                        if (job->type == JOB_CREATE)
                                job->policy = configuration_policy(s->configuration, job->spec);
                instance_adapt(node_instance(node));
        }
        request_restart_of_outdated(s);
}

void reload_node_runs(Supervisor* s, Node* node) {
        Instance* instance = node_instance(node);

        if (!instance->adapt_when_running)
                return;
        instance_adapt(instance);
        if (instance->outdated)
                request_one(s, NULL, JOB_RESTART, node->name);
}

/* Those who wait for the files. */
static void refuse_waiters(Supervisor* s, const char* why) {
        ReloadWaiter *waiter, *next;

        log_warning("The configuration stays as it is: %s", why);
        for (waiter = TAILQ_FIRST(&s->reload_waiters); waiter; waiter = next) {
                next = TAILQ_NEXT(waiter, waiters);
                if (waiter->hooks_load != 0)
                        continue;
                (void) sd_bus_reply_method_errorf(waiter->m, ERROR_INVALID_CONFIG, "%s", why);
                waiter_free(s, waiter);
        }
}

static void answer_waiters(Supervisor* s) {
        ReloadWaiter *waiter, *next;

        for (waiter = TAILQ_FIRST(&s->reload_waiters); waiter; waiter = next) {
                next = TAILQ_NEXT(waiter, waiters);
                if (waiter->hooks_load == 0 || waiter->hooks_load > s->n_hooks_loaded)
                        continue;
                (void) sd_bus_reply_method_return(waiter->m, NULL);
                waiter_free(s, waiter);
        }
}

static void on_hooks_loaded(void* userdata, const char* error, const char* text) {
        Supervisor* s = userdata;

        if (error)
                log_warning("The hooks could not be read: %s", text);
        s->n_hooks_loaded++;
        if (s->remembers) {
                answer_waiters(s);
                return;
        }

        /* Not before: no line of a node is to pass the hooks by. */
        s->remembers = true;
        adoption_remember(s->adoption);
        adoption_start(s->adoption);
}

void reload_on_configuration(Configuration* c, void* userdata) {
        Supervisor* s = userdata;
        bool first = !s->configuration;
        ReloadWaiter* waiter;

        if (!first && c->warnings.unread) {
                refuse_waiters(s, c->warnings.unread);
                configuration_free(c);
                return;
        }

        apply_configuration(s, c);
        if (!first) {
                apply_to_nodes(s);
                (void) sd_bus_emit_properties_changed(s->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "ZeekBinary",
                                                      "ZeekVersion", NULL);
        }

        s->n_hooks_loads++;
        TAILQ_FOREACH(waiter, &s->reload_waiters, waiters)
                if (waiter->hooks_load == 0)
                        waiter->hooks_load = s->n_hooks_loads;
        hooks_load(s->hooks, on_hooks_loaded, s);
}

void reload(Supervisor* s, sd_bus_message* m) {
        ReloadWaiter* waiter;
        int r;

        r = configuration_loader_start(s->loader);
        if (r < 0) {
                (void) sd_bus_reply_method_errno(m, r, NULL);
                return;
        }

        waiter = xnew0(ReloadWaiter);
        waiter->m = sd_bus_message_ref(m);
        TAILQ_INSERT_TAIL(&s->reload_waiters, waiter, waiters);
}

void reload_done(Supervisor* s) {
        ReloadWaiter* waiter;

        while ((waiter = TAILQ_FIRST(&s->reload_waiters)))
                waiter_free(s, waiter);
}
