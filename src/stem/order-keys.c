/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/order-keys.h"
#include "stem/process-name.h"
#include "stem/scope-name.h"
#include "util/fd.h"
#include "util/strv.h"

#define CAPABILITIES_MAX 63 /* bits of the mask; the kernel says in the child which ones it has */

/* RLIM_NLIMITS of them, with the names of setrlimit(2). */
static const struct {
        const char* name;
        int resource;
} limit_names[] = {
        { "AS", RLIMIT_AS },           { "CORE", RLIMIT_CORE },             { "CPU", RLIMIT_CPU },
        { "DATA", RLIMIT_DATA },       { "FSIZE", RLIMIT_FSIZE },           { "LOCKS", RLIMIT_LOCKS },
        { "MEMLOCK", RLIMIT_MEMLOCK }, { "MSGQUEUE", RLIMIT_MSGQUEUE },     { "NICE", RLIMIT_NICE },
        { "NOFILE", RLIMIT_NOFILE },   { "NPROC", RLIMIT_NPROC },           { "RSS", RLIMIT_RSS },
        { "RTPRIO", RLIMIT_RTPRIO },   { "RTTIME", RLIMIT_RTTIME },         { "SIGPENDING", RLIMIT_SIGPENDING },
        { "STACK", RLIMIT_STACK },
};

int order_refuse(sd_bus_error* error, const char* format, ...) {
        va_list ap;

        va_start(ap, format);
        (void) sd_bus_error_setfv(error, SD_BUS_ERROR_INVALID_ARGS, format, ap);
        va_end(ap);
        return -EINVAL;
}

int order_refuse_value(sd_bus_error* error, const char* key, int r) {
        assert(r <= 0);
        return order_refuse(error, "%s: cannot be read: %s", key, strerror(r == 0 ? EBADMSG : -r));
}

static int read_string(sd_bus_message* m, const char* key, const char** ret, sd_bus_error* error) {
        int r = sd_bus_message_read_basic(m, 's', ret);

        return r <= 0 ? order_refuse_value(error, key, r) : 0;
}

static int read_name(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        const char* s;
        int r = read_string(m, key, &s, error);

        if (r < 0)
                return r;

        _cleanup_free_ char* why = process_name_check(s);
        if (why)
                return order_refuse(error, "%s: %s", key, why);
        order->name = xstrdup(s);
        return 0;
}

static int read_scope(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        const char* s;
        int r = read_string(m, key, &s, error);

        if (r < 0)
                return r;

        if (!scope_name_is_valid(s))
                return order_refuse(error, "%s: not the name of a scope unit", key);
        order->scope = xstrdup(s);
        return 0;
}

static bool is_reserved_property(const char* name) {
        static const char* const reserved[] = { "PIDs", "PIDFDs", "CollectMode" };

        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (strcmp(reserved[i], name) == 0)
                        return true;
        return false;
}

static int read_scope_properties(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        size_t n = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sv)");
        if (r <= 0)
                return order_refuse_value(error, key, r);

        while ((r = sd_bus_message_enter_container(m, 'r', "sv")) > 0) {
                const char* name;

                r = read_string(m, key, &name, error);
                if (r < 0)
                        return r;
                if (is_reserved_property(name))
                        return order_refuse(error, "%s: %s is not the caller's to set", key, name);
                if (++n > ORDER_SCOPE_PROPERTIES_MAX)
                        return order_refuse(error, "%s: more than %u", key, ORDER_SCOPE_PROPERTIES_MAX);
                r = sd_bus_message_skip(m, "v");
                if (r < 0)
                        return order_refuse_value(error, key, r);
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return order_refuse_value(error, key, r);
        }
        if (r < 0)
                return order_refuse_value(error, key, r);

        order->has_scope_properties = true;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? order_refuse_value(error, key, r) : 0;
}

/* The vector is built in one piece: strv_extend() would copy it for each of thousands of strings. */
static int read_strings(sd_bus_message* m, const char* key, size_t n_max, char*** ret, sd_bus_error* error) {
        _cleanup_strv_free_ char** strings = NULL;
        size_t n = 0, allocated = 0, size = 0;
        const char* s;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r <= 0)
                return order_refuse_value(error, key, r);

        GROW(strings, n, allocated);
        strings[0] = NULL;
        while ((r = sd_bus_message_read_basic(m, 's', &s)) > 0) {
                size_t length = strlen(s);

                size += length + 1;
                if (n >= n_max || length > ORDER_STRING_MAX || size > ORDER_STRINGS_SIZE_MAX)
                        return order_refuse(error, "%s: too long", key);
                GROW(strings, n + 1, allocated);
                strings[n++] = xstrdup(s);
                strings[n] = NULL;
        }
        if (r < 0)
                return order_refuse_value(error, key, r);
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return order_refuse_value(error, key, r);

        *ret = take_ptr(strings);
        return 0;
}

