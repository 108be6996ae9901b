/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stem/limits.h"
#include "stem/order.h"
#include "unit/unit.h"
#include "util/fd.h"
#include "util/strv.h"

#define SYSTEM_MODE false
#define USER_MODE true

/* The keys that every order needs, and in system mode the user. */
#define BASICS "Name", "s", "worker-1", "Scope", "s", "zeek-node-worker\\x2d1.scope", "Arguments", "as", 2, "/bin/zeek", "-b"
#define USER "UID", "u", (uint32_t) 7, "GID", "u", (uint32_t) 8

/* A bus that goes nowhere: messages need one to be made on. */
static int open_bus(void** state) {
        sd_bus* bus = NULL;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        fd_close(fds[1]);
        *state = bus;
        return 0;
}

static int close_bus(void** state) {
        sd_bus_close_unref(*state);
        return 0;
}

static sd_bus_message* new_message(sd_bus* bus) {
        sd_bus_message* m = NULL;

        assert_true(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        return m;
}

static int read_order(sd_bus_message* m, bool user_mode, LaunchOrder** ret, sd_bus_error* e) {
        int r;

        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, true) >= 0);
        r = launch_order_read(m, user_mode, ret, e);
        if (r >= 0)
                r = launch_order_check_system_calls(&(*ret)->syscalls, e);
        if (r < 0)
                *ret = launch_order_free(*ret);
        return r;
}

#define READ(bus, user_mode, ret, n, ...)                                               \
        do {                                                                            \
                sd_bus_message* _m = new_message(bus);                                  \
                sd_bus_error _e = SD_BUS_ERROR_NULL;                                    \
                assert_true(sd_bus_message_append(_m, "a{sv}", (n), __VA_ARGS__) >= 0); \
                if (read_order(_m, (user_mode), (ret), &_e) < 0)                        \
                        fail_msg("refused: %s", _e.message);                            \
                sd_bus_message_unref(_m);                                               \
        } while (0)

static void expect_refusal(sd_bus_message* m, bool user_mode, const char* text) {
        sd_bus_error e = SD_BUS_ERROR_NULL;
        LaunchOrder* order = NULL;

        assert_int_equal(read_order(m, user_mode, &order, &e), -EINVAL);
        assert_null(order);
        assert_string_equal(e.name, SD_BUS_ERROR_INVALID_ARGS);
        if (!strstr(e.message, text))
                fail_msg("\"%s\" is not in \"%s\"", text, e.message);
        sd_bus_error_free(&e);
        sd_bus_message_unref(m);
}

#define REFUSE(bus, user_mode, text, n, ...)                                            \
        do {                                                                            \
                sd_bus_message* _m = new_message(bus);                                  \
                assert_true(sd_bus_message_append(_m, "a{sv}", (n), __VA_ARGS__) >= 0); \
                expect_refusal(_m, (user_mode), (text));                                \
        } while (0)

static void what_is_not_ordered_has_a_default(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = NULL;

        READ(*state, USER_MODE, &order, 3, BASICS);
        assert_string_equal(order->name, "worker-1");
        assert_string_equal(order->scope, "zeek-node-worker\\x2d1.scope");
        assert_string_equal(order->arguments[1], "-b");
        assert_string_equal(order->working_directory, "/");
        assert_true(order->truncate_files);
        assert_false(order->has_user);
        assert_false(order->has_nice);
        assert_false(order->has_oom_score_adjust);
        assert_false(order->has_umask);
        assert_null(order->cpu_mask);
        assert_int_equal(order->input_fd, -EBADF);
        assert_null(order->output_file);
        assert_int_equal(order->n_limits, 0);
        assert_int_equal(order->ambient_capabilities, 0);
}

