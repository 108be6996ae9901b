/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "stem/handover.h"
#include "stem/process.h"
#include "unit/scratch.h"
#include "unit/unit.h"
#include "util/fd.h"
#include "util/strv.h"

#define PATIENCE_MSEC 10000

static SpawnSettings settings;

static int set_up(void** state) {
        return spawn_settings_init(&settings, FORKER);
}

static int tear_down(void** state) {
        spawn_settings_done(&settings);
        return 0;
}

static LaunchOrder* new_order(const char* script) {
        LaunchOrder* order = launch_order_new();

        order->name = xstrdup("test");
        order->working_directory = xstrdup("/");
        strv_extend(&order->arguments, "/bin/sh");
        strv_extend(&order->arguments, "-c");
        strv_extend(&order->arguments, script);
        return order;
}

static int process_spawn(const LaunchOrder* order, const SpawnSettings* s, SpawnKind kind, Process* ret) {
        int r = process_make(s, kind, order->input_fd, ret);

        if (r < 0)
                return r;
        if (kind == SPAWN_NODE)
                ret->directory_use = launch_directories_use(s->directories, order->working_directory);
        r = process_instruct(ret, s, order);
        return r < 0 || kind == SPAWN_NODE ? r : process_go(ret);
}

static void wait_for_end(const Process* p) {
        struct pollfd fd = { .fd = p->fds[NODE_FD_PROCESS], .events = POLLIN };

        assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
}

static char* read_all(int fd) {
        char* text = xcalloc(65536, 1);
        size_t size = 0;

        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                assert_int_equal(poll(&p, 1, PATIENCE_MSEC), 1);

                ssize_t n = read(fd, text + size, 65535 - size);
                assert_true(n >= 0);
                if (n == 0)
                        return text;
                size += (size_t) n;
        }
}

/* The last report, once there is no more to come. */
static SpawnProgress wait_for_report(const Process* p, ChildReport* ret) {
        struct pollfd fd = { .fd = p->fds[PROCESS_FD_REPORT], .events = 0 };

        *ret = (ChildReport) { .step = _CHILD_STEP_INVALID };
        assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
        assert_true(fd.revents & POLLHUP);

        /* It is left for the next who looks. */
        SpawnProgress first = process_read_report(p, ret);
        ChildReport again = { .step = _CHILD_STEP_INVALID };
        assert_int_equal(process_read_report(p, &again), first);
        assert_memory_equal(&again, ret, sizeof again);
        return first;
}

/* Runs an order that must fail; *ret says where. */
static void spawn_that_fails(LaunchOrder* order, ChildReport* ret) {
        Process p = PROCESS_NONE;

        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        assert_int_equal(wait_for_report(&p, ret), SPAWN_FAILED);
        wait_for_end(&p);
        process_release(&p);
}

static void a_node_runs_and_its_end_is_kept_until_it_is_released(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = new_order("echo out; echo err >&2; exit 3");
        Process p = PROCESS_NONE;
        ChildReport report;
        ProcessExit e;

        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_peek(&p, &e), 0);
        assert_int_equal(process_go(&p), 0);
        assert_int_equal(wait_for_report(&p, &report), SPAWN_EXECUTED);

        _cleanup_free_ char *output = read_all(p.fds[NODE_FD_OUTPUT]), *error = read_all(p.fds[NODE_FD_ERROR]);
        assert_string_equal(output, "out\n");
        assert_string_equal(error, "err\n");

        wait_for_end(&p);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(process_peek(&p, &e), 1);
                assert_int_equal(e.code, CLD_EXITED);
                assert_int_equal(e.status, 3);
        }
        pid_t pid = p.pid;
        process_release(&p);
        assert_int_equal(kill(pid, 0), -1);
        assert_int_equal(errno, ESRCH);
}

/* As after the death of the stem before: somebody else has reaped it. */
static void one_that_was_reaped_has_ended(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = new_order("exit 3");
        Process p = PROCESS_NONE;
        ProcessExit e;

        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        assert_int_equal(waitpid(p.pid, NULL, 0), p.pid);
        assert_int_not_equal(process_peek(&p, NULL), 0);
        assert_int_not_equal(process_peek(&p, &e), 0);
        process_release(&p);
}

