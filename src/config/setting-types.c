/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/setting-types.h"
#include "config/settings.h"
#include "util/alloc.h"
#include "util/log.h"
#include "util/parse.h"

void setting_unset(const SettingKey* key, void* at) {
        memset(at, key->type->unset_is_max ? 0xff : 0, key->type->size);
}

static char* parse_setting_bool(const SettingKey* key, const char* value, void* at) {
        if (parse_bool(value, at) < 0)
                return xstrdup("must be yes or no");
        return NULL;
}

/* Stores the number if it lies within the key's bounds. `why` says what a good value is, should this be none. */
static char* store_number(const SettingKey* key, int r, uint64_t number, void* at, char* why) {
        if (r < 0 || number < key->min || number > key->max)
                return why;

        free(why);
        memcpy(at, &number, sizeof number);
        return NULL;
}

static char* describe_bounds(const SettingKey* key, const char* what) {
        if (key->max == UINT64_MAX)
                return xasprintf("must be %s of at least %llu, or 'infinity'", what, (unsigned long long) key->min);
        return xasprintf("must be %s between %llu and %llu", what, (unsigned long long) key->min,
                         (unsigned long long) key->max);
}

static char* parse_setting_count(const SettingKey* key, const char* value, void* at) {
        uint64_t number = UINT64_MAX;
        int r = strcmp(value, "infinity") == 0 ? 0 : parse_u64(value, &number);

        return store_number(key, r, number, at, describe_bounds(key, "a number"));
}

static char* parse_setting_size(const SettingKey* key, const char* value, void* at) {
        uint64_t number = 0;
        int r = parse_size(value, &number);

        return store_number(key, r, number, at, describe_bounds(key, "a number of bytes, such as '48K' or '2G',"));
}

/* "25%" of the memory that the machine has, as systemd.resource-control(5) takes it for MemoryMax= and the like. */
static int parse_memory_share(const char* value, uint64_t* ret) {
        uint64_t pages = (uint64_t) sysconf(_SC_PHYS_PAGES), page_size = (uint64_t) sysconf(_SC_PAGESIZE);
        uint64_t millionths;
        int r;

        r = parse_cpu_quota(value, &millionths);
        if (r < 0)
                return r;
        if (millionths > 1000000)
                return -ERANGE;

        *ret = (uint64_t) ((unsigned __int128) pages * page_size * millionths / 1000000);
        return 0;
}

static char* parse_setting_memory(const SettingKey* key, const char* value, void* at) {
        uint64_t number = 0;
        int r = strchr(value, '%') ? parse_memory_share(value, &number) : parse_size(value, &number);

        return store_number(key, r, number, at,
                            xstrdup("must be a number of bytes, such as '500M' or '4G', or a percentage of the "
                                    "machine's memory, or 'infinity'"));
}

static char* parse_setting_span(const SettingKey* key, const char* value, void* at) {
        usec_t span = 0;
        int r = parse_sec(value, &span);
        char* why = key->max == USEC_INFINITY
                ? xasprintf("must be a time span of at least %lluus, such as '90' or '1min 30s', or 'infinity'",
                            (unsigned long long) key->min)
                : xasprintf("must be a time span from %lluus to %lluus, such as '90' or '1min 30s'",
                            (unsigned long long) key->min, (unsigned long long) key->max);

        return store_number(key, r, span, at, why);
}

static char* parse_setting_cpu_quota(const SettingKey* key, const char* value, void* at) {
        uint64_t quota = 0;
        int r = parse_cpu_quota(value, &quota);

        return store_number(key, r, quota, at,
                            xstrdup("must be a percentage of one CPU such as '150%', or 'infinity'"));
}

static char* parse_setting_mode(const SettingKey* key, const char* value, void* at) {
        if (parse_mode(value, (unsigned) key->max, at) < 0)
                return xstrdup("must be an octal mode such as 0022");
        return NULL;
}

static char* parse_optional_int(const char* value, int min, int max, OptionalInt* at) {
        int64_t number;

        if (parse_int_range(value, min, max, &number) < 0)
                return xasprintf("must be a number between %i and %i", min, max);
        *at = (OptionalInt) { .set = true, .value = (int) number };
        return NULL;
}

static char* parse_setting_nice(const SettingKey* key, const char* value, void* at) {
        return parse_optional_int(value, -20, 19, at);
}

static char* parse_setting_oom_score(const SettingKey* key, const char* value, void* at) {
        return parse_optional_int(value, -1000, 1000, at);
}

static char* parse_setting_log_level(const SettingKey* key, const char* value, void* at) {
        int level = log_level_from_string(value);

        if (level < 0)
                return xstrdup("must be emerg, alert, crit, err, warning, notice, info or debug");
        *(int*) at = level;
        return NULL;
}

static char* parse_setting_restart(const SettingKey* key, const char* value, void* at) {
        RestartPolicy policy = restart_policy_from_string(value);

        if (policy < 0)
                return xstrdup("must be always, on-failure or never");
        *(RestartPolicy*) at = policy;
        return NULL;
}

static char* parse_setting_backend(const SettingKey* key, const char* value, void* at) {
        ZeekBackend backend = zeek_backend_from_string(value);

        if (backend < 0)
                return xstrdup("must be auto, none, zeromq or broker");
        *(ZeekBackend*) at = backend;
        return NULL;
}

static char* parse_setting_pf_ring_type(const SettingKey* key, const char* value, void* at) {
        PfRingClusterType type = pf_ring_cluster_type_from_string(value);

        if (type < 0)
                return xstrdup("must be 2-tuple, 4-tuple, 5-tuple, tcp-5-tuple, 6-tuple, or one of these with 'inner-' "
                               "before it");
        *(PfRingClusterType*) at = type;
        return NULL;
}

const SettingType setting_bool = { .size = sizeof(bool), .parse = parse_setting_bool };
const SettingType setting_count = { .size = sizeof(uint64_t), .parse = parse_setting_count };
const SettingType setting_limit = { .size = sizeof(uint64_t), .parse = parse_setting_count, .unset_is_max = true };
const SettingType setting_size = { .size = sizeof(uint64_t), .parse = parse_setting_size };
const SettingType setting_memory = { .size = sizeof(uint64_t), .parse = parse_setting_memory };
const SettingType setting_span = { .size = sizeof(usec_t), .parse = parse_setting_span };
const SettingType setting_cpu_quota = { .size = sizeof(uint64_t), .parse = parse_setting_cpu_quota };
const SettingType setting_mode = { .size = sizeof(unsigned), .parse = parse_setting_mode };
const SettingType setting_nice = { .size = sizeof(OptionalInt), .parse = parse_setting_nice };
const SettingType setting_oom_score = { .size = sizeof(OptionalInt), .parse = parse_setting_oom_score };
const SettingType setting_log_level = { .size = sizeof(int), .parse = parse_setting_log_level };
const SettingType setting_restart = { .size = sizeof(RestartPolicy), .parse = parse_setting_restart };
const SettingType setting_backend = { .size = sizeof(ZeekBackend), .parse = parse_setting_backend };
const SettingType setting_pf_ring_type = { .size = sizeof(PfRingClusterType), .parse = parse_setting_pf_ring_type };