static void every_key_finds_its_place(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = NULL;

        READ(*state, SYSTEM_MODE, &order, 18, BASICS, USER,
             "SliceControlGroup", "s", "/zeek.slice/zeek-workers.slice",
             "Environment", "as", 2, "A=1", "B=",
             "WorkingDirectory", "s", "/var/lib/x",
             "StandardOutputFile", "s", "out",
             "StandardErrorFile", "s", "../err",
             "TruncateOutputFiles", "b", 0,
             "Groups", "au", 2, (uint32_t) 3, (uint32_t) 4,
             "AmbientCapabilities", "t", UINT64_C(1) << 13,
             "CPUAffinity", "ay", 9, 0x02, 0, 0, 0, 0, 0, 0, 0, 0x80,
             "Nice", "i", -20,
             "OOMScoreAdjust", "i", -1000,
             "UMask", "u", 0777,
             "ResourceLimits", "a{st}", 2, "NOFILE", UINT64_C(5), "CORE", UINT64_MAX);

        assert_true(order->has_user);
        assert_int_equal(order->uid, 7);
        assert_int_equal(order->gid, 8);
        assert_int_equal(order->n_groups, 2);
        assert_int_equal(order->groups[1], 4);
        assert_string_equal(order->slice_group, "/zeek.slice/zeek-workers.slice");
        assert_string_equal(order->environment[1], "B=");
        assert_string_equal(order->working_directory, "/var/lib/x");
        assert_string_equal(order->output_file, "out");
        assert_string_equal(order->error_file, "../err");
        assert_false(order->truncate_files);
        assert_true(order->ambient_capabilities == 1 << 13);
        assert_int_equal(order->cpu_mask_size, 16);
        assert_true(((uint8_t*) order->cpu_mask)[0] == 0x02);
        assert_true(((uint8_t*) order->cpu_mask)[8] == 0x80);
        assert_int_equal(order->nice, -20);
        assert_int_equal(order->oom_score_adjust, -1000);
        assert_int_equal(order->umask, 0777);
        assert_int_equal(order->n_limits, 2);
        assert_int_equal(order->limits[0].resource, RLIMIT_NOFILE);
        assert_int_equal(order->limits[0].value, 5);
        assert_true(order->limits[1].value == RLIM_INFINITY);
}

/* Copied twice: a second attempt to start the scope does so. */
static void scope_properties_are_copied_as_they_are(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = NULL;

        READ(*state, USER_MODE, &order, 5, BASICS,
             "ScopeProperties", "a(sv)", 2, "Slice", "s", "zeek-workers.slice", "MemoryMax", "t", UINT64_C(1) << 40,
             "Nice", "i", 3);

        for (int i = 0; i < 2; i++) {
                sd_bus_message* target = new_message(*state);
                const char *name, *text;
                uint64_t number;

                assert_true(sd_bus_message_open_container(target, 'a', "(sv)") >= 0);
                assert_int_equal(launch_order_append_scope_properties(order, target), 0);
                assert_true(sd_bus_message_close_container(target) >= 0);
                assert_true(sd_bus_message_seal(target, 1, 0) >= 0);
                assert_true(sd_bus_message_rewind(target, true) >= 0);

                assert_true(sd_bus_message_enter_container(target, 'a', "(sv)") > 0);
                assert_true(sd_bus_message_read(target, "(sv)", &name, "s", &text) > 0);
                assert_string_equal(name, "Slice");
                assert_string_equal(text, "zeek-workers.slice");
                assert_true(sd_bus_message_read(target, "(sv)", &name, "t", &number) > 0);
                assert_string_equal(name, "MemoryMax");
                assert_true(number == UINT64_C(1) << 40);
                assert_int_equal(sd_bus_message_at_end(target, false), 1);
                sd_bus_message_unref(target);
        }
}

static void the_input_is_a_descriptor_of_its_own(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = NULL;
        struct stat sent, got;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        READ(*state, USER_MODE, &order, 4, BASICS, "StandardInput", "h", fds[0]);
        assert_int_equal(fstat(fds[0], &sent), 0);
        fd_close(fds[0]);
        fd_close(fds[1]);

        /* the message is gone */
        assert_int_equal(fstat(order->input_fd, &got), 0);
        assert_true(sent.st_ino == got.st_ino);
        assert_int_equal(fcntl(order->input_fd, F_GETFD), FD_CLOEXEC);

        REFUSE(*state, USER_MODE, "StandardInput: has the type s instead of h", 4, BASICS, "StandardInput", "s", "x");
}

