/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/held-call.h"
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
        call_let_go(s->calls, waiter->m);
        free(waiter);
}

/* Did somebody want the files to be read just now? Who reads them again of his own accord repeats nothing. */
static bool is_asked_for(const Supervisor* s) {
        ReloadWaiter* waiter;

        TAILQ_FOREACH(waiter, &s->reload_waiters, waiters)
                if (waiter->hooks_load == 0)
                        return true;
        return false;
}

static void apply_configuration(Supervisor* s, Configuration* c) {
        bool tell = !s->configuration || is_asked_for(s);

        configuration_free(s->configuration);
        s->configuration = c;
        s->registry.nodes_max = c->settings->supervisor.max_nodes;
        log_set_max_level(c->settings->supervisor.log_level);

        if (tell)
                diagnostics_log(&c->warnings);
        archiver_adapt(s->archiver);
}

static void apply_to_nodes(Supervisor* s) {
        static_cluster_change(s->static_cluster);
        REGISTRY_FOREACH(node, &s->registry) {
                Job* job;

                node->policy = configuration_policy(s->configuration, node->spec);
                TAILQ_FOREACH(job, &node->jobs, queue)
                        if (job->type == JOB_CREATE)
                                job->policy = configuration_policy(s->configuration, job->spec);
                instance_adapt(node_instance(node));
        }
        static_cluster_go_on(s->static_cluster);
}

void reload_node_runs(Supervisor* s, Node* node) {
        Instance* instance = node_instance(node);

        if (!instance->adapt_when_running)
                return;
        instance_adapt(instance);
        if (node->outdated)
                request_one(s, NULL, JOB_RESTART, node->name);
}

/* Those who wait for the files. */
static void refuse_waiters(Supervisor* s, const char* why) {
        ReloadWaiter *waiter, *next;

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

/* Says what is wrong with the files whenever somebody asks, and when it has become something else; and what that means. */
static void refuse(Supervisor* s, const Configuration* c, const char* problem, const char* consequence) {
        if (is_asked_for(s) || !s->refused || strcmp(s->refused, problem) != 0) {
                if (c->warnings.unread)
                        log_error("%s", problem);
                else
                        diagnostics_log_errors(&c->node_file.errors);
                log_warning("%s", consequence);
        }
        free_and_replace(s->refused, xstrdup(problem));
        if (c->node_file.hosts_unknown && s->configuration->node_file.errors.n > 0)
                static_cluster_retry(s->static_cluster);
}

static void accept(Supervisor* s) {
        free_and_replace(s->refused, NULL);
}

void reload_apply_first(Supervisor* s) {
        Configuration* c = s->configuration;
        _cleanup_free_ char* problem = NULL;

        static_cluster_check(s->static_cluster, c);
        problem = node_file_problem(&c->node_file);
        if (problem) {
                refuse(s, c, problem, "No node of node.cfg is started; what runs already goes on");
                return;
        }
        static_cluster_change(s->static_cluster);
        static_cluster_go_on(s->static_cluster);
}

static void load_hooks(Supervisor* s) {
        ReloadWaiter* waiter;

        s->n_hooks_loads++;
        TAILQ_FOREACH(waiter, &s->reload_waiters, waiters)
                if (waiter->hooks_load == 0)
                        waiter->hooks_load = s->n_hooks_loads;
        hooks_load(s->hooks, on_hooks_loaded, s);
}

/* True: it is refused. */
static bool check_configuration(Supervisor* s, Configuration* c) {
        _cleanup_free_ char* problem = NULL;

        configuration_inherit(c, s->configuration);
        static_cluster_check(s->static_cluster, c);
        problem = configuration_problem(c);
        if (!problem)
                return false;
        refuse(s, c, problem, "The configuration stays as it is");
        refuse_waiters(s, problem);
        return true;
}

void reload_on_configuration(Configuration* c, void* userdata) {
        Supervisor* s = userdata;

        if (!s->configuration) {
                apply_configuration(s, c);
                load_hooks(s);
                return;
        }

        if (check_configuration(s, c))
                configuration_free(c);
        else {
                apply_configuration(s, c);
                accept(s);
                if (s->adopted)
                        apply_to_nodes(s);
                (void) sd_bus_emit_properties_changed(s->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "ZeekBinary",
                                                      "ZeekVersion", NULL);
                load_hooks(s);
        }
        start_queue_binary_is_known(s->starts);
        if (s->ready)
                supervisor_tell_status(s);
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
        waiter->m = call_hold(s->calls, m);
        TAILQ_INSERT_TAIL(&s->reload_waiters, waiter, waiters);
}

void reload_done(Supervisor* s) {
        ReloadWaiter* waiter;

        while ((waiter = TAILQ_FIRST(&s->reload_waiters)))
                waiter_free(s, waiter);
}
