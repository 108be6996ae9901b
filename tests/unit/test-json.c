/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/socket.h>

#include "ctl/json.h"
#include "unit/unit.h"
#include "util/fd.h"

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

#define EXPECT(bus, expected, ...)                                                                      \
        do {                                                                                            \
                sd_bus_message* m = NULL;                                                               \
                json_t* json = NULL;                                                                    \
                char* text;                                                                             \
                                                                                                        \
                assert_true(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);                 \
                assert_true(sd_bus_message_append(m, __VA_ARGS__) >= 0);                                \
                assert_true(sd_bus_message_seal(m, 1, 0) >= 0);                                         \
                assert_true(sd_bus_message_rewind(m, true) >= 0);                                       \
                assert_int_equal(json_read_message(m, &json), 0);                                       \
                text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);                                \
                assert_string_equal(text, expected);                                                    \
                assert_int_equal(sd_bus_message_at_end(m, true), 1);                                    \
                free(text);                                                                             \
                json_decref(json);                                                                      \
                sd_bus_message_unref(m);                                                                \
        } while (0)

static void every_type_of_the_bus_has_a_form(void** state) {
        EXPECT(*state, "\"a\\u001Bb\"", "s", "a\x1b" "b");
        EXPECT(*state, "true", "b", 1);
        EXPECT(*state, "[200,-5,65535,-7,4000000000]", "(ynqiu)", 200, -5, 65535, -7, 4000000000U);
        EXPECT(*state, "[-9,9]", "(xt)", INT64_C(-9), UINT64_C(9));
        EXPECT(*state, "1.5", "d", 1.5);
        EXPECT(*state, "\"/o\"", "o", "/o");
        EXPECT(*state, "[]", "as", 0);
        EXPECT(*state, "{}", "a{sv}", 0);
        EXPECT(*state, "{\"a\":{\"x\":1,\"y\":[\"b\",\"c\"]}}", "a{sa{sv}}", 1, "a", 2, "x", "u", 1, "y", "as", 2, "b", "c");
        EXPECT(*state, "{\"7\":\"x\"}", "a{us}", 1, 7, "x");
        EXPECT(*state, "5", "v", "v", "i", 5);
}

static void no_limit_is_infinity_and_other_large_numbers_are_strings(void** state) {
        EXPECT(*state, "\"infinity\"", "t", UINT64_MAX);
        EXPECT(*state, "\"18446744073709551614\"", "t", UINT64_MAX - 1);
        EXPECT(*state, "9223372036854775807", "t", (uint64_t) INT64_MAX);
}

static void ports_have_the_form_that_zeek_writes(void** state) {
        json_auto_t* config = json_pack("{s:s, s:{s:{s:s, s:i, s:i}, s:{s:s}}}", "name", "w", "cluster", "m", "host", "::1", "p",
                                        5000, "metrics_port", 9, "w", "host", "::1");
        char* text;

        json_make_ports(config);
        text = json_dumps(config, JSON_COMPACT);
        assert_string_equal(text, "{\"name\":\"w\",\"cluster\":{\"m\":{\"host\":\"::1\",\"p\":{\"port\":5000,\"proto\":\"tcp\"},"
                                  "\"metrics_port\":{\"port\":9,\"proto\":\"tcp\"}},\"w\":{\"host\":\"::1\"}}}");
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_type_of_the_bus_has_a_form, open_bus, close_bus),
                cmocka_unit_test_setup_teardown(no_limit_is_infinity_and_other_large_numbers_are_strings, open_bus, close_bus),
                cmocka_unit_test(ports_have_the_form_that_zeek_writes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
