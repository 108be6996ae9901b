/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/unit.h"
#include "util/alloc.h"
#include "util/macro.h"
#include "wire/message-size.h"

#define KIB 1024U

static sd_bus_message* new_message(void) {
        sd_bus_message* m = NULL;
        sd_bus* bus = NULL;
        int fds[2];

        assert_true(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) >= 0);
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        (void) shutdown(fds[1], SHUT_RDWR);
        assert_true(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        sd_bus_unref(bus);
        return m;
}

static size_t size_of(sd_bus_message* m, size_t limit) {
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        return message_size(m, limit);
}

static void test_nothing_is_little(void** state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = new_message();

        assert_int_equal(size_of(m, KIB), 0);
}

static void test_texts_count_wherever_they_are(void** state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = new_message();
        char text[10 * KIB + 1];
        const char* again;

        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = 0;
        assert_true(sd_bus_message_append(m, "sa{sv}as", text, 2, "a", "s", text, "b", "v", "a{ss}", 1, text, text, 1, text) >= 0);
        assert_in_range(size_of(m, SIZE_MAX), 50 * KIB, 51 * KIB);
        assert_true(sd_bus_message_read_basic(m, 's', &again) > 0); /* it stands at its start */
}

static void test_arrays_of_numbers_count_by_their_bytes(void** state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = new_message();
        _cleanup_free_ char* bytes = xcalloc(100, KIB);

        assert_true(sd_bus_message_append_array(m, 'y', bytes, (size_t) 100 * KIB) >= 0);
        assert_true(sd_bus_message_append_array(m, 't', bytes, (size_t) 100 * KIB) >= 0);
        assert_in_range(size_of(m, SIZE_MAX), 200 * KIB, 201 * KIB);
}

static void test_many_small_values_are_no_less(void** state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = new_message();

        assert_true(sd_bus_message_open_container(m, 'a', "b") >= 0);
        for (unsigned i = 0; i < 10 * KIB; i++)
                assert_true(sd_bus_message_append(m, "b", 1) >= 0);
        assert_true(sd_bus_message_close_container(m) >= 0);
        assert_true(size_of(m, SIZE_MAX) >= 4 * 10 * KIB); /* what they take in the message */
}

static void test_counting_ends_beyond_the_limit(void** state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = new_message();

        assert_true(sd_bus_message_open_container(m, 'a', "(ss)") >= 0);
        for (unsigned i = 0; i < 10 * KIB; i++)
                assert_true(sd_bus_message_append(m, "(ss)", "some", "thing") >= 0);
        assert_true(sd_bus_message_close_container(m) >= 0);
        assert_in_range(size_of(m, KIB), KIB + 1, KIB + 100);
        assert_true(sd_bus_message_enter_container(m, 'a', "(ss)") > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_little),
                cmocka_unit_test(test_texts_count_wherever_they_are),
                cmocka_unit_test(test_arrays_of_numbers_count_by_their_bytes),
                cmocka_unit_test(test_many_small_values_are_no_less),
                cmocka_unit_test(test_counting_ends_beyond_the_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
