/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/child.h"
#include "stem/forker.h"
#include "unit/unit.h"
#include "util/fd.h"

#define MANY 500

/* The parent's ends of what a child has, which waits for its order. */
typedef struct Child {
        pid_t pid;
        int go;
} Child;

static int directories_fd = -EBADF, null_fd = -EBADF;

static int set_up(void** state) {
        LaunchDirectories* directories;

        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        return launch_directories_new(&directories, &directories_fd);
}

static int count_descriptors(pid_t pid) {
        _cleanup_free_ char* path = xasprintf("/proc/%i/fd", (int) pid);
        DIR* directory = opendir(path);
        int n = -2; /* "." and ".." */

        assert_non_null(directory);
        while (readdir(directory))
                n++;
        (void) closedir(directory);
        return pid == getpid() ? n - 1 : n;
}

static Forker* make(void) {
        Forker* forker = NULL;

        assert_int_equal(forker_new(FORKER, directories_fd, &forker), 0);
        return forker;
}

static pid_t fork_with(Forker* forker, int go) {
        int fds[_CHILD_FD_MAX];

        for (size_t i = 0; i < _CHILD_FD_MAX; i++)
                fds[i] = i == CHILD_FD_GO ? go : null_fd;
        return forker_fork(forker, fds, _CHILD_FD_MAX);
}

static Child start(Forker* forker) {
        Child child;
        int go[2];

        assert_int_equal(pipe2(go, O_CLOEXEC), 0);
        child.pid = fork_with(forker, go[0]);
        assert_true(child.pid > 0);
        child.go = go[1];
        (void) close(go[0]);
        return child;
}

/* It is a child of ours, whoever has forked it, and ends when nobody is left who could tell it anything: nobody else has its
 * descriptors. */
static void give_up(Child child) {
        int status;

        (void) close(child.go);
        assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
        assert_true(WIFEXITED(status));
}

static void a_child_is_ours_and_ends_when_it_is_given_up(void** state) {
        Forker* forker = make();

        for (int i = 0; i < 20; i++) {
                Child a = start(forker), b = start(forker);

                give_up(a);
                give_up(b);
        }
        forker_free(forker);
}

/* Returns when it has put everything in its place. */
static void await_place(pid_t pid) {
        for (unsigned i = 0; count_descriptors(pid) != _CHILD_FD_MAX; i++) {
                assert_true(i < 10000);
                (void) usleep(1000);
        }
}

static void what_the_stem_has_besides_is_not_in_a_child(void** state) {
        int held[MANY];
        Forker* forker;
        Child child;

        for (int i = 0; i < MANY / 2; i++)
                held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        forker = make();
        for (int i = MANY / 2; i < MANY; i++)
                held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        child = start(forker);
        await_place(child.pid);
        give_up(child);
        for (int i = 0; i < MANY; i++)
                (void) close(held[i]);
        forker_free(forker);
}

static void what_cannot_be_handed_over_makes_no_child(void** state) {
        Forker* forker = make();

        assert_int_equal(fork_with(forker, -1), -EBADF);
        assert_int_equal(forker_fork(forker, (int[]) { null_fd }, 1), -EMFILE);
        give_up(start(forker));
        forker_free(forker);
}

/* The only child of ours. */
static pid_t find_forker(void) {
        FILE* f = fopen("/proc/thread-self/children", "re");
        int pid;

        assert_non_null(f);
        assert_int_equal(fscanf(f, "%i", &pid), 1);
        (void) fclose(f);
        return pid;
}

static void one_that_is_killed_is_replaced(void** state) {
        Forker* forker = make();

        for (int i = 0; i < 3; i++) {
                pid_t pid = find_forker();
                Child before = start(forker), after;
                siginfo_t end;

                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitid(P_PID, (id_t) pid, &end, WEXITED | WNOWAIT), 0);
                after = start(forker);
                /* one that it has made is whoever's it was made for */
                assert_int_equal(kill(before.pid, 0), 0);
                give_up(before);
                give_up(after);
                assert_int_not_equal(find_forker(), pid);
        }
        forker_free(forker);
}

static void without_the_program_there_is_no_forker(void** state) {
        Forker* forker = NULL;

        assert_int_equal(forker_new("/nonexistent/zeek-forker", directories_fd, &forker), -ENOENT);
        /* one of another version: it does not stay */
        assert_int_equal(forker_new("/bin/false", directories_fd, &forker), 0);
        assert_int_equal(fork_with(forker, null_fd), -EPIPE);
        forker_free(forker);
}

static void nothing_of_it_is_left(void** state) {
        int before = count_descriptors(getpid());

        for (int i = 0; i < 5; i++)
                forker_free(make());
        assert_int_equal(count_descriptors(getpid()), before);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
        assert_null(forker_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_child_is_ours_and_ends_when_it_is_given_up),
                cmocka_unit_test(what_the_stem_has_besides_is_not_in_a_child),
                cmocka_unit_test(what_cannot_be_handed_over_makes_no_child),
                cmocka_unit_test(one_that_is_killed_is_replaced),
                cmocka_unit_test(without_the_program_there_is_no_forker),
                cmocka_unit_test(nothing_of_it_is_left),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, set_up, NULL);
}
