/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "config/node-json.h"
#include "core/node-name.h"
#include "supervisor/adoption.h"
#include "supervisor/cgroup.h"
#include "supervisor/incarnation.h"
#include "supervisor/node-files.h"
#include "util/file.h"
#include "util/log.h"
#include "util/strv.h"

/* A process that the stem holds and whose descriptors it is asked for. */
typedef struct Claim {
        Adoption* adoption; /* weak */
        char* name;
        HeldProcess held; /* with what the stem has said since */
        sd_bus_slot* attach;
        TAILQ_ENTRY(Claim) entry;
} Claim;

struct Adoption {
        Supervisor* s; /* weak */
        void (*done)(Supervisor* s); /* NULL: it was called */
        sd_event_source* patience;   /* until it is called anyway */
        sd_bus_slot* list;
        TAILQ_HEAD(, Claim) claims;
};

static void finish(Adoption* a);

/* ---- what is remembered ---- */

static Node* restore(Supervisor* s, const char* name, NodeSpec* spec) {
        Node* node = registry_obtain(&s->registry, name);
        Instance* instance = node_instance(node) ? node_instance(node) : instance_new(s, node);
        bool knows_launch;
        NodePolicy policy;

        registry_share_cluster(&s->registry, spec);
        policy = configuration_policy(s->configuration, spec);
        /* if its life cannot be read, it is at rest until the stem says otherwise */
        (void) state_files_read_life(s->state, node, &instance->life_hash, &knows_launch);
        instance_keep_lines(instance, false);
        node_restore(node, spec, &policy);
        if (!knows_launch)
                instance_assume_launch(instance);
        return node;
}

/* What the node was given to read; NULL: that cannot be read either. */
static NodeSpec* read_given_config(const Supervisor* s, const char* name) {
        _cleanup_free_ char* path = xasprintf("%s/nodes/%s.json", s->places.runtime_directory, name);
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = NULL;
        _cleanup_free_ char* text = NULL;
        size_t size;

        if (file_read(AT_FDCWD, path, NODE_JSON_SIZE_MAX, &text, &size) < 0 ||
            node_spec_from_json(text, size, &spec, &e) < 0 || strcmp(spec->name, name) != 0)
                return NULL;
        return take_ptr(spec);
}

static void on_remembered(const char* name, NodeSpec* spec, void* userdata) {
        _cleanup_node_spec_ NodeSpec* given = NULL;
        Supervisor* s = userdata;

        if (spec) {
                (void) restore(s, name, spec);
                return;
        }
        given = read_given_config(s, name);
        if (given) {
                (void) restore(s, name, given);
                state_files_write_config(s->state, given);
                return;
        }
        log_warning("What node \"%s\" was cannot be read any more; unless it runs, it has to be created again", name);
        state_files_remove(s->state, name);
        node_files_remove_config(s->places.runtime_directory, name);
}

void adoption_remember(Adoption* a) {
        state_files_load(a->s->state, on_remembered, a->s);
}

/* A node that nobody remembers: its configuration may still lie where the node itself reads it; else all that is known of
 * it is that it is there. */
static Node* reconstruct(Supervisor* s, const char* name) {
        Node* node;
        _cleanup_node_spec_ NodeSpec* spec = NULL;
        _cleanup_free_ char* why = node_name_check(name);

        if (why)
                return NULL;
        spec = read_given_config(s, name);
        log_warning("Node \"%s\" runs, but nothing that can be read says so; it is adopted with %s", name,
                    spec ? "the configuration that it was given" : "its name alone");
        if (!spec)
                spec = node_spec_new_minimal(name);
        node = restore(s, name, spec);
        instance_remember(node_instance(node));
        state_files_write_config(s->state, spec);
        return node;
}

/* ---- where the scopes are ---- */

/* Known before anybody is started, who may want the place. */
static void place_scope(Supervisor* s, const char* scope, const char* cgroup) {
        _cleanup_free_ char* name = node_name_of_scope(scope);
        Node* node = name ? registry_find(&s->registry, name) : NULL;

        if (node && node->phase != PHASE_VOID)
                slices_found(s->slices, node_instance(node), cgroup);
}

/* ---- what the stem holds ---- */

static Claim* claim_free(Claim* claim) {
        sd_bus_slot_unref(claim->attach);
        free(claim->name);
        free(claim);
        return NULL;
}