static void the_input_is_what_was_ordered_or_nothing(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = new_order("cat; readlink /proc/self/fd/0 >&2");
        _cleanup_launch_order_ LaunchOrder* without = new_order("cat; readlink /proc/self/fd/0 >&2");
        Process p = PROCESS_NONE;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        order->input_fd = fds[0];
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        assert_int_equal(fd_write_all(fds[1], "a question\n", 11), 0);
        fd_close(fds[1]); /* its end reaches the child: nobody else has it */

        _cleanup_free_ char *output = read_all(p.fds[NODE_FD_OUTPUT]), *error = read_all(p.fds[NODE_FD_ERROR]);
        assert_string_equal(output, "a question\n");
        assert_memory_equal(error, "pipe:", 5);
        wait_for_end(&p);
        process_release(&p);

        assert_int_equal(process_spawn(without, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        _cleanup_free_ char *no_output = read_all(p.fds[NODE_FD_OUTPUT]), *null = read_all(p.fds[NODE_FD_ERROR]);
        assert_string_equal(no_output, "");
        assert_string_equal(null, "/dev/null\n");
        wait_for_end(&p);
        process_release(&p);
}

/* Until it has done all that it does without a go. */
static void wait_for_preparations(const Process* p) {
        struct pollfd fd = { .fd = p->fds[PROCESS_FD_REPORT], .events = POLLIN };
        ChildReport report = { .step = _CHILD_STEP_INVALID };

        while (report.step != CHILD_SCOPE) {
                assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
                assert_int_equal(read(fd.fd, &report, sizeof report), sizeof report);
        }
}

static LaunchOrder* new_order_with_files(const Scratch* scratch) {
        LaunchOrder* order = new_order("true");

        scratch_write(scratch, "old", 0600, "old\n");
        free_and_replace(order->working_directory, xasprintf("%s/a/node", scratch->path));
        order->output_file = xstrdup("../../old");
        order->error_file = xstrdup("new");
        order->status_file = xstrdup(".status");
        order->truncate_files = true;
        return order;
}

static void a_child_that_is_given_up_takes_back_what_it_has_prepared(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order_with_files(&scratch);
        _cleanup_free_ char *made = xasprintf("%s/a/node/.status", scratch.path), *top = xasprintf("%s/a", scratch.path),
                            *old = xasprintf("%s/old", scratch.path), *text = NULL;
        Process p = PROCESS_NONE;

        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        wait_for_preparations(&p);
        assert_int_equal(access(made, F_OK), 0);
        p.go = fd_close(p.go);
        wait_for_end(&p);
        process_release(&p);
        assert_int_equal(access(top, F_OK), -1);
        assert_int_equal(file_read(AT_FDCWD, old, 100, &text, NULL), 0);
        assert_string_equal(text, "old\n");
}

static void a_child_that_fails_waits_for_its_go_all_the_same(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order_with_files(&scratch);
        _cleanup_free_ char* top = xasprintf("%s/a", scratch.path);
        Process p = PROCESS_NONE;
        ChildReport report;
        ProcessExit e;

        free_and_replace(order->error_file, xstrdup("/"));
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        do /* it says what it begins with, and after that nothing */
                assert_int_equal(process_read_report(&p, &report), SPAWN_UNDER_WAY);
        while (report.step != CHILD_ERROR_FILE);
        while (access(top, F_OK) == 0)
                assert_int_equal(process_read_report(&p, &report), SPAWN_UNDER_WAY);
        assert_int_equal(process_peek(&p, &e), 0);
        assert_int_equal(process_go(&p), 0);
        assert_int_equal(wait_for_report(&p, &report), SPAWN_FAILED);
        assert_int_equal(report.step, CHILD_ERROR_FILE);
        assert_int_equal(report.error, EISDIR);
        wait_for_end(&p);
        process_release(&p);
}

static void a_filter_that_lets_nothing_through_does_not_hinder_the_child(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order_with_files(&scratch);
        _cleanup_free_ char *old = xasprintf("%s/old", scratch.path), *text = NULL;
        Process p = PROCESS_NONE;
        ChildReport report;
        ProcessExit e;

        order->syscalls.calls = "kill";
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        assert_int_equal(wait_for_report(&p, &report), SPAWN_EXECUTED);
        process_kill(&p); /* the program waits for what becomes of its first call */
        wait_for_end(&p);
        process_release(&p);
        assert_int_equal(file_read(AT_FDCWD, old, 100, &text, NULL), 0);
        assert_string_equal(text, "");

        /* nor from taking back what it has made; but from looking at its stack, which sanitizers do at an exit */
        if (SANITIZED)
                return;
        assert_int_equal(unlink(old), 0);
        free_and_replace(order->working_directory, xasprintf("%s/b/node", scratch.path));
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        p.go = fd_close(p.go);
        wait_for_end(&p);
        assert_int_equal(process_peek(&p, &e), 1);
        assert_int_equal(e.code, CLD_EXITED);
        process_release(&p);
        _cleanup_free_ char* made = xasprintf("%s/b", scratch.path);
        assert_int_equal(access(made, F_OK), -1);
        assert_int_equal(access(old, F_OK), -1);
}

static void a_killed_child_is_known_to_have_been_where_it_was(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = new_order("true");
        Process p = PROCESS_NONE;
        ChildReport report;
        ProcessExit e;

        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        process_kill(&p);
        wait_for_end(&p);
        assert_int_equal(wait_for_report(&p, &report), SPAWN_FAILED);
        assert_int_equal(report.error, 0);
        assert_int_equal(process_peek(&p, &e), 1);

        _cleanup_free_ char* how = process_exit_describe(&e);
        assert_string_equal(how, "killed by signal 9 (SIGKILL)");
        (void) process_go(&p); /* SIGPIPE is ignored in this program as in the stem */
        process_release(&p);
}

static void nothing_of_ours_is_inherited(void** state) {
        /* without the two signals that libc keeps for itself: whoever starts this program by posix_spawn(3) has it ignore
         * them, and no function of libc takes that back */
        _cleanup_launch_order_ LaunchOrder* order =
                new_order("ls /proc/self/fd; ulimit -Sn; while read -r name value; do "
                          "[ $name != SigIgn: ] || echo $((0x$value & ~0x180000000)); done </proc/self/status");
        _cleanup_close_ int leak = dup(STDIN_FILENO); /* without CLOEXEC */
        _cleanup_free_ char* expected = xasprintf("0\n1\n2\n3\n%llu\n0\n", (unsigned long long) settings.nofile.rlim_cur);
        Process p = PROCESS_NONE;

        assert_true(leak >= 0);
        strv_extend(&order->environment, "PATH=/usr/bin:/bin");
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        _cleanup_free_ char* output = read_all(p.fds[NODE_FD_OUTPUT]);
        assert_string_equal(output, expected);
        wait_for_end(&p);
        process_release(&p);
}

static void a_failed_execution_removes_what_was_made(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order("");
        ChildReport report;

        free_and_replace(order->arguments[0], xstrdup("/nowhere/zeek"));
        free_and_replace(order->working_directory, xasprintf("%s//a/b///c/", scratch.path));
        order->error_file = xstrdup("err");
        order->output_file = xasprintf("%s/out", scratch.path);
        spawn_that_fails(order, &report);
        assert_int_equal(report.step, CHILD_EXECUTE);
        assert_int_equal(report.error, ENOENT);
        assert_int_equal(access(order->output_file, F_OK), -1);
        assert_int_equal(rmdir(scratch.path), 0); /* it is empty */
        assert_int_equal(mkdir(scratch.path, 0755), 0);
}

static void directories_that_were_there_stay(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order("");
        ChildReport report;

        scratch_write(&scratch, "a/err", 0600, "old\n");
        free_and_replace(order->arguments[0], xstrdup("/nowhere/zeek"));
        free_and_replace(order->working_directory, xasprintf("%s/a/b", scratch.path));
        order->error_file = xstrdup("../err");
        order->truncate_files = false;
        spawn_that_fails(order, &report);

        _cleanup_free_ char *file = xasprintf("%s/a/err", scratch.path), *made = xasprintf("%s/a/b", scratch.path);
        assert_int_equal(access(file, F_OK), 0);
        assert_int_equal(access(made, F_OK), -1);
}

static void two_streams_may_share_a_file(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order("echo a; echo b >&2; echo c");
        _cleanup_free_ char *path = xasprintf("%s/both", scratch.path), *text = NULL;
        Process p = PROCESS_NONE;

        order->error_file = xstrdup(path);
        order->output_file = xstrdup(path);
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, &p), 0);
        assert_int_equal(process_go(&p), 0);
        wait_for_end(&p);
        process_release(&p);
        assert_int_equal(file_read(AT_FDCWD, path, 100, &text, NULL), 0);
        assert_string_equal(text, "a\nb\nc\n");
}

