/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "supervisor/hook-order.h"
#include "supervisor/order-entry.h"
#include "supervisor/seccomp-order.h"
#include "supervisor/supervisor.h"
#include "util/escape.h"
#include "util/hash.h"
#include "util/strv.h"

#define PROCESS_PREFIX "hook:"
#define SCOPE_PREFIX "zeek-hook-"
#define SCOPE_SUFFIX ".scope"
#define ESCAPED_MAX 200U /* systemd's UNIT_NAME_MAX is 255 */

#define SUPERVISOR_UNIT "zeek-supervisor.service"

char* hook_process_name(const char* hook) {
        return xasprintf(PROCESS_PREFIX "%s", hook);
}

char* hook_scope_name(const char* hook) {
        _cleanup_free_ char* escaped = unit_name_escape(hook);

        if (strlen(escaped) <= ESCAPED_MAX)
                return xasprintf(SCOPE_PREFIX "%s" SCOPE_SUFFIX, escaped);
        /* a ':' is in no escaped name, so it is like no other hook's */
        return xasprintf(SCOPE_PREFIX "%.*s:%016" PRIx64 SCOPE_SUFFIX, (int) ESCAPED_MAX, escaped,
                         hash_bytes(HASH_BASIS, hook, strlen(hook)));
}

bool hook_scope_name_is_one(const char* scope) {
        size_t length = strlen(scope), suffix = strlen(SCOPE_SUFFIX);

        return strncmp(scope, SCOPE_PREFIX, strlen(SCOPE_PREFIX)) == 0 && length > suffix &&
               strcmp(scope + length - suffix, SCOPE_SUFFIX) == 0;
}

static char** make_environment(const Hook* hook, const Account* account) {
        char** environment = NULL;

        strv_extend(&environment, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        strv_extend(&environment, "LANG=C.UTF-8");
        strv_extendf(&environment, "HOME=%s", account->home);
        strv_extendf(&environment, "USER=%s", account->name);
        strv_extendf(&environment, "LOGNAME=%s", account->name);
        strv_extendf(&environment, "ZEEK_HOOK=%s", hook->name);
        return environment;
}

static int append_scope_properties(sd_bus_message* m, const Hook* hook) {
        _cleanup_free_ char* description = xasprintf("Program of the Zeek Output Hook %s", hook->name);

        /* The supervisor is stopped before the scope is, as with nodes: their last lines go through it. */
        return sd_bus_message_append(m, "{sv}", "ScopeProperties", "a(sv)", 6, "Description", "s", description, "Slice",
                                     "s", HOOK_SLICE, "Before", "as", 1, SUPERVISOR_UNIT, "TimeoutStopUSec", "t",
                                     HOOK_SCOPE_STOP_USEC, "MemoryMax", "t", HOOK_MEMORY_MAX, "TasksMax", "t",
                                     HOOK_TASKS_MAX);
}

static int append_process(sd_bus_message* m, const Account* account, bool user_mode, int input) {
        int r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "StandardInput", "h", input, "UMask", "u", (uint32_t) 0077,
                                      "OOMScoreAdjust", "i", HOOK_OOM_SCORE_ADJUST, "ResourceLimits", "a{st}", 2, "NOFILE",
                                      HOOK_NOFILE_MAX, "CORE", UINT64_C(0));

        if (r >= 0 && !user_mode)
                r = sd_bus_message_append(m, "{sv}{sv}", "UID", "u", (uint32_t) account->uid, "GID", "u",
                                          (uint32_t) account->gid);
        return r;
}

static int append_order(const void* subject, sd_bus_message* m, const Supervisor* s, const SeccompProfile* seccomp,
                        int input) {
        const Hook* hook = subject;
        const Account* account = &s->configuration->hook_account;
        _cleanup_free_ char *name = hook_process_name(hook->name), *scope = hook_scope_name(hook->name);
        _cleanup_strv_free_ char** environment = make_environment(hook, account);
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "Name", "s", name, "Scope", "s", scope);
        if (r >= 0)
                r = append_scope_properties(m, hook);
        if (r >= 0)
                r = order_append_strv(m, "Arguments", hook->exec);
        if (r >= 0)
                r = order_append_strv(m, "Environment", environment);
        if (r >= 0)
                r = append_process(m, account, s->places.user_mode, input);
        if (r >= 0 && seccomp)
                r = seccomp_order_append(m, seccomp);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static const char* find_problem(const void* subject, const Configuration* c) {
        return c->hook_account.problem;
}

static void release(void* subject) {
        hook_unref(subject);
}

Helper hook_helper(Hook* hook) {
        static const HelperType type = {
                .has_input = true,
                .stop_usec = HOOK_STOP_USEC,
                .seccomp = HOOK_SECCOMP,
                .problem = find_problem,
                .append_order = append_order,
                .release = release,
        };

        return (Helper) {
                .type = &type,
                .subject = hook_ref(hook),
                .name = hook_process_name(hook->name),
                .scope = hook_scope_name(hook->name),
                .identifier = xasprintf("zeek-hook-%s", hook->name),
                .hook = xstrdup(hook->name),
        };
}