static void an_order_lacks_nothing_and_has_nothing_twice(void** state) {
        REFUSE(*state, USER_MODE, "Name: is missing", 1, "Arguments", "as", 1, "/x");
        REFUSE(*state, USER_MODE, "Scope: is missing", 2, "Name", "s", "n", "Arguments", "as", 1, "/x");
        REFUSE(*state, USER_MODE, "Arguments: is missing", 2, "Name", "s", "n", "Scope", "s", "x.scope");
        REFUSE(*state, USER_MODE, "Nice: is given twice", 5, BASICS, "Nice", "i", 1, "Nice", "i", 1);
        REFUSE(*state, USER_MODE, "Colour: there is no such key", 4, BASICS, "Colour", "s", "green");
        REFUSE(*state, USER_MODE, "Nice: has the type u instead of i", 4, BASICS, "Nice", "u", 1);
        REFUSE(*state, USER_MODE, "Environment: has the type s instead of as", 4, BASICS, "Environment", "s", "A=1");
}

static void users_are_for_the_system_alone(void** state) {
        REFUSE(*state, SYSTEM_MODE, "UID: is missing", 3, BASICS);
        REFUSE(*state, SYSTEM_MODE, "GID: is missing", 4, BASICS, "UID", "u", 1);
        REFUSE(*state, SYSTEM_MODE, "UID: 4294967295", 5, BASICS, "UID", "u", UINT32_MAX, "GID", "u", 1);
        REFUSE(*state, SYSTEM_MODE, "GID: 4294967295", 5, BASICS, "UID", "u", 1, "GID", "u", UINT32_MAX);
        REFUSE(*state, SYSTEM_MODE, "Groups: not a group", 6, BASICS, USER, "Groups", "au", 1, UINT32_MAX);
        REFUSE(*state, USER_MODE, "UID: users cannot be changed", 5, BASICS, USER);
        REFUSE(*state, USER_MODE, "UID: users cannot be changed", 4, BASICS, "Groups", "au", 0);
}

static void names_are_plain(void** state) {
        static const char* const bad_names[] = { "", "-a", "a b", "a/b", "..", "a\nb" };
        static const char* const bad_scopes[] = { "", ".scope", "x.service", "a b.scope", "a/b.scope", "x.scope ", "é.scope" };

        for (size_t i = 0; i < ELEMENTSOF(bad_names); i++)
                REFUSE(*state, USER_MODE, "Name: ", 1, "Name", "s", bad_names[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad_scopes); i++)
                REFUSE(*state, USER_MODE, "Scope: not the name of a scope unit", 1, "Scope", "s", bad_scopes[i]);
}

static void a_hooks_program_has_a_name_that_no_node_can_have(void** state) {
        static const char* const bad_names[] = { "hook:", "hook:a b", "hook:a:b", "hook:a/b", "node:a", "hook:\n" };
        _cleanup_launch_order_ LaunchOrder* order = NULL;
        _cleanup_free_ char* long_name = xcalloc(5 + 129 + 1, 1);

        READ(*state, USER_MODE, &order, 3, "Name", "s", "hook:_50-noise.2", "Scope", "s", "x.scope", "Arguments", "as", 1,
             "/x");
        assert_string_equal(order->name, "hook:_50-noise.2");

        for (size_t i = 0; i < ELEMENTSOF(bad_names); i++)
                REFUSE(*state, USER_MODE, "Name: ", 1, "Name", "s", bad_names[i]);
        memset(stpcpy(long_name, "hook:"), 'a', 129);
        REFUSE(*state, USER_MODE, "Name: not the name of a hook", 1, "Name", "s", long_name);
}

