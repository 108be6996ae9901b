/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/socket.h>

#include "config/hook-file.h"
#include "config/ini.h"
#include "core/role.h"
#include "unit/unit.h"
#include "util/fd.h"
#include "util/strv.h"
#include "wire/hook-codec.h"

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

static void begin_reading(sd_bus_message* m) {
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, true) >= 0);
}

static void expect_refusal(sd_bus_message* m, const char* key, const char* part_of_reason) {
        _cleanup_config_error_ ConfigError e = {};
        Hook* hook = NULL;

        begin_reading(m);
        if (hook_read(m, &hook, &e) != -EINVAL)
                fail_msg("'%s: %s' was not said", key, part_of_reason);
        assert_null(hook);
        assert_string_equal(e.key, key);
        if (!strstr(e.why, part_of_reason))
                fail_msg("\"%s\" is not in \"%s: %s\"", part_of_reason, e.key, e.why);
        sd_bus_message_unref(m);
}

static void every_malformed_hook_names_its_key(void** state) {
        sd_bus_message* m;
        sd_bus* bus = *state;

#define REFUSE(key, reason, ...)                                                \
        do {                                                                    \
                m = new_message(bus);                                           \
                assert_true(sd_bus_message_append(m, "a{sv}", __VA_ARGS__) >= 0); \
                expect_refusal(m, key, reason);                                 \
        } while (0)

        REFUSE("name", "must not be empty", 1, "name", "s", "");
        REFUSE("name", "may hold only letters", 1, "name", "s", "a/x");
        REFUSE("name", "type 's', not 'i'", 1, "name", "i", 7);
        REFUSE("name", "is given twice", 2, "name", "s", "a", "name", "s", "b");
        REFUSE("match", "is given twice", 2, "match", "s", "a", "match", "as", 1, "b");
        REFUSE("colour", "not a key that is known", 2, "name", "s", "a", "colour", "s", "red");
        REFUSE("Match", "not a key that is known", 1, "Match", "s", "a");
        REFUSE("source", "not a key that is known", 1, "source", "s", "/etc/x");
        REFUSE("stream", "must be stdout, stderr or both", 1, "stream", "s", "stdin");
        REFUSE("stream", "must be stdout, stderr or both", 1, "stream", "s", "");
        REFUSE("stream", "type 's', not 'as'", 1, "stream", "as", 1, "stdout");
        REFUSE("node", "a '[' without a ']'", 1, "node", "as", 2, "a", "[");
        REFUSE("node", "must be names of nodes", 1, "node", "s", "a b");
        REFUSE("node", "an empty list", 1, "node", "as", 0);
        REFUSE("node", "type 'as' or 's', not 'i'", 1, "node", "i", 1);
        REFUSE("role", "must be logger, manager", 1, "role", "s", "boss");
        REFUSE("role", "an empty list", 1, "role", "as", 0);
        REFUSE("match", "an empty list", 1, "match", "as", 0);
        REFUSE("match", "an empty pattern", 1, "match", "as", 2, "a", "");
        REFUSE("match", "must not hold control characters", 1, "match", "s", "a\nMatch=b");
        REFUSE("match", "must not hold control characters", 1, "match", "s", "\x1b");
        REFUSE("match", "must not begin or end with a blank", 1, "match", "s", " a");
        REFUSE("match", "must not begin or end with a blank", 1, "match", "s", "a\t");
        REFUSE("match", "a backslash that stands alone", 1, "match", "s", "a\\\\\\");
        REFUSE("action", "must be suppress or pass", 1, "action", "s", "break");
        REFUSE("action", "type 's', not 'b'", 1, "action", "b", 1);
        REFUSE("priority", "must be emerg", 1, "priority", "s", "urgent");
        REFUSE("priority", "must be emerg", 1, "priority", "i", -1);
        REFUSE("priority", "must be emerg", 1, "priority", "t", UINT64_C(1) << 32);
        REFUSE("priority", "type 's' or 'i', not 'd'", 1, "priority", "d", 1.0);
        REFUSE("set_field", "cannot set a field 'MESSAGE'", 1, "set_field", "a{ss}", 1, "MESSAGE", "x");
        REFUSE("set_field", "cannot set a field 'A=B'", 1, "set_field", "a{ss}", 1, "A=B", "x");
        REFUSE("set_field", "sets A twice", 1, "set_field", "a{ss}", 2, "A", "x", "A", "y");
        REFUSE("set_field", "type 'a{ss}', not 'as'", 1, "set_field", "as", 1, "A=x");
        REFUSE("exec", "absolute path", 1, "exec", "as", 2, "sh", "-c");
        REFUSE("exec", "an empty list", 1, "exec", "as", 0);
        REFUSE("exec", "must not be given with action", 2, "exec", "s", "/bin/x", "action", "s", "pass");
        REFUSE("timeout_usec", "between 1ms and 60s", 2, "exec", "s", "/bin/x", "timeout_usec", "t", UINT64_C(0));
        REFUSE("timeout_usec", "between 1ms and 60s", 2, "exec", "s", "/bin/x", "timeout_usec", "x", INT64_C(-5));
        REFUSE("timeout_usec", "between 1ms and 60s", 2, "exec", "s", "/bin/x", "timeout_usec", "t", UINT64_MAX);
        REFUSE("timeout_usec", "type 't', not 's'", 2, "exec", "s", "/bin/x", "timeout_usec", "s", "1s");
        REFUSE("timeout_usec", "means nothing without exec", 2, "action", "s", "pass", "timeout_usec", "t", USEC_PER_SEC);
#undef REFUSE

        m = new_message(bus);
        assert_true(sd_bus_message_append(m, "s", "no dictionary") >= 0);
        expect_refusal(m, "(configuration)", "malformed");
}