static void drop_claims(Adoption* a) {
        Claim* claim;

        while ((claim = TAILQ_FIRST(&a->claims))) {
                TAILQ_REMOVE(&a->claims, claim, entry);
                claim_free(claim);
        }
}

static Claim* find_claim(const Adoption* a, const char* name) {
        Claim* claim;

        TAILQ_FOREACH(claim, &a->claims, entry)
                if (strcmp(claim->name, name) == 0)
                        return claim;
        return NULL;
}

bool adoption_note_exited(Adoption* a, const char* name, uint32_t pid, ExitReason reason) {
        Claim* claim = find_claim(a, name);

        if (!claim || claim->held.pid != pid)
                return false;
        claim->held.exited = true;
        claim->held.reason = reason;
        return true;
}

bool adoption_note_emptied(Adoption* a, const char* name, uint32_t pid, bool out_of_memory) {
        Claim* claim = find_claim(a, name);

        if (!claim || claim->held.pid != pid)
                return false;
        claim->held.emptied = true;
        claim->held.out_of_memory = out_of_memory;
        return true;
}

static void reconcile_held(Supervisor* s, const char* name, const HeldProcess* held) {
        Node* node = registry_find(&s->registry, name);

        if (!node || node->phase == PHASE_VOID)
                node = reconstruct(s, name);
        if (node)
                incarnation_reconcile(node_instance(node), held);
}

static int on_attached(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Claim* claim = userdata;
        Adoption* a = claim->adoption;
        HeldProcess* held = &claim->held;
        uint32_t pid;

        if (stem_answer_is_lost(reply)) {
                /* nothing is finished by that, for this claim or any other */
                adoption_start(a);
                return 0;
        }
        TAILQ_REMOVE(&a->claims, claim, entry);
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "u", &pid) < 0 || node_fds_read(reply, held->fds) < 0)
                log_warning("zeek-stem did not hand over the descriptors of node \"%s\"", claim->name);
        else
                reconcile_held(a->s, claim->name, held);
        claim_free(claim);
        if (TAILQ_EMPTY(&a->claims))
                finish(a);
        return 0;
}

/* What we have nothing of, its descriptors are asked for first. */
static void claim(Adoption* a, const char* name, const HeldProcess* held) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        Claim* c = xnew0(Claim);
        int r;

        c->adoption = a;
        c->name = xstrdup(name);
        c->held = *held;
        TAILQ_INSERT_TAIL(&a->claims, c, entry);

        r = stem_client_new_call(a->s->stem, "Attach", &call);
        if (r >= 0)
                r = sd_bus_message_append_basic(call, 's', name);
        if (r >= 0)
                r = stem_client_send(a->s->stem, call, &c->attach, on_attached, c);
        if (r < 0 && r != -ENOTCONN) { /* else there will be another connection, and all begins anew */
                (void) log_error_errno(r, "Failed to ask zeek-stem for the descriptors of node \"%s\": %m", name);
                TAILQ_REMOVE(&a->claims, c, entry);
                claim_free(c);
        }
}

static bool is_attached(const Node* node, uint32_t pid) {
        return node && node_has_processes(node) && node->pid == pid && node_instance(node)->output;
}

static int read_held(sd_bus_message* m, const char** ret_name, const char** ret_scope, HeldProcess* ret) {
        int exited, emptied, out_of_memory;
        int r;

        r = sd_bus_message_read(m, "(ssubiibb)", ret_name, ret_scope, &ret->pid, &exited, &ret->reason.code,
                                &ret->reason.status, &emptied, &out_of_memory);
        if (r <= 0)
                return r;
        ret->exited = exited;
        ret->emptied = emptied;
        ret->out_of_memory = out_of_memory;
        node_fds_init(ret->fds);
        return r;
}

static void take_list(Adoption* a, sd_bus_message* reply) {
        const char *name, *scope;
        HeldProcess held;

        helper_host_list_begin(a->s->helper_host);
        while (read_held(reply, &name, &scope, &held) > 0) {
                Node* node = registry_find(&a->s->registry, name);

                if (helper_host_owns(name)) {
                        helper_host_found(a->s->helper_host, &(HeldHelper) { .name = name,
                                                                              .scope = scope,
                                                                              .pid = held.pid,
                                                                              .exited = held.exited,
                                                                              .emptied = held.emptied,
                                                                              .reason = held.reason });
                        continue;
                }
                if (node && node_instance(node))
                        node_instance(node)->held = true;
                if (is_attached(node, held.pid))
                        incarnation_reconcile(node_instance(node), &held);
                else
                        claim(a, name, &held);
        }
        helper_host_list_end(a->s->helper_host);
}

