/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "supervisor/instance.h"
#include "supervisor/scope-limits.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/parse.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER_NAME ".Manager"

#define CALLS_MAX 8U /* of SetUnitProperties in flight */
#define AGAIN_USEC USEC_PER_SEC /* after which a service manager that could not be reached is looked for again */
#define CPU_MAX 8191U

typedef struct LimitCall LimitCall;

struct ScopeLimits {
        Supervisor* s; /* weak */
        TAILQ_HEAD(, Instance) waiting;
        TAILQ_HEAD(, LimitCall) calls;
        unsigned n_calls;
        sd_event_source* again; /* armed: there is no way to the service manager at the moment */
        sd_bus_slot* question;
        bool has_default;
        uint64_t default_tasks_max; /* which the service manager gives to a scope that has none */
};

struct LimitCall {
        ScopeLimits* limits; /* weak */
        char* node;
        sd_bus_slot* slot;
        TAILQ_ENTRY(LimitCall) entry;
};

/* ---- the limits of a node ---- */

typedef struct Limit {
        const char* property;
        bool is_set;
        uint64_t value;
} Limit;

enum {
        LIMIT_MEMORY_MAX,
        LIMIT_MEMORY_HIGH,
        LIMIT_MEMORY_SWAP_MAX,
        LIMIT_TASKS_MAX,
        LIMIT_CPU_QUOTA,
        LIMIT_CPU_WEIGHT,
        LIMIT_IO_WEIGHT,
        _LIMIT_MAX,
};

static void find_limits(const NodeSpec* spec, const NodeSettings* role, Limit ret[static _LIMIT_MAX]) {
        const struct {
                const char *property, *field;
                uint64_t own, of_role;
        } limits[_LIMIT_MAX] = {
                [LIMIT_MEMORY_MAX] = { "MemoryMax", "memory_max", spec->memory_max, role->memory_max },
                [LIMIT_MEMORY_HIGH] = { "MemoryHigh", "memory_high", spec->memory_high, role->memory_high },
                [LIMIT_MEMORY_SWAP_MAX] = { "MemorySwapMax", "memory_swap_max", spec->memory_swap_max,
                                            role->memory_swap_max },
                [LIMIT_TASKS_MAX] = { "TasksMax", "tasks_max", spec->tasks_max, role->tasks_max },
                [LIMIT_CPU_QUOTA] = { "CPUQuotaPerSecUSec", "cpu_quota_per_sec_usec", spec->cpu_quota_per_sec_usec,
                                      role->cpu_quota_per_sec_usec },
                [LIMIT_CPU_WEIGHT] = { "CPUWeight", "cpu_weight", spec->cpu_weight, role->cpu_weight },
                [LIMIT_IO_WEIGHT] = { "IOWeight", "io_weight", spec->io_weight, role->io_weight },
        };

        for (size_t i = 0; i < _LIMIT_MAX; i++) {
                bool own = node_spec_has(spec, limits[i].field);

                ret[i] = (Limit) {
                        .property = limits[i].property,
                        .is_set = own || limits[i].of_role != UINT64_MAX,
                        .value = own ? limits[i].own : limits[i].of_role,
                };
        }
}

static const char* find_cpus(const NodeSpec* spec, const NodeSettings* role) {
        return spec->allowed_cpus ? spec->allowed_cpus : role->allowed_cpus;
}

/* NULL: all that there are. */
static int append_cpus(sd_bus_message* m, const char* cpus) {
        _cleanup_free_ uint8_t* mask = NULL;
        size_t size = 0;
        int r = 0;

        if (cpus)
                r = parse_cpu_set(cpus, CPU_MAX, &mask, &size);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', "AllowedCPUs");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', mask, size);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int scope_limits_append(sd_bus_message* m, const NodeSpec* spec, const NodeSettings* role) {
        const char* cpus = find_cpus(spec, role);
        Limit limits[_LIMIT_MAX];
        int r = 0;

        find_limits(spec, role, limits);
        for (size_t i = 0; r >= 0 && i < _LIMIT_MAX; i++)
                if (limits[i].is_set)
                        r = sd_bus_message_append(m, "(sv)", limits[i].property, "t", limits[i].value);
        return r < 0 || !cpus ? r : append_cpus(m, cpus);
}

uint64_t scope_limits_hash(const NodeSpec* spec, const NodeSettings* role) {
        const char* cpus = find_cpus(spec, role);
        uint64_t hash = HASH_BASIS;
        Limit limits[_LIMIT_MAX];

        find_limits(spec, role, limits);
        for (size_t i = 0; i < _LIMIT_MAX; i++) {
                uint64_t words[] = { limits[i].is_set, limits[i].value };

                hash = hash_bytes(hash, words, sizeof words);
        }
        return cpus ? hash_bytes(hash, cpus, strlen(cpus)) : hash;
}

/* ---- scopes that exist ---- */

static void call_free(LimitCall* call) {
        TAILQ_REMOVE(&call->limits->calls, call, entry);
        call->limits->n_calls--;
        sd_bus_slot_unref(call->slot);
        free(call->node);
        free(call);
}

ScopeLimits* scope_limits_new(Supervisor* s) {
        ScopeLimits* l = xnew0(ScopeLimits);

        l->s = s;
        TAILQ_INIT(&l->waiting);
        TAILQ_INIT(&l->calls);
        return l;
}

ScopeLimits* scope_limits_free(ScopeLimits* l) {
        LimitCall* call;

        if (!l)
                return NULL;

        while ((call = TAILQ_FIRST(&l->calls)))
                call_free(call);
        sd_event_source_disable_unref(l->again);
        sd_bus_slot_unref(l->question);
        free(l);
        return NULL;
}