static void what_is_in_a_files_place_does_not_hang_us(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order("true");
        ChildReport report;

        order->output_file = xasprintf("%s/x", scratch.path);

        assert_int_equal(mkfifo(order->output_file, 0666), 0);
        spawn_that_fails(order, &report);
        assert_int_equal(report.step, CHILD_OUTPUT_FILE);
        assert_int_equal(report.error, CHILD_ERROR_NOT_REGULAR);
        assert_int_equal(access(order->output_file, F_OK), 0);

        assert_int_equal(unlink(order->output_file), 0);
        scratch_link(&scratch, "x", "target");
        spawn_that_fails(order, &report);
        assert_int_equal(report.error, ELOOP);

        assert_int_equal(unlink(order->output_file), 0);
        assert_int_equal(mkdir(order->output_file, 0755), 0);
        spawn_that_fails(order, &report);
        assert_int_equal(report.error, EISDIR);
}

typedef struct Keeper {
        sd_event* event;
        Notifier* notifier;
        Store* store;
        StoreSlot* slot;
} Keeper;

/* Without a service manager; what is to be kept of the process is chosen all the same. */
static void keeper_init(Keeper* k, const Process* p) {
        const NodeRecord record = { .name = (char*) "test", .scope = (char*) "zeek-node-test.scope" };

        assert_true(sd_event_new(&k->event) >= 0);
        assert_int_equal(notifier_new(k->event, &k->notifier), 0);
        k->store = store_new(k->notifier, true);
        assert_int_equal(store_add(k->store, &record, p, NULL, NULL, &k->slot), 1);
}