static void values_make_sense(void** state) {
        static const char* const bad_directories[] = { "", "relative", "/a/..", "/../a", "/a/../b", ".." };

        for (size_t i = 0; i < ELEMENTSOF(bad_directories); i++) {
                REFUSE(*state, USER_MODE, "WorkingDirectory: must", 1, "WorkingDirectory", "s", bad_directories[i]);
                REFUSE(*state, USER_MODE, "SliceControlGroup: must", 1, "SliceControlGroup", "s", bad_directories[i]);
        }
        REFUSE(*state, USER_MODE, "Arguments: the first", 1, "Arguments", "as", 0);
        REFUSE(*state, USER_MODE, "Arguments: the first", 1, "Arguments", "as", 1, "zeek");
        REFUSE(*state, USER_MODE, "Environment: not of the form", 1, "Environment", "as", 1, "A");
        REFUSE(*state, USER_MODE, "Environment: not of the form", 1, "Environment", "as", 1, "=A");
        REFUSE(*state, USER_MODE, "StandardOutputFile: not the name", 1, "StandardOutputFile", "s", "");
        REFUSE(*state, USER_MODE, "Nice: 20 is not in the range", 1, "Nice", "i", 20);
        REFUSE(*state, USER_MODE, "OOMScoreAdjust: -1001", 1, "OOMScoreAdjust", "i", -1001);
        REFUSE(*state, USER_MODE, "UMask: 512", 1, "UMask", "u", 01000);
        REFUSE(*state, USER_MODE, "CPUAffinity: names no CPU", 1, "CPUAffinity", "ay", 2, 0, 0);
        REFUSE(*state, USER_MODE, "CPUAffinity: names no CPU", 1, "CPUAffinity", "ay", 0);
        REFUSE(*state, USER_MODE, "AmbientCapabilities: not a set", 1, "AmbientCapabilities", "t", UINT64_MAX);
        REFUSE(*state, USER_MODE, "ResourceLimits: there is no limit", 1, "ResourceLimits", "a{st}", 1, "nofile",
               UINT64_C(1));
        REFUSE(*state, USER_MODE, "ResourceLimits: NOFILE is given twice", 1, "ResourceLimits", "a{st}", 2, "NOFILE",
               UINT64_C(1), "NOFILE", UINT64_C(1));
        REFUSE(*state, USER_MODE, "ScopeProperties: PIDFDs is not", 1, "ScopeProperties", "a(sv)", 1, "PIDFDs", "s", "");
        REFUSE(*state, USER_MODE, "ScopeProperties: CollectMode is not", 1, "ScopeProperties", "a(sv)", 1,
               "CollectMode", "s", "");
}

static void dots_in_directory_names_are_no_way_up(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = NULL;

        READ(*state, USER_MODE, &order, 4, BASICS, "WorkingDirectory", "s", "/a/..b/...//c../.");
        assert_string_equal(order->working_directory, "/a/..b/...//c../.");
}

static void append_strings(sd_bus_message* m, const char* key, size_t n, const char* s) {
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        assert_true(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        assert_true(sd_bus_message_append_basic(m, 's', key) >= 0);
        assert_true(sd_bus_message_open_container(m, 'v', "as") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "s") >= 0);
        for (size_t i = 0; i < n; i++)
                assert_true(sd_bus_message_append_basic(m, 's', s) >= 0);
        for (int i = 0; i < 4; i++)
                assert_true(sd_bus_message_close_container(m) >= 0);
}

static void sizes_are_limited(void** state) {
        _cleanup_free_ char* long_string = xcalloc(ORDER_STRING_MAX + 2, 1);
        _cleanup_free_ char* long_path = xcalloc(5000, 1);
        sd_bus_message* m;

        memset(long_string, 'a', ORDER_STRING_MAX + 1);
        memset(long_path, '/', 4999);

        append_strings(m = new_message(*state), "Arguments", ORDER_ARGUMENTS_MAX + 1, "/x");
        expect_refusal(m, USER_MODE, "Arguments: too long");
        append_strings(m = new_message(*state), "Arguments", 1, long_string);
        expect_refusal(m, USER_MODE, "Arguments: too long");
        long_string[ORDER_STRING_MAX] = 0;
        append_strings(m = new_message(*state), "Environment", ORDER_STRINGS_SIZE_MAX / ORDER_STRING_MAX + 1, long_string);
        expect_refusal(m, USER_MODE, "Environment: too long");

        REFUSE(*state, USER_MODE, "WorkingDirectory: must be", 1, "WorkingDirectory", "s", long_path);
        REFUSE(*state, USER_MODE, "StandardErrorFile: not", 1, "StandardErrorFile", "s", long_path);
        REFUSE(*state, USER_MODE, "Arguments: the first", 1, "Arguments", "as", 1, long_path);
        memset(long_path, 'a', 4999);
        REFUSE(*state, USER_MODE, "a: there is no such key", 1, long_path, "s", "");
}

