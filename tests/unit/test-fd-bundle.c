/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stem/fd-bundle.h"
#include "unit/unit.h"
#include "util/fd.h"

static void assert_says(int fd, const char* text) {
        char buffer[32] = {};

        assert_int_equal(read(fd, buffer, sizeof buffer - 1), strlen(text));
        assert_string_equal(buffer, text);
}

static void what_is_in_it_stays_open(void** state) {
        int first[2], second[2], found[4] = {};
        int bundle;

        assert_int_equal(pipe2(first, O_CLOEXEC), 0);
        assert_int_equal(pipe2(second, O_CLOEXEC), 0);
        assert_int_equal(write(first[1], "one", 3), 3);
        assert_int_equal(write(second[1], "two", 3), 3);
        bundle = fd_bundle_new((int[]) { first[0], second[0] }, 2, NULL);
        assert_true(bundle >= 0);
        (void) close(first[0]);
        (void) close(second[0]);

        assert_int_equal(fd_bundle_look(bundle, found, 4), 2);
        assert_true(fcntl(found[0], F_GETFD) & FD_CLOEXEC);
        assert_says(found[0], "one");
        assert_says(found[1], "two");
        (void) close(found[0]);
        (void) close(found[1]);

        /* nobody has taken it out */
        assert_int_equal(write(first[1], "again", 5), 5);
        assert_int_equal(fd_bundle_look(bundle, found, 4), 2);
        assert_says(found[0], "again");
        (void) close(found[0]);
        (void) close(found[1]);

        (void) close(bundle);
        assert_int_equal(write(first[1], "x", 1), -1);
        assert_int_equal(errno, EPIPE);
        (void) close(first[1]);
        (void) close(second[1]);
}

static void no_more_is_taken_than_asked_for(void** state) {
        int fds[2], found[2] = { -1, -1 };
        int bundle;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        bundle = fd_bundle_new(fds, 2, NULL);
        assert_int_equal(fd_bundle_look(bundle, found, 1), 1);
        assert_true(found[0] >= 0);
        assert_int_equal(found[1], -1);
        (void) close(found[0]);
        (void) close(bundle);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

static void more_can_be_put_in(void** state) {
        int first[2], second[2], third[2], found[4] = {}, mouth = -1;
        int bundle;

        assert_int_equal(pipe2(first, O_CLOEXEC), 0);
        assert_int_equal(pipe2(second, O_CLOEXEC), 0);
        assert_int_equal(pipe2(third, O_CLOEXEC), 0);
        assert_int_equal(write(first[1], "one", 3), 3);
        assert_int_equal(write(second[1], "two", 3), 3);
        assert_int_equal(write(third[1], "three", 5), 5);
        bundle = fd_bundle_new(&first[0], 1, &mouth);
        assert_true(bundle >= 0);
        assert_int_equal(fd_bundle_add(mouth, (int[]) { second[0], third[0] }, 2), 0);
        (void) close(mouth);

        /* every look begins at the beginning, and ends where it has to */
        assert_int_equal(fd_bundle_look(bundle, found, 2), 2);
        (void) close(found[0]);
        (void) close(found[1]);
        assert_int_equal(fd_bundle_look(bundle, found, 4), 3);
        assert_says(found[0], "one");
        assert_says(found[1], "two");
        assert_says(found[2], "three");

        for (size_t i = 0; i < 3; i++)
                (void) close(found[i]);
        for (size_t i = 0; i < 2; i++) {
                (void) close(first[i]);
                (void) close(second[i]);
                (void) close(third[i]);
        }
        (void) close(bundle);
}

static void nothing_is_put_into_one_that_is_gone(void** state) {
        int fds[2], mouth = -1;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        (void) close(fd_bundle_new(fds, 1, &mouth));
        assert_int_equal(fd_bundle_add(mouth, fds, 2), -ECONNREFUSED);
        (void) close(mouth);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

static void other_descriptors_are_none(void** state) {
        int fds[2], found[4];
        char text[8];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(fd_bundle_look(fds[0], found, 4), -ENOTSOCK);
        (void) close(fds[0]);
        (void) close(fds[1]);
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(fd_bundle_look(fds[0], found, 4), -EAGAIN);
        assert_int_equal(write(fds[1], "text", 4), 4);
        assert_int_equal(fd_bundle_look(fds[0], found, 4), -EBADMSG);

        /* and may be looked at as before by whoever knows them */
        assert_int_equal(recv(fds[0], text, sizeof text, MSG_PEEK), 4);
        assert_int_equal(recv(fds[0], text, sizeof text, MSG_PEEK), 4);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_in_it_stays_open),
                cmocka_unit_test(no_more_is_taken_than_asked_for),
                cmocka_unit_test(more_can_be_put_in),
                cmocka_unit_test(nothing_is_put_into_one_that_is_gone),
                cmocka_unit_test(other_descriptors_are_none),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