static void keeper_done(Keeper* k) {
        store_slot_drop(k->slot);
        store_free(k->store);
        notifier_free(k->notifier);
        sd_event_unref(k->event);
}

/* Runs a program that writes into its status file; the caller releases the process. */
static void run_with_status_file(const Scratch* scratch, const char* script, Process* ret) {
        _cleanup_launch_order_ LaunchOrder* order = new_order(script);
        ChildReport report;

        free_and_replace(order->working_directory, xstrdup(scratch->path));
        order->status_file = xstrdup(".status");
        order->has_umask = true;
        order->umask = 0777;
        assert_int_equal(process_spawn(order, &settings, SPAWN_NODE, ret), 0);
        assert_true(ret->fds[NODE_FD_STATUS] < 0 && ret->fds[PROCESS_FD_HANDOVER] >= 0);
        assert_int_equal(process_go(ret), 0);
        assert_int_equal(wait_for_report(ret, &report), SPAWN_EXECUTED);
        wait_for_end(ret);
}

static void the_status_file_is_new_and_handed_over(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_(keeper_done) Keeper keeper = {};
        Process p = PROCESS_NONE;
        struct stat st;
        char text[32] = {};

        scratch_link(&scratch, ".status", "victim");
        scratch_write(&scratch, "victim", 0644, "untouched");
        run_with_status_file(&scratch, "echo RUNNING > .status; rm .status; echo LIES > .status", &p);
        keeper_init(&keeper, &p);
        handover_take(&p, keeper.slot);

        assert_int_equal(p.fds[PROCESS_FD_HANDOVER], -EBADF);
        assert_int_equal(pread(p.fds[NODE_FD_STATUS], text, sizeof text, 0), 8);
        assert_string_equal(text, "RUNNING\n"); /* of the file that it was, whatever has its name now */
        assert_int_equal(fstat(p.fds[NODE_FD_STATUS], &st), 0);
        assert_int_equal(st.st_mode & 0777, 0644);
        assert_int_equal(fcntl(p.fds[NODE_FD_STATUS], F_GETFL) & O_ACCMODE, O_RDONLY);
        assert_int_equal(fcntl(p.fds[NODE_FD_STATUS], F_GETFD), FD_CLOEXEC);
        _cleanup_free_ char* victim = xasprintf("%s/victim", scratch.path);
        _cleanup_free_ char* content = NULL;
        size_t size;
        assert_int_equal(file_read(AT_FDCWD, victim, 100, &content, &size), 0);
        assert_string_equal(content, "untouched");
        process_release(&p);
}