static void what_is_too_large_is_refused_before_it_is_kept(void** state) {
        _cleanup_free_ char* pattern = xcalloc(HOOK_PATTERN_BYTES_MAX + 2, 1);
        sd_bus_message* m = new_message(*state);

        memset(pattern, 'x', HOOK_PATTERN_BYTES_MAX + 1);
        assert_true(sd_bus_message_append(m, "a{sv}", 1, "match", "s", pattern) >= 0);
        expect_refusal(m, "match", "more than 4096 bytes");

        /* no file holds so much */
        pattern[HOOK_PATTERN_BYTES_MAX] = 0;
        m = new_message(*state);
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        assert_true(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        assert_true(sd_bus_message_append(m, "s", "match") >= 0);
        assert_true(sd_bus_message_open_container(m, 'v', "as") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "s") >= 0);
        for (size_t i = 0; i < INI_FILE_MAX / HOOK_PATTERN_BYTES_MAX + 1; i++)
                assert_true(sd_bus_message_append(m, "s", pattern) >= 0);
        for (int i = 0; i < 4; i++)
                assert_true(sd_bus_message_close_container(m) >= 0);
        expect_refusal(m, "(hook)", "is larger than the 1048576 bytes");
}

static Hook* read_good(sd_bus_message* m) {
        _cleanup_config_error_ ConfigError e = {};
        Hook* hook = NULL;

        begin_reading(m);
        if (hook_read(m, &hook, &e) < 0)
                fail_msg("%s: %s", e.key, e.why);
        sd_bus_message_unref(m);
        return hook;
}

static void a_string_is_a_list_of_one(void** state) {
        sd_bus_message *m = new_message(*state), *n = new_message(*state);
        _cleanup_hook_ Hook *strings = NULL, *lists = NULL;

        assert_true(sd_bus_message_append(m, "a{sv}", 6, "name", "s", "x", "node", "s", "a", "role", "s", "proxy", "match", "s",
                                          "a b", "exec", "s", "/bin/x", "priority", "s", "warning") >= 0);
        assert_true(sd_bus_message_append(n, "a{sv}", 6, "name", "s", "x", "node", "as", 1, "a", "role", "as", 1, "PROXY",
                                          "match", "as", 1, "a b", "exec", "as", 1, "/bin/x", "priority", "y", 4) >= 0);
        strings = read_good(m);
        lists = read_good(n);
        assert_true(hook_equal(strings, lists));
        assert_int_equal(strings->roles, 1U << ROLE_PROXY);
        assert_string_equal(strings->patterns[0].text, "a b");
        assert_int_equal(strings->patterns[0].line, 0);
        assert_int_equal(strings->priority, 4);
}

static void a_hook_without_a_name_gets_one_of_its_own(void** state) {
        sd_bus_message *m = new_message(*state), *n = new_message(*state);
        _cleanup_hook_ Hook *one = NULL, *two = NULL;

        assert_true(sd_bus_message_append(m, "a{sv}", 1, "action", "s", "pass") >= 0);
        assert_true(sd_bus_message_append(n, "a{sv}", 0) >= 0);
        one = read_good(m);
        two = read_good(n);
        assert_null(hook_name_check(one->name));
        assert_string_not_equal(one->name, two->name);
        assert_int_equal(one->action, HOOK_PASS);
        assert_int_equal(two->action, HOOK_GO_ON);
}

static void expect_entry(sd_bus_message* m, const char* key, const char* expected) {
        const char *found_key, *value;

        assert_true(sd_bus_message_read(m, "{sv}", &found_key, "s", &value) > 0);
        assert_string_equal(found_key, key);
        assert_string_equal(value, expected);
}