static void reconcile_rest(Supervisor* s) {
        _cleanup_strv_free_ char** names = NULL;

        /* by name: it may be the end of a node */
        REGISTRY_FOREACH(node, &s->registry)
                if (!node_instance(node)->held)
                        strv_extend(&names, node->name);
        STRV_FOREACH(name, names) {
                Node* node = registry_find(&s->registry, *name);

                if (node && node->phase != PHASE_VOID)
                        incarnation_reconcile(node_instance(node), NULL);
        }
}

/* ---- which scopes exist ---- */

/* A scope's control group in which nobody knows a node. Its oldest process is the one that the others come from. */
static void adopt_scope(Supervisor* s, const char* scope, const char* cgroup) {
        _cleanup_free_ char* name = node_name_of_scope(scope);
        Node* node = name ? registry_find(&s->registry, name) : NULL;
        uint32_t pid;

        if (!name || (node && node->phase != PHASE_VOID && node_has_processes(node)))
                return;
        pid = cgroup_first_pid(cgroup);
        if (pid == 0)
                return;

        if (!node || node->phase == PHASE_VOID)
                node = reconstruct(s, name);
        if (!node)
                return;
        slices_found(s->slices, node_instance(node), cgroup);
        node_find_running(node, pid, now_instant());
        /* the stem does not hold it, and is told */
        incarnation_reconcile(node_instance(node), NULL);
}

/* ---- all three ---- */

static void tell_done(Adoption* a) {
        a->patience = sd_event_source_disable_unref(a->patience);
        if (a->done)
                take_ptr(a->done)(a->s);
}

static void finish(Adoption* a) {
        Supervisor* s = a->s;

        slices_list(s->slices, adopt_scope);
        /* No node is forgotten by this: all that can wait for its turn now is an administrator's stop. */
        REGISTRY_FOREACH(node, &s->registry) {
                instance_remember(node_instance(node));
                supervisor_advance(s, node);
        }
        slices_tidy_later(s->slices);
        tell_done(a);
}

/* What it holds is reconciled when it answers after all: until then nodes are what they were when we were here last. */
static int on_patience_over(sd_event_source* source, uint64_t usec, void* userdata) {
        log_warning("zeek-stem has not said in time which nodes it holds (AdoptTimeoutSec=), going on without it");
        tell_done(userdata);
        return 0;
}

static void have_patience(Adoption* a) {
        usec_t timeout = a->s->configuration->settings->supervisor.adopt_timeout_usec;
        int r;

        if (!a->done || a->patience || timeout == USEC_INFINITY)
                return;
        r = sd_event_add_time_relative(a->s->event, &a->patience, CLOCK_MONOTONIC, timeout, 0, on_patience_over, a);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to set the time to wait for zeek-stem, waiting for as long as it takes: %m");
}

static int on_list(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Adoption* a = userdata;
        Supervisor* s = a->s;

        a->list = sd_bus_slot_unref(a->list);
        if (stem_answer_is_lost(reply)) {
                adoption_start(a);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_enter_container(reply, 'a', "(ssubiibb)") < 0) {
                log_error("zeek-stem did not say what nodes it holds");
                return 0;
        }

        slices_list(s->slices, place_scope);
        REGISTRY_FOREACH(node, &s->registry)
                node_instance(node)->held = false;
        take_list(a, reply);
        reconcile_rest(s);
        if (TAILQ_EMPTY(&a->claims))
                finish(a);
        return 0;
}

void adoption_start(Adoption* a) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        have_patience(a);
        a->list = sd_bus_slot_unref(a->list);
        drop_claims(a);
        r = stem_client_new_call(a->s->stem, "List", &call);
        if (r >= 0)
                r = stem_client_send(a->s->stem, call, &a->list, on_list, a);
        if (r < 0 && r != -ENOTCONN)
                (void) log_error_errno(r, "Failed to ask zeek-stem for its nodes: %m");
}

Adoption* adoption_new(Supervisor* s, void (*done)(Supervisor* s)) {
        Adoption* a = xnew0(Adoption);

        a->s = s;
        a->done = done;
        TAILQ_INIT(&a->claims);
        return a;
}

Adoption* adoption_free(Adoption* a) {
        if (!a)
                return NULL;

        drop_claims(a);
        sd_event_source_disable_unref(a->patience);
        sd_bus_slot_unref(a->list);
        free(a);
        return NULL;
}