static int read_arguments(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int r = read_strings(m, key, ORDER_ARGUMENTS_MAX, &order->arguments, error);

        if (r < 0)
                return r;
        if (!order->arguments[0] || order->arguments[0][0] != '/' || strlen(order->arguments[0]) >= PATH_MAX)
                return order_refuse(error, "%s: the first must be the absolute path of a program", key);
        return 0;
}

static int read_environment(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int r = read_strings(m, key, ORDER_ENVIRONMENT_MAX, &order->environment, error);

        if (r < 0)
                return r;
        STRV_FOREACH(s, order->environment)
                if ((*s)[0] == '=' || !strchr(*s, '='))
                        return order_refuse(error, "%s: not of the form NAME=VALUE", key);
        return 0;
}

static int read_path(sd_bus_message* m, const char* key, char** ret, sd_bus_error* error) {
        const char* s;
        int r = read_string(m, key, &s, error);

        if (r < 0)
                return r;
        if (s[0] != '/' || strlen(s) >= PATH_MAX)
                return order_refuse(error, "%s: must be an absolute path", key);

        for (const char* part = s; *part; part += strcspn(part, "/")) {
                part += strspn(part, "/");
                if (strncmp(part, "..", 2) == 0 && (part[2] == 0 || part[2] == '/'))
                        return order_refuse(error, "%s: must not contain \"..\"", key);
        }
        *ret = xstrdup(s);
        return 0;
}

static int read_slice_group(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        return read_path(m, key, &order->slice_group, error);
}

static int read_directory(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        return read_path(m, key, &order->working_directory, error);
}

static int read_input(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int fd;
        int r = sd_bus_message_read_basic(m, 'h', &fd);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        /* the message has it only as long as it is there itself */
        r = fd_duplicate(fd);
        if (r < 0)
                return order_refuse_value(error, key, r);
        order->input_fd = r;
        return 0;
}

static int read_file_name(sd_bus_message* m, const char* key, char** ret, sd_bus_error* error) {
        const char* s;
        int r = read_string(m, key, &s, error);

        if (r < 0)
                return r;
        if (!*s || strlen(s) >= PATH_MAX)
                return order_refuse(error, "%s: not the name of a file", key);
        *ret = xstrdup(s);
        return 0;
}

static int read_output_file(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        return read_file_name(m, key, &order->output_file, error);
}

static int read_error_file(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        return read_file_name(m, key, &order->error_file, error);
}

/* In the working directory and nowhere else: whatever has this name is replaced. */
static int read_status_file(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int r = read_file_name(m, key, &order->status_file, error);

        if (r < 0)
                return r;
        if (strchr(order->status_file, '/') || strlen(order->status_file) > NAME_MAX)
                return order_refuse(error, "%s: not the name of a file in the working directory", key);
        return 0;
}

static int read_truncate(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int value;
        int r = sd_bus_message_read_basic(m, 'b', &value);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        order->truncate_files = value;
        return 0;
}

static int read_u32(sd_bus_message* m, const char* key, uint32_t max, uint32_t* ret, sd_bus_error* error) {
        uint32_t value;
        int r = sd_bus_message_read_basic(m, 'u', &value);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        if (value > max)
                return order_refuse(error, "%s: %u is more than %u", key, value, max);
        *ret = value;
        return 0;
}

static int read_i32(sd_bus_message* m, const char* key, int min, int max, int* ret, sd_bus_error* error) {
        int32_t value;
        int r = sd_bus_message_read_basic(m, 'i', &value);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        if (value < min || value > max)
                return order_refuse(error, "%s: %i is not in the range from %i to %i", key, value, min, max);
        *ret = value;
        return 0;
}

/* The largest number means "leave it" to setresuid(2) and its sisters. */
static int read_uid(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        return read_u32(m, key, UINT32_MAX - 1, &order->uid, error);
}

static int read_gid(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        return read_u32(m, key, UINT32_MAX - 1, &order->gid, error);
}

static int read_groups(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        const void* p;
        size_t size;
        int r = sd_bus_message_read_array(m, 'u', &p, &size);

        if (r <= 0)
                return order_refuse_value(error, key, r);

        size_t n = size / sizeof(uint32_t);
        if (n > ORDER_GROUPS_MAX)
                return order_refuse(error, "%s: more than %u", key, ORDER_GROUPS_MAX);
        order->groups = xmemdup(p, size);
        order->n_groups = n;
        for (size_t i = 0; i < n; i++)
                if (order->groups[i] == (gid_t) -1)
                        return order_refuse(error, "%s: not a group", key);
        return 0;
}