static void send_some(ScopeLimits* l);

static int on_again(sd_event_source* source, uint64_t usec, void* userdata) {
        ScopeLimits* l = userdata;

        l->again = sd_event_source_disable_unref(l->again);
        send_some(l);
        return 0;
}

static void try_again(ScopeLimits* l) {
        if (!l->again)
                (void) sd_event_add_time_relative(l->s->event, &l->again, CLOCK_MONOTONIC, AGAIN_USEC, 0, on_again, l);
}

/* The bus was restarted, and the service manager need not be on the new one before us. */
static bool is_lost(sd_bus_message* reply) {
        static const int lost[] = { ETIMEDOUT, ECONNRESET, EPIPE, ENOTCONN, EHOSTUNREACH, ENXIO };
        int error = sd_bus_message_is_method_error(reply, NULL) ? sd_bus_message_get_errno(reply) : 0;

        for (size_t i = 0; i < ELEMENTSOF(lost); i++)
                if (error == lost[i])
                        return true;
        return false;
}

static void enqueue(ScopeLimits* l, Instance* instance) {
        instance->limits_hash = 0;
        if (instance->limits_due)
                return;
        instance->limits_due = true;
        TAILQ_INSERT_TAIL(&l->waiting, instance, limits);
}

static int on_set(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        LimitCall* call = userdata;
        ScopeLimits* l = call->limits;
        Node* node = registry_find(&l->s->registry, call->node);

        /* one that has just ended has none, and no news is made of that */
        if (node && node->phase == PHASE_RUNNING) {
                if (is_lost(reply)) {
                        enqueue(l, node_instance(node));
                        try_again(l);
                } else if (sd_bus_message_is_method_error(reply, NULL)) {
                        log_warning("The service manager refused to change the limits of node \"%s\", they stay as they were "
                                    "until its next start: %s",
                                    call->node, sd_bus_message_get_error(reply)->message);
                        node_instance(node)->limits_hash = 0;
                }
        }
        call_free(call);
        send_some(l);
        return 0;
}

/* All of them: also what is not set any more has to be said. */
static int append_all(ScopeLimits* l, sd_bus_message* m, const NodeSpec* spec, const NodeSettings* role) {
        Limit limits[_LIMIT_MAX];
        int r;

        find_limits(spec, role, limits);
        if (!limits[LIMIT_TASKS_MAX].is_set)
                limits[LIMIT_TASKS_MAX].value = l->default_tasks_max;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        for (size_t i = 0; r >= 0 && i < _LIMIT_MAX; i++)
                r = sd_bus_message_append(m, "(sv)", limits[i].property, "t", limits[i].value);
        if (r >= 0)
                r = append_cpus(m, find_cpus(spec, role));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static const NodeSettings* role_settings(const ScopeLimits* l, const Node* node) {
        return &l->s->configuration->settings->roles[node->spec->role];
}

static int send_one(ScopeLimits* l, Instance* instance) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = NULL;
        const Node* node = instance->node;
        LimitCall* call;
        int r;

        r = sd_bus_message_new_method_call(l->s->bus, &m, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                           "SetUnitProperties");
        if (r >= 0)
                r = sd_bus_message_append(m, "sb", node->scope, 1);
        if (r >= 0)
                r = append_all(l, m, node->spec, role_settings(l, node));
        if (r < 0)
                return r;

        call = xnew0(LimitCall);
        call->limits = l;
        call->node = xstrdup(node->name);
        TAILQ_INSERT_TAIL(&l->calls, call, entry);
        l->n_calls++;
        r = sd_bus_call_async(l->s->bus, &call->slot, m, on_set, call, 0);
        if (r < 0)
                call_free(call);
        return r;
}

static int on_default(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeLimits* l = userdata;

        l->question = sd_bus_slot_unref(l->question);
        if (is_lost(reply)) {
                try_again(l);
                return 0;
        }
        l->has_default = true;
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "v", "t", &l->default_tasks_max) < 0)
                l->default_tasks_max = UINT64_MAX;
        send_some(l);
        return 0;
}

/* A limit of tasks, unlike the others, is not infinite where there is none. */
static bool knows_default(ScopeLimits* l) {
        int r;

        if (l->has_default || l->question)
                return l->has_default;

        r = sd_bus_call_method_async(l->s->bus, &l->question, MANAGER_NAME, MANAGER_PATH, "org.freedesktop.DBus.Properties",
                                     "Get", on_default, l, "ss", MANAGER_INTERFACE, "DefaultTasksMax");
        if (r < 0)
                try_again(l);
        return false;
}

static void send_some(ScopeLimits* l) {
        Instance* instance;

        while (!l->again && l->n_calls < CALLS_MAX && (instance = TAILQ_FIRST(&l->waiting)) && knows_default(l)) {
                int r = send_one(l, instance);

                if (r == -ENOTCONN) {
                        try_again(l);
                        return;
                }
                scope_limits_forget(l, instance);
                if (r < 0)
                        (void) log_warning_errno(r, "Failed to change the limits of node \"%s\": %m", instance->node->name);
                else
                        instance->limits_hash = scope_limits_hash(instance->node->spec, role_settings(l, instance->node));
        }
}

void scope_limits_update(ScopeLimits* l, Instance* instance) {
        if (instance->limits_hash == scope_limits_hash(instance->node->spec, role_settings(l, instance->node)))
                return;
        enqueue(l, instance);
        send_some(l);
}

void scope_limits_forget(ScopeLimits* l, Instance* instance) {
        if (!instance->limits_due)
                return;
        instance->limits_due = false;
        TAILQ_REMOVE(&l->waiting, instance, limits);
}
