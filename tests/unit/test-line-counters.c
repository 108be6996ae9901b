/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/line-counters.h"
#include "unit/scratch.h"
#include "util/fd.h"

static int open_directory(const Scratch* scratch) {
        int fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void they_begin_at_zero_and_go_on_where_they_were(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        KeptCounters* kept;

        for (uint64_t i = 0; i < 3; i++) {
                assert_int_equal(line_counters_open(directory, "x.lines", &kept), 0);
                assert_int_equal(kept->counters.forwarded, i);
                assert_int_equal(kept->counters.suppressed, 10 * i);
                assert_int_equal(kept->counters.dropped, 100 * i);
                line_counters_keep(kept, &(LineCounters) { i + 1, 10 * (i + 1), 100 * (i + 1) });
                kept = line_counters_close(kept);
        }
}

static void what_was_stored_is_there_after_sigkill(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        KeptCounters* kept;
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (line_counters_open(directory, "x.lines", &kept) < 0)
                        _exit(1);
                line_counters_keep(kept, &(LineCounters) { .forwarded = UINT64_MAX });
                (void) raise(SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(line_counters_open(directory, "x.lines", &kept), 0);
        assert_true(kept->counters.forwarded == UINT64_MAX);
        kept = line_counters_close(kept);
}

static void what_is_something_else_is_not_counted_in(void** state) {
        static const char* const texts[] = { "", "short", "as long as the file, and not it.", "much longer than the file may ever be" };
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        KeptCounters* kept = NULL;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_equal(file_write_atomic(directory, "x.lines", texts[i], strlen(texts[i]), 0600), 0);
                assert_int_equal(line_counters_open(directory, "x.lines", &kept), -EBADMSG);
        }
        assert_int_equal(unlinkat(directory, "x.lines", 0), 0);
        assert_int_equal(mkfifoat(directory, "x.lines", 0600), 0);
        assert_int_equal(line_counters_open(directory, "x.lines", &kept), -EBADMSG);
        assert_int_equal(unlinkat(directory, "x.lines", 0), 0);
        assert_int_equal(symlinkat("elsewhere", directory, "x.lines"), 0);
        assert_int_equal(line_counters_open(directory, "x.lines", &kept), -EBADMSG);
        assert_null(kept);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(they_begin_at_zero_and_go_on_where_they_were),
                cmocka_unit_test(what_was_stored_is_there_after_sigkill),
                cmocka_unit_test(what_is_something_else_is_not_counted_in),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