static void system_calls_have_verdicts(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = NULL;

        READ(*state, USER_MODE, &order, 6, BASICS, "SystemCalls", "s", "ENOSYS mount:EPERM ptrace:kill read:allow",
             "SystemCallArchitectures", "as", 1, "x86", "AddressFamilies", "t", UINT64_C(1) << AF_UNIX);
        assert_true(order->syscalls.restricts_families);
        assert_string_equal(order->syscalls.calls, "ENOSYS mount:EPERM ptrace:kill read:allow");
        assert_string_equal(order->syscalls.architectures[0], "x86");
        assert_true(order->syscalls.families == 2);
}

static void what_is_said_of_system_calls_makes_sense(void** state) {
        REFUSE(*state, USER_MODE, "SystemCalls: not verdicts", 4, BASICS, "SystemCalls", "s", "");
        REFUSE(*state, USER_MODE, "SystemCalls: not verdicts", 4, BASICS, "SystemCalls", "s", "allow read:4096");
        REFUSE(*state, USER_MODE, "SystemCalls: read is not in its place", 4, BASICS, "SystemCalls", "s", "EPERM write:allow read:allow");
        REFUSE(*state, USER_MODE, "SystemCalls: read is not in its place", 4, BASICS, "SystemCalls", "s", "EPERM read:allow read:kill");
        REFUSE(*state, USER_MODE, "SystemCallArchitectures: not an architecture", 1, "SystemCallArchitectures", "as", 1, "vax");
        REFUSE(*state, USER_MODE, "SystemCalls: is missing", 4, BASICS, "AddressFamilies", "t", UINT64_C(0));
        REFUSE(*state, USER_MODE, "SystemCalls: is missing", 4, BASICS, "SystemCallArchitectures", "as", 1, "x86");
}

static int read_system_calls(sd_bus_message* m, SyscallOrder* ret, sd_bus_error* e) {
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, true) >= 0);
        return launch_order_read_system_calls(m, ret, e);
}

static void an_adoption_says_what_the_order_said_of_system_calls(void** state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *some = new_message(*state), *none = new_message(*state);
        _cleanup_(syscall_order_done) SyscallOrder order = {};
        SyscallOrder nothing = {};
        sd_bus_error e = SD_BUS_ERROR_NULL;

        assert_true(sd_bus_message_append(some, "a{sv}", 1, "SystemCalls", "s", "ENOSYS ptrace:log") >= 0);
        assert_int_equal(read_system_calls(some, &order, &e), 0);
        assert_string_equal(order.calls, "ENOSYS ptrace:log");

        assert_true(sd_bus_message_append(none, "a{sv}", 0) >= 0);
        assert_int_equal(read_system_calls(none, &nothing, &e), 0);
        assert_null(nothing.calls);
}

static void an_adoption_says_nothing_else(void** state) {
        static const struct {
                const char *key, *type, *text;
        } cases[] = {
                { "Name", "s", "Name: there is no such key" },
                { "Unknown", "s", "Unknown: there is no such key" },
                { "AddressFamilies", "s", "AddressFamilies: has the type s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = new_message(*state);
                sd_bus_error e = SD_BUS_ERROR_NULL;
                SyscallOrder order = {};

                assert_true(sd_bus_message_append(m, "a{sv}", 1, cases[i].key, cases[i].type, "x") >= 0);
                assert_int_equal(read_system_calls(m, &order, &e), -EINVAL);
                assert_non_null(strstr(e.message, cases[i].text));
                sd_bus_error_free(&e);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_not_ordered_has_a_default),
                cmocka_unit_test(every_key_finds_its_place),
                cmocka_unit_test(scope_properties_are_copied_as_they_are),
                cmocka_unit_test(the_input_is_a_descriptor_of_its_own),
                cmocka_unit_test(an_order_lacks_nothing_and_has_nothing_twice),
                cmocka_unit_test(users_are_for_the_system_alone),
                cmocka_unit_test(names_are_plain),
                cmocka_unit_test(a_hooks_program_has_a_name_that_no_node_can_have),
                cmocka_unit_test(values_make_sense),
                cmocka_unit_test(dots_in_directory_names_are_no_way_up),
                cmocka_unit_test(sizes_are_limited),
                cmocka_unit_test(system_calls_have_verdicts),
                cmocka_unit_test(what_is_said_of_system_calls_makes_sense),
                cmocka_unit_test(an_adoption_says_what_the_order_said_of_system_calls),
                cmocka_unit_test(an_adoption_says_nothing_else),
        };

        return cmocka_run_group_tests(tests, open_bus, close_bus);
}
