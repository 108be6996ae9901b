/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "stem/spare-child.h"
#include "unit/unit.h"
#include "util/fd.h"

static SpawnSettings settings;
static sd_event* event;
static pid_t forker;

/* Our child besides this one; 0: there is none. */
static pid_t find_child(pid_t known) {
        FILE* f = fopen("/proc/thread-self/children", "re");
        int pid, found = 0;

        assert_non_null(f);
        while (fscanf(f, "%i", &pid) == 1)
                if (pid != known) {
                        assert_int_equal(found, 0);
                        found = pid;
                }
        (void) fclose(f);
        return found;
}

static int set_up(void** state) {
        int r = spawn_settings_init(&settings, FORKER);

        forker = find_child(0);
        return r < 0 ? r : sd_event_new(&event);
}

static int tear_down(void** state) {
        sd_event_unref(event);
        spawn_settings_done(&settings);
        return 0;
}

static SpareChild* new_spare(void) {
        SpareChild* spare = NULL;

        assert_int_equal(spare_child_new(event, &settings, &spare), 0);
        return spare;
}

/* What is due happens. */
static void run(void) {
        while (sd_event_run(event, 0) > 0)
                ;
}

static pid_t make_one(SpareChild* spare) {
        spare_child_want(spare);
        run();
        return find_child(forker);
}

static Process obtain(SpareChild* spare, int input_fd) {
        Process p = PROCESS_NONE;

        assert_int_equal(spare_child_obtain(spare, input_fd, &p), 0);
        assert_int_equal(process_peek(&p, NULL), 0);
        return p;
}

static void without_one_a_child_is_made(void** state) {
        SpareChild* spare = new_spare();
        Process p = obtain(spare, -EBADF);

        assert_int_equal(find_child(forker), p.pid);
        process_abort(&p);
        assert_int_equal(find_child(forker), 0);
        spare_child_free(spare);
}

static void one_is_made_when_there_is_nothing_else_to_do(void** state) {
        SpareChild* spare = new_spare();
        pid_t pid;
        Process p;

        run();
        assert_int_equal(find_child(forker), 0); /* nobody wants one */
        spare_child_want(spare);
        assert_int_equal(find_child(forker), 0);
        pid = make_one(spare);
        assert_int_not_equal(pid, 0);
        assert_int_equal(make_one(spare), pid); /* one is enough */

        p = obtain(spare, -EBADF);
        assert_int_equal(p.pid, pid);
        run();
        assert_int_equal(find_child(forker), pid); /* it is not replaced until one is wanted */
        process_abort(&p);
        spare_child_free(spare);
}

static void who_brings_an_input_gets_another(void** state) {
        _cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        SpareChild* spare = new_spare();
        pid_t pid = make_one(spare);
        Process p = obtain(spare, null_fd);

        assert_int_not_equal(p.pid, pid);
        process_abort(&p);
        assert_int_equal(find_child(forker), pid);
        spare_child_free(spare);
        assert_int_equal(find_child(forker), 0);
}

/* Killed, and seen to be by the loop, or not yet. */
static void one_that_was_killed_is_not_given_away(void** state) {
        for (int seen = 0; seen < 2; seen++) {
                SpareChild* spare = new_spare();
                pid_t pid = make_one(spare);
                siginfo_t info;

                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
                if (seen)
                        run();
                Process p = obtain(spare, -EBADF);
                assert_int_not_equal(p.pid, pid);
                process_abort(&p);
                run();
                assert_int_equal(find_child(forker), 0); /* nor is it left as a zombie */
                assert_int_not_equal(make_one(spare), 0);
                spare_child_free(spare);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_one_a_child_is_made),
                cmocka_unit_test(one_is_made_when_there_is_nothing_else_to_do),
                cmocka_unit_test(who_brings_an_input_gets_another),
                cmocka_unit_test(one_that_was_killed_is_not_given_away),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