static void expect_counter(sd_bus_message* m, const char* key, uint64_t expected) {
        const char* found_key;
        uint64_t value;

        assert_true(sd_bus_message_read(m, "{sv}", &found_key, "t", &value) > 0);
        assert_string_equal(found_key, key);
        assert_int_equal(value, expected);
}

static void a_plain_hook_lists_what_it_is_and_what_came_of_it(void** state) {
        _cleanup_hook_ Hook* hook = hook_new("10-x", "/etc/\xff/10-x.hook");
        sd_bus_message* m = new_message(*state);

        assert_true(hook_append(m, hook, &(HookCounters) { 7, 5, 3 }) >= 0);
        begin_reading(m);
        assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
        expect_entry(m, "name", "10-x");
        expect_entry(m, "stream", "both");
        expect_entry(m, "source", "/etc/\\xff/10-x.hook");
        expect_counter(m, "matched", 7);
        expect_counter(m, "suppressed", 5);
        expect_counter(m, "failures", 3);
        assert_int_equal(sd_bus_message_at_end(m, false), 1);
        sd_bus_message_unref(m);
}

/* Copies the entry of a list without what AddHook does not take. */
static void copy_settings(sd_bus_message* to, sd_bus_message* from) {
        assert_true(sd_bus_message_enter_container(from, 'a', "{sv}") > 0);
        assert_true(sd_bus_message_open_container(to, 'a', "{sv}") >= 0);
        while (sd_bus_message_enter_container(from, 'e', "sv") > 0) {
                const char* key;

                assert_true(sd_bus_message_read(from, "s", &key) > 0);
                if (strcmp(key, "source") == 0)
                        break;
                assert_true(sd_bus_message_open_container(to, 'e', "sv") >= 0);
                assert_true(sd_bus_message_append(to, "s", key) >= 0);
                assert_true(sd_bus_message_copy(to, from, false) >= 0);
                assert_true(sd_bus_message_close_container(to) >= 0);
                assert_true(sd_bus_message_exit_container(from) >= 0);
        }
        assert_true(sd_bus_message_close_container(to) >= 0);
}

static void what_is_listed_or_requested_can_be_added_and_kept_in_a_file(void** state) {
        sd_bus_message *rule = new_message(*state), *program = new_message(*state);

        assert_true(sd_bus_message_append(rule, "a{sv}", 8, "name", "s", "10-x", "stream", "s", "stderr", "node", "as", 2, "w-*",
                                          "[[:alpha:]]?", "role", "as", 2, "worker", "standalone", "match", "as", 2,
                                          "^\"a' \\d\\\\", "#x\tb", "action", "s", "suppress", "priority", "s", "debug",
                                          "set_field", "a{ss}", 2, "A", "two\nlines \"\\", "B", "") >= 0);
        assert_true(sd_bus_message_append(program, "a{sv}", 3, "name", "s", "x", "exec", "as", 4, "/bin/sh", "-c",
                                          "while read l\ndo echo 'pass'\r; done", "", "timeout_usec", "u", 2500) >= 0);

        sd_bus_message* const messages[] = { rule, program };
        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                _cleanup_hook_ Hook *hook = read_good(messages[i]), *again = NULL, *from_request = NULL, *from_file = NULL;
                sd_bus_message *entry = new_message(*state), *copy = new_message(*state), *request = new_message(*state);
                _cleanup_free_ char* text = hook_to_text(hook);
                _cleanup_diagnostics_ Diagnostics d = {};

                assert_true(hook_append(entry, hook, &(HookCounters) {}) >= 0);
                begin_reading(entry);
                copy_settings(copy, entry);
                sd_bus_message_unref(entry);
                again = read_good(copy);
                assert_true(hook_equal(hook, again));

                assert_true(hook_append_request(request, hook) >= 0);
                from_request = read_good(request);
                assert_true(hook_equal(hook, from_request));

                from_file = hook_parse(hook->name, HOOK_SOURCE_RUNTIME, "F", text, strlen(text), &d);
                if (!from_file || d.n > 0 || !hook_equal(hook, from_file))
                        fail_msg("%s: %s", text, d.n > 0 ? d.items[0].text : "differs");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_malformed_hook_names_its_key, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(what_is_too_large_is_refused_before_it_is_kept, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(a_string_is_a_list_of_one, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(a_hook_without_a_name_gets_one_of_its_own, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(a_plain_hook_lists_what_it_is_and_what_came_of_it, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(what_is_listed_or_requested_can_be_added_and_kept_in_a_file, open_bus, close_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
