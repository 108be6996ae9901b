/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/child-order.h"
#include "child/limits.h"
#include "stem/order.h"
#include "unit/unit.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/strv.h"

static char* make_string(size_t length) {
        char* s = xcalloc(length + 1, 1);

        memset(s, 'x', length);
        return s;
}

/* Strings of which the whole is as large as it may be. */
static char** make_strings(size_t n_max) {
        char** v = NULL;
        size_t length = ORDER_STRINGS_SIZE_MAX / n_max - 1;

        for (size_t i = 0; i < n_max; i++) {
                _cleanup_free_ char* s = make_string(length);

                strv_extend(&v, s);
        }
        return v;
}

static LaunchOrder* make_large(void) {
        LaunchOrder* order = launch_order_new();

        order->name = make_string(255);
        order->arguments = make_strings(ORDER_ARGUMENTS_MAX);
        order->environment = make_strings(ORDER_ENVIRONMENT_MAX);
        order->working_directory = make_string(PATH_MAX - 1);
        order->output_file = make_string(PATH_MAX - 1);
        order->error_file = make_string(PATH_MAX - 1);
        order->status_file = make_string(PATH_MAX - 1);
        order->n_groups = ORDER_GROUPS_MAX;
        order->groups = xcalloc(order->n_groups, sizeof(gid_t));
        order->groups[ORDER_GROUPS_MAX - 1] = 77;
        order->cpu_mask_size = ORDER_CPU_MASK_MAX;
        order->cpu_mask = xcalloc(1, order->cpu_mask_size);
        order->cpu_mask[0] = 5;
        order->limits[0] = (OrderLimit) { .resource = RLIMIT_CORE, .name = "LimitCORE", .value = 3 };
        order->n_limits = 1;
        return order;
}

static void assert_equal(const LaunchOrder* a, const LaunchOrder* b) {
        assert_string_equal(a->name, b->name);
        assert_true(strv_equal(a->arguments, b->arguments));
        assert_true(strv_equal(a->environment, b->environment));
        assert_string_equal(a->working_directory, b->working_directory);
        assert_string_equal(a->output_file, b->output_file);
        assert_string_equal(a->error_file, b->error_file);
        assert_string_equal(a->status_file, b->status_file);
        assert_int_equal(a->n_groups, b->n_groups);
        assert_memory_equal(a->groups, b->groups, b->n_groups * sizeof(gid_t));
        assert_memory_equal(a->cpu_mask, b->cpu_mask, b->cpu_mask_size);
        assert_int_equal(a->n_limits, b->n_limits);
        assert_int_equal(a->limits[0].resource, b->limits[0].resource);
        assert_int_equal(a->limits[0].value, b->limits[0].value);
        assert_null(a->limits[0].name);
        assert_int_equal(a->has_umask, b->has_umask);
}

static void the_largest_order_is_copied_with_its_filter(void** state) {
        struct sock_filter* instructions = xcalloc(BPF_MAXINSNS, sizeof *instructions);
        const ChildFilter filter = { .asking = { .len = BPF_MAXINSNS, .filter = instructions },
                                     .silent = { .len = 1, .filter = instructions },
                                     .pass = 4711 };
        const ChildSetup setup = { .filter = &filter, .reset_oom_score = true, .directory_use = 9 };
        _cleanup_launch_order_ LaunchOrder* order = make_large();
        _cleanup_close_ int fd = child_order_new();
        const ChildOrder* told;

        instructions[BPF_MAXINSNS - 1].k = 99;
        assert_true(fd >= 0);
        assert_int_equal(child_order_write(fd, order, &setup), 0);
        memset(instructions, 0, BPF_MAXINSNS * sizeof *instructions);

        told = child_order_read(fd);
        assert_non_null(told);
        assert_equal(&told->order, order);
        assert_ptr_not_equal(told->order.arguments[0], order->arguments[0]);
        assert_null(told->order.scope);
        assert_int_equal(told->order.input_fd, -EBADF);
        assert_true(told->setup.reset_oom_score && told->setup.directory_use == 9);
        assert_int_equal(told->setup.filter->pass, 4711);
        assert_int_equal(told->setup.filter->asking.len, BPF_MAXINSNS);
        assert_int_equal(told->setup.filter->asking.filter[BPF_MAXINSNS - 1].k, 99);
        assert_int_equal(told->setup.filter->silent.len, 1);
        free(instructions);
}

static void what_is_not_there_is_not_there(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = launch_order_new();
        _cleanup_close_ int fd = child_order_new();
        const ChildOrder* told;

        strv_extend(&order->arguments, "/bin/true");
        assert_int_equal(child_order_write(fd, order, &(ChildSetup) {}), 0);
        told = child_order_read(fd);
        assert_string_equal(told->order.arguments[0], "/bin/true");
        assert_null(told->order.arguments[1]);
        assert_true(!told->order.environment && !told->order.output_file && !told->order.groups && !told->order.cpu_mask);
        assert_null(told->setup.filter);
}

static void what_no_order_may_be_finds_no_room(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = launch_order_new();
        _cleanup_close_ int fd = child_order_new();

        order->name = make_string(CHILD_ORDER_SIZE);
        assert_int_equal(child_order_write(fd, order, &(ChildSetup) {}), -E2BIG);
        assert_null(child_order_read(fd));
}

/* A child that was there before reads one after the other what is written later, each where it has it. */
static void a_child_reads_what_was_written_after_its_fork(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = launch_order_new();
        int fds[3], turn[2], status;
        pid_t pid;

        for (int i = 0; i < 3; i++)
                assert_true((fds[i] = child_order_new()) >= 0);
        assert_int_equal(pipe(turn), 0);
        pid = fork();
        if (pid == 0) {
                int right = 0;
                char byte;

                for (int i = 0; i < 3 && read(turn[0], &byte, 1) == 1; i++) {
                        const ChildOrder* told = child_order_read(fds[i]);

                        right += told && strlen(told->order.arguments[0]) == (size_t) i + 1;
                }
                _exit(right);
        }
        for (int i = 0; i < 3; i++) {
                _cleanup_free_ char* s = make_string((size_t) i + 1);

                order->arguments = strv_free(order->arguments);
                strv_extend(&order->arguments, s);
                assert_int_equal(child_order_write(fds[i], order, &(ChildSetup) {}), 0);
                assert_int_equal(write(turn[1], "!", 1), 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 3);
        for (int i = 0; i < 3; i++)
                fd_close(fds[i]);
        fd_close(turn[0]);
        fd_close(turn[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_largest_order_is_copied_with_its_filter),
                cmocka_unit_test(what_is_not_there_is_not_there),
                cmocka_unit_test(what_no_order_may_be_finds_no_room),
                cmocka_unit_test(a_child_reads_what_was_written_after_its_fork),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