static void what_was_handed_over_waits_for_whoever_takes_it(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_(keeper_done) Keeper keeper = {};
        Process p = PROCESS_NONE;

        run_with_status_file(&scratch, "exit 0", &p);
        keeper_init(&keeper, &p);

        /* one that took it and died before it was done, and the next one, who finds it in the store already */
        int again = fd_duplicate(p.fds[PROCESS_FD_HANDOVER]);
        handover_take(&p, keeper.slot);
        int status = p.fds[NODE_FD_STATUS];
        assert_true(status >= 0);
        p.fds[PROCESS_FD_HANDOVER] = again;
        handover_take(&p, keeper.slot);
        assert_int_equal(p.fds[NODE_FD_STATUS], status);
        process_release(&p);
}

static void a_status_file_that_cannot_be_made_is_done_without(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_(keeper_done) Keeper keeper = {};
        _cleanup_free_ char* path = xasprintf("%s/.status", scratch.path);
        Process p = PROCESS_NONE;

        assert_int_equal(mkdir(path, 0755), 0);
        run_with_status_file(&scratch, "exit 0", &p);
        keeper_init(&keeper, &p);
        handover_take(&p, keeper.slot);
        assert_int_equal(p.fds[NODE_FD_STATUS], -EBADF);
        _cleanup_free_ char* error = read_all(p.fds[NODE_FD_ERROR]);
        assert_string_equal(error, "node 'test' failed to make its status file: File exists\n");
        process_release(&p);
}

static void a_failed_execution_removes_the_status_file(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_launch_order_ LaunchOrder* order = new_order("exit 0");
        _cleanup_free_ char* path = xasprintf("%s/.status", scratch.path);
        ChildReport report;

        free_and_replace(order->working_directory, xstrdup(scratch.path));
        free_and_replace(order->arguments[0], xstrdup("/nonexistent"));
        order->status_file = xstrdup(".status");
        spawn_that_fails(order, &report);
        assert_int_equal(report.step, CHILD_EXECUTE);
        assert_int_equal(access(path, F_OK), -1);
}

static void a_probe_starts_at_once_and_dies_with_its_group(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = new_order("sleep 1000 & echo $!; exec sleep 1000");
        Process p = PROCESS_NONE;
        ChildReport report;
        char text[32] = {};
        struct pollfd fd;

        strv_extend(&order->environment, "PATH=/usr/bin:/bin");
        assert_int_equal(process_spawn(order, &settings, SPAWN_PROBE, &p), 0);
        assert_int_equal(p.fds[NODE_FD_ERROR], -EBADF);
        assert_int_equal(wait_for_report(&p, &report), SPAWN_EXECUTED);
        fd = (struct pollfd) { .fd = p.fds[NODE_FD_OUTPUT], .events = POLLIN };
        assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
        assert_true(read(p.fds[NODE_FD_OUTPUT], text, sizeof text - 1) > 0);

        process_kill_group(&p);
        wait_for_end(&p);
        /* the pipe ends only with the last who has it */
        fd.events = 0;
        assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
        process_release(&p);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_node_runs_and_its_end_is_kept_until_it_is_released),
                cmocka_unit_test(one_that_was_reaped_has_ended),
                cmocka_unit_test(the_input_is_what_was_ordered_or_nothing),
                cmocka_unit_test(a_child_that_is_given_up_takes_back_what_it_has_prepared),
                cmocka_unit_test(a_child_that_fails_waits_for_its_go_all_the_same),
                cmocka_unit_test(a_filter_that_lets_nothing_through_does_not_hinder_the_child),
                cmocka_unit_test(a_killed_child_is_known_to_have_been_where_it_was),
                cmocka_unit_test(nothing_of_ours_is_inherited),
                cmocka_unit_test(a_failed_execution_removes_what_was_made),
                cmocka_unit_test(directories_that_were_there_stay),
                cmocka_unit_test(two_streams_may_share_a_file),
                cmocka_unit_test(what_is_in_a_files_place_does_not_hang_us),
                cmocka_unit_test(the_status_file_is_new_and_handed_over),
                cmocka_unit_test(what_was_handed_over_waits_for_whoever_takes_it),
                cmocka_unit_test(a_status_file_that_cannot_be_made_is_done_without),
                cmocka_unit_test(a_failed_execution_removes_the_status_file),
                cmocka_unit_test(a_probe_starts_at_once_and_dies_with_its_group),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
