/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stem/forker.h"
#include "unit/unit.h"
#include "util/alloc.h"
#include "util/fd.h"

#define MANY 500

static int wait_for(pid_t pid) {
        int status;

        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid); /* a child of ours, whichever thread has forked it */
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int count_descriptors(void) {
        DIR* directory = opendir("/proc/self/fd");
        int n = -3; /* the directory itself, "." and ".." */

        assert_non_null(directory);
        while (readdir(directory))
                n++;
        (void) closedir(directory);
        return n;
}

static void tell_count(const int* fds, void* userdata) {
        _exit(count_descriptors());
}

static void tell_what_it_is_given(const int* fds, void* userdata) {
        const char* text = userdata;

        _exit(dprintf(fds[1], "%s", text) == 2 && write(fds[0], "a", 1) == 1 ? 7 : 1);
}

static void tell_signals(const int* fds, void* userdata) {
        sigset_t blocked;

        (void) sigprocmask(SIG_SETMASK, NULL, &blocked);
        _exit(sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGCHLD) == 1 ? 0 : 1);
}

static Forker* make(void) {
        Forker* forker = NULL;

        assert_int_equal(forker_new(&forker), 0);
        return forker;
}

static void a_child_has_what_it_is_given_in_that_order(void** state) {
        Forker* forker = make();
        int a[2], b[2];
        char text[4] = {};

        assert_true(pipe2(a, O_CLOEXEC) >= 0 && pipe2(b, O_CLOEXEC) >= 0);
        for (int i = 0; i < 20; i++) {
                pid_t pid = forker_fork(forker, (const int[]) { a[1], b[1] }, 2, tell_what_it_is_given, (void*) "bc");

                assert_int_equal(wait_for(pid), 7);
                assert_int_equal(read(a[0], text, 3), 1);
                assert_int_equal(text[0], 'a');
                assert_int_equal(read(b[0], text, 3), 2);
        }
        /* the thread has let go of its copies: with ours they are all */
        (void) close(a[1]);
        assert_int_equal(read(a[0], text, 1), 0);
        (void) close(a[0]);
        (void) close(b[0]);
        (void) close(b[1]);
        forker_free(forker);
}

static void what_the_stem_has_besides_is_not_copied(void** state) {
        int held[MANY], before, after;
        Forker* forker;

        for (int i = 0; i < MANY / 2; i++)
                held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        forker = make();
        before = wait_for(forker_fork(forker, (const int[]) { 0, 0, 0 }, 3, tell_count, NULL));
        for (int i = MANY / 2; i < MANY; i++)
                held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        after = wait_for(forker_fork(forker, (const int[]) { 0, 0, 0 }, 3, tell_count, NULL));
        assert_int_equal(before, after);
        assert_true(after <= 3 + 1 + 3); /* standard ones, the thread's socket, those that were given */
        for (int i = 0; i < MANY; i++)
                (void) close(held[i]);
        forker_free(forker);
}

static void all_signals_are_blocked(void** state) {
        Forker* forker = make();

        assert_int_equal(wait_for(forker_fork(forker, NULL, 0, tell_signals, NULL)), 0);
        forker_free(forker);
}

/* As it is when too many are under way already: the caller forks, and all goes on as before. */
static void what_cannot_be_sent_is_inherited(void** state) {
        Forker* forker = make();
        sigset_t blocked;

        assert_int_equal(wait_for(forker_fork(forker, (const int[]) { -1 }, 1, tell_signals, NULL)), 0);
        (void) sigprocmask(SIG_SETMASK, NULL, &blocked);
        assert_int_equal(sigismember(&blocked, SIGTERM), 0);
        assert_int_equal(wait_for(forker_fork(forker, NULL, 0, tell_signals, NULL)), 0);
        forker_free(forker);
}

static void nothing_of_it_is_left(void** state) {
        int before = count_descriptors();

        for (int i = 0; i < 5; i++)
                forker_free(make());
        assert_int_equal(count_descriptors(), before);
        assert_null(forker_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_child_has_what_it_is_given_in_that_order),
                cmocka_unit_test(what_the_stem_has_besides_is_not_copied),
                cmocka_unit_test(all_signals_are_blocked),
                cmocka_unit_test(what_cannot_be_sent_is_inherited),
                cmocka_unit_test(nothing_of_it_is_left),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