static int read_capabilities(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int r = sd_bus_message_read_basic(m, 't', &order->ambient_capabilities);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        if (order->ambient_capabilities >> CAPABILITIES_MAX)
                return order_refuse(error, "%s: not a set of capabilities", key);
        return 0;
}

static int read_cpu_affinity(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        const unsigned word_bits = 8 * sizeof(unsigned long);
        const void* p;
        const uint8_t* mask;
        bool any = false;
        size_t size;
        int r = sd_bus_message_read_array(m, 'y', &p, &size);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        if (size > ORDER_CPU_MASK_MAX)
                return order_refuse(error, "%s: longer than %u bytes", key, ORDER_CPU_MASK_MAX);

        size_t n_words = (size + sizeof(unsigned long) - 1) / sizeof(unsigned long);
        mask = p;
        order->cpu_mask = xcalloc(n_words, sizeof(unsigned long));
        order->cpu_mask_size = n_words * sizeof(unsigned long);
        for (size_t bit = 0; bit < size * 8; bit++)
                if (mask[bit / 8] & (1U << (bit % 8))) {
                        order->cpu_mask[bit / word_bits] |= 1UL << (bit % word_bits);
                        any = true;
                }
        return any ? 0 : order_refuse(error, "%s: names no CPU", key);
}

static int read_nice(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        order->has_nice = true;
        return read_i32(m, key, -20, 19, &order->nice, error);
}

static int read_oom_score_adjust(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        order->has_oom_score_adjust = true;
        return read_i32(m, key, -1000, 1000, &order->oom_score_adjust, error);
}

static int read_umask(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        order->has_umask = true;
        return read_u32(m, key, 0777, &order->umask, error);
}

static int add_limit(LaunchOrder* order, const char* key, const char* name, uint64_t value, sd_bus_error* error) {
        for (size_t i = 0; i < order->n_limits; i++)
                if (strcmp(order->limits[i].name, name) == 0)
                        return order_refuse(error, "%s: %s is given twice", key, name);

        for (size_t i = 0; i < ELEMENTSOF(limit_names); i++)
                if (strcmp(limit_names[i].name, name) == 0) {
                        assert(order->n_limits < ELEMENTSOF(order->limits));
                        order->limits[order->n_limits++] = (OrderLimit) {
                                .resource = limit_names[i].resource,
                                .name = limit_names[i].name,
                                .value = value == UINT64_MAX ? RLIM_INFINITY : (rlim_t) value,
                        };
                        return 0;
                }
        return order_refuse(error, "%s: there is no limit of this name", key);
}

static int read_limits(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        const char* name;
        uint64_t value;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{st}");
        if (r <= 0)
                return order_refuse_value(error, key, r);
        while ((r = sd_bus_message_read(m, "{st}", &name, &value)) > 0) {
                r = add_limit(order, key, name, value, error);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return order_refuse_value(error, key, r);
        r = sd_bus_message_exit_container(m);
        return r < 0 ? order_refuse_value(error, key, r) : 0;
}

static const OrderKey keys[] = {
        { "Name", "s", false, read_name },
        { "Scope", "s", false, read_scope },
        { "ScopeProperties", "a(sv)", false, read_scope_properties },
        { "SliceControlGroup", "s", false, read_slice_group },
        { "Arguments", "as", false, read_arguments },
        { "Environment", "as", false, read_environment },
        { "WorkingDirectory", "s", false, read_directory },
        { "StandardInput", "h", false, read_input },
        { "StandardOutputFile", "s", false, read_output_file },
        { "StandardErrorFile", "s", false, read_error_file },
        { "TruncateOutputFiles", "b", false, read_truncate },
        { "StatusFile", "s", false, read_status_file },
        { "UID", "u", false, read_uid },
        { "GID", "u", false, read_gid },
        { "Groups", "au", false, read_groups },
        { "AmbientCapabilities", "t", false, read_capabilities },
        { "CPUAffinity", "ay", false, read_cpu_affinity },
        { "Nice", "i", false, read_nice },
        { "OOMScoreAdjust", "i", false, read_oom_score_adjust },
        { "UMask", "u", false, read_umask },
        { "ResourceLimits", "a{st}", false, read_limits },
        { "SystemCalls", "s", true, order_read_system_calls },
        { "SystemCallArchitectures", "as", true, order_read_architectures },
        { "AddressFamilies", "t", true, order_read_address_families },
};

const OrderKey* order_key_find(const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

size_t order_key_index(const OrderKey* key) {
        assert(key >= keys && key < keys + ELEMENTSOF(keys));
        return (size_t) (key - keys);
}
