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

/* With a bundle's worth of these in it, and its mouth closed. */
static int make_bundle(uint64_t key, const int* fds, size_t n) {
        int mouth, bundle = fd_bundle_new(&mouth);

        assert_true(bundle >= 0);
        assert_int_equal(fd_bundle_add(mouth, key, fds, n), 0);
        (void) close(mouth);
        return bundle;
}

static void what_is_in_it_stays_open(void** state) {
        int first[2], second[2];
        BundledFd found[4] = {};
        int bundle;

        assert_int_equal(pipe2(first, O_CLOEXEC), 0);
        assert_int_equal(pipe2(second, O_CLOEXEC), 0);
        assert_int_equal(write(first[1], "one", 3), 3);
        assert_int_equal(write(second[1], "two", 3), 3);
        bundle = make_bundle(7, (int[]) { first[0], second[0] }, 2);
        (void) close(first[0]);
        (void) close(second[0]);

        assert_int_equal(fd_bundle_look(bundle, found, 4), 2);
        assert_true(fcntl(found[0].fd, F_GETFD) & FD_CLOEXEC);
        assert_says(found[0].fd, "one");
        assert_says(found[1].fd, "two");
        (void) close(found[0].fd);
        (void) close(found[1].fd);

        /* nobody has taken it out */
        assert_int_equal(write(first[1], "again", 5), 5);
        assert_int_equal(fd_bundle_look(bundle, found, 4), 2);
        assert_says(found[0].fd, "again");
        (void) close(found[0].fd);
        (void) close(found[1].fd);

        (void) close(bundle);
        assert_int_equal(write(first[1], "x", 1), -1);
        assert_int_equal(errno, EPIPE);
        (void) close(first[1]);
        (void) close(second[1]);
}

static void no_more_is_taken_than_asked_for(void** state) {
        BundledFd found[2] = { { -1, 0 }, { -1, 0 } };
        int fds[2];
        int bundle;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        bundle = make_bundle(7, fds, 2);
        assert_int_equal(fd_bundle_look(bundle, found, 1), 1);
        assert_true(found[0].fd >= 0);
        assert_int_equal(found[1].fd, -1);
        (void) close(found[0].fd);
        (void) close(bundle);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

static void more_can_be_put_in(void** state) {
        int first[2], second[2], third[2], mouth = -1;
        BundledFd found[4] = {};
        int bundle;

        assert_int_equal(pipe2(first, O_CLOEXEC), 0);
        assert_int_equal(pipe2(second, O_CLOEXEC), 0);
        assert_int_equal(pipe2(third, O_CLOEXEC), 0);
        assert_int_equal(write(first[1], "one", 3), 3);
        assert_int_equal(write(second[1], "two", 3), 3);
        assert_int_equal(write(third[1], "three", 5), 5);
        bundle = fd_bundle_new(&mouth);
        assert_true(bundle >= 0);
        assert_int_equal(fd_bundle_look(bundle, found, 4), -EAGAIN);
        assert_int_equal(fd_bundle_add(mouth, 1, &first[0], 1), 0);
        assert_int_equal(fd_bundle_add(mouth, UINT64_MAX, (int[]) { second[0], third[0] }, 2), 0);
        (void) close(mouth);

        /* every look begins at the beginning, and ends where it has to */
        assert_int_equal(fd_bundle_look(bundle, found, 2), 2);
        (void) close(found[0].fd);
        (void) close(found[1].fd);
        assert_int_equal(fd_bundle_look(bundle, found, 4), 3);
        assert_says(found[0].fd, "one");
        assert_says(found[1].fd, "two");
        assert_says(found[2].fd, "three");
        assert_true(found[0].key == 1 && found[1].key == UINT64_MAX && found[2].key == UINT64_MAX);

        for (size_t i = 0; i < 3; i++)
                (void) close(found[i].fd);
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
        (void) close(fd_bundle_new(&mouth));
        assert_int_equal(fd_bundle_add(mouth, 7, fds, 2), -EPIPE);
        (void) close(mouth);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

/* What a stem before has left: one node in a socket of another kind, without a key. */
static void a_bundle_of_before_is_understood(void** state) {
        char mark[] = "zeek-stem-bundle", control[CMSG_SPACE(2 * sizeof(int))] = {};
        struct iovec iov = { .iov_base = mark, .iov_len = sizeof mark };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        int pair[2], fds[2];
        BundledFd found[8];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        *header = (struct cmsghdr) { .cmsg_len = CMSG_LEN(sizeof fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(header), fds, sizeof fds);
        for (int i = 0; i < 2; i++)
                assert_int_equal(sendmsg(pair[1], &message, 0), sizeof mark);
        (void) close(pair[1]);

        assert_int_equal(fd_bundle_look(pair[0], found, ELEMENTSOF(found)), 4);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(found[i].key, 0);
                (void) close(found[i].fd);
        }
        (void) close(pair[0]);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

static void other_descriptors_are_none(void** state) {
        BundledFd found[4];
        char text[8];
        int fds[2];

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
                cmocka_unit_test(a_bundle_of_before_is_understood),
                cmocka_unit_test(other_descriptors_are_none),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
