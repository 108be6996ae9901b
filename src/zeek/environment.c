/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "util/strv.h"
#include "zeek/environment.h"

/* As the service manager gives it to services. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void set_if_known(char*** env, const char* name, const char* value) {
        if (value)
                strv_env_set(env, name, value);
}

static void set_assignments(char*** env, char* const* assignments) {
        STRV_FOREACH(assignment, assignments) {
                const char* equals = strchr(*assignment, '=');
                _cleanup_free_ char* name = NULL;

                assert(equals);
                name = xstrndup(*assignment, (size_t) (equals - *assignment));
                strv_env_set(env, name, equals + 1);
        }
}

/* "/opt/zeek/bin" → the path that a Zeek configured with the prefix /opt/zeek has built in. */
static char* default_zeek_path(const char* binary_directory) {
        const char* slash = strrchr(binary_directory, '/');
        _cleanup_free_ char* prefix = xstrndup(binary_directory, slash ? (size_t) (slash - binary_directory) : 0);

        return xasprintf(".:%s/share/zeek:%s/share/zeek/policy:%s/share/zeek/site:%s/share/zeek/builtin-plugins",
                         prefix, prefix, prefix, prefix);
}

static void set_zeek_path(char*** env, const ZeekSurroundings* around, const ZeekSettings* settings) {
        const char* own = strv_env_get(*env, "ZEEKPATH");
        _cleanup_free_ char *fallback = NULL, *whole = NULL;

        if (!own)
                own = settings->script_path;
        if (!own)
                own = around->zeek_path;
        /* with no word from anybody Zeek itself knows best */
        if (!own && (around->layout_directory || around->log_queue))
                own = fallback = default_zeek_path(around->binary_directory);
        if (around->layout_directory)
                whole = xasprintf("%s:%s", around->layout_directory, own);
        else if (own)
                whole = xstrdup(own);
        if (whole && around->script_directory)
                free_and_replace(whole, xasprintf("%s:%s", whole, around->script_directory));
        if (whole)
                strv_env_set(env, "ZEEKPATH", whole);
}

char** zeek_environment(const ZeekSurroundings* around, const ZeekSettings* settings, const NodeSpec* spec) {
        _cleanup_free_ char* path = xasprintf("%s:" DEFAULT_PATH, around->binary_directory);
        char** env = NULL;

        strv_env_set(&env, "PATH", path);
        set_if_known(&env, "HOME", around->home);
        set_if_known(&env, "USER", around->user);
        set_if_known(&env, "LOGNAME", around->user);
        set_if_known(&env, "SHELL", around->shell);
        set_if_known(&env, "LANG", around->lang);
        set_assignments(&env, settings->environment);
        set_assignments(&env, spec->env);

        set_zeek_path(&env, around, settings);
        if (spec->cluster && spec->cluster->n > 0)
                strv_env_set(&env, "CLUSTER_NODE", spec->name);
        set_if_known(&env, "ZEEK_SUPERVISOR_NODE_CONFIG", around->node_config_file);
        set_if_known(&env, "ZEEK_SUPERVISOR_LOG_QUEUE", around->log_queue);
        return env;
}
