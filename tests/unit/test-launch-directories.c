/* SPDX-License-Identifier: BSD-3-Clause */

/* Launches that fail at the same time, in directories that they have in common. Each child stops right before it would
 * execute something, until its gate is opened (gated-forker.c). */

#include <poll.h>
#include <signal.h>

#include "stem/process.h"
#include "unit/scratch.h"
#include "util/strv.h"

#define PATIENCE_MSEC 10000

static SpawnSettings settings;

typedef struct Start {
        const Scratch* scratch;
        LaunchOrder* order;
        Process process;
        char* gate;
} Start;

static bool is_in(const Process* p, const char* directory) {
        _cleanup_free_ char* link = xasprintf("/proc/%i/cwd", (int) p->pid);
        struct stat a, b;

        return stat(link, &a) >= 0 && stat(directory, &b) >= 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Returns when it is in its directory. */
static Start start(const Scratch* scratch, const char* directory, const char* program) {
        Start s = { .scratch = scratch, .order = launch_order_new(), .process = PROCESS_NONE };
        static unsigned n;

        s.gate = xasprintf("%s.gate-%u", scratch->path, n++);
        s.order->name = xstrdup("test");
        s.order->working_directory = xasprintf("%s/%s", scratch->path, directory);
        strv_extend(&s.order->arguments, program);
        strv_extend(&s.order->environment, s.gate);
        assert_int_equal(process_make(&settings, SPAWN_NODE, -EBADF, &s.process), 0);
        s.process.directory_use = launch_directories_use(settings.directories, s.order->working_directory);
        assert_int_equal(process_instruct(&s.process, &settings, s.order), 0);
        assert_int_equal(process_go(&s.process), 0);
        for (unsigned i = 0; !is_in(&s.process, s.order->working_directory); i++) {
                assert_true(i < PATIENCE_MSEC);
                (void) usleep(1000);
        }
        return s;
}

/* Opens its gate, and returns when what comes of that has come. */
static void finish(Start* s, SpawnProgress expected) {
        unsigned awaited = expected == SPAWN_FAILED ? NODE_FD_PROCESS : PROCESS_FD_REPORT;
        struct pollfd fd = { .fd = s->process.fds[awaited], .events = POLLIN };
        ChildReport report = { .step = _CHILD_STEP_INVALID };
        FILE* gate = fopen(s->gate, "we");

        assert_non_null(gate);
        assert_int_equal(fclose(gate), 0);
        do
                assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
        while (process_read_report(&s->process, &report) == SPAWN_UNDER_WAY);
        assert_int_equal(unlink(s->gate), 0);

        process_kill(&s->process);
        fd = (struct pollfd) { .fd = s->process.fds[NODE_FD_PROCESS], .events = POLLIN };
        assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
        process_release(&s->process);
        launch_order_free(s->order);
        free(s->gate);
}

static bool is_there(const Scratch* scratch, const char* name) {
        _cleanup_free_ char* path = xasprintf("%s/%s", scratch->path, name);

        return access(path, F_OK) >= 0;
}

static void the_last_one_removes_what_the_first_one_made(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        Start first = start(&scratch, "x/y/1", "/nowhere"), second = start(&scratch, "x/y/2", "/nowhere"),
              third = start(&scratch, "x//3/", "/nowhere");

        finish(&first, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y/2"));
        finish(&second, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x/y"));
        assert_true(is_there(&scratch, "x/3"));
        finish(&third, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x"));
        assert_true(is_there(&scratch, ""));
}

static void the_first_one_removes_it_when_it_is_the_last(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        Start first = start(&scratch, "x/y/1", "/nowhere"), second = start(&scratch, "x/y/2", "/nowhere");

        finish(&second, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y/1"));
        assert_false(is_there(&scratch, "x/y/2"));
        finish(&first, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x"));
}

static void what_was_there_before_all_of_them_stays(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        free(scratch_place(&scratch, "x/name"));
        Start first = start(&scratch, "x/y/1", "/nowhere"), second = start(&scratch, "x/y/2", "/nowhere");

        finish(&first, SPAWN_FAILED);
        finish(&second, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x/y"));
        assert_true(is_there(&scratch, "x"));
}

static void who_failed_in_the_directory_of_another_removes_it_with_its_own(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        Start above = start(&scratch, "x", "/nowhere"), below = start(&scratch, "x/y", "/nowhere");

        finish(&above, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y"));
        finish(&below, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x"));
}

static void nobody_loses_the_directory_that_he_is_in(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        Start first = start(&scratch, "x/y", "/nowhere"), second = start(&scratch, "x/y", "/bin/cat"),
              third = start(&scratch, "x//y/", "/nowhere");

        finish(&first, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y"));
        finish(&third, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y"));
        finish(&second, SPAWN_EXECUTED);
        assert_true(is_there(&scratch, "x/y"));
}

static void the_last_of_those_in_one_directory_removes_it(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        Start first = start(&scratch, "x/y", "/nowhere"), second = start(&scratch, "x/y", "/nowhere");

        finish(&second, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y"));
        finish(&first, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x"));

        first = start(&scratch, "x/y", "/nowhere");
        second = start(&scratch, "x/y", "/nowhere");
        finish(&first, SPAWN_FAILED);
        assert_true(is_there(&scratch, "x/y"));
        finish(&second, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x"));
}

static void what_somebody_who_succeeded_is_in_stays(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* two = xasprintf("%s/x/2", scratch.path);
        Start first = start(&scratch, "x/1", "/nowhere"), second = start(&scratch, "x/2", "/bin/cat"),
              third = start(&scratch, "x/3", "/nowhere");

        finish(&first, SPAWN_FAILED);
        launch_directories_keep(settings.directories, second.order->working_directory);
        finish(&second, SPAWN_EXECUTED);
        assert_int_equal(rmdir(two), 0); /* by somebody else */
        finish(&third, SPAWN_FAILED);
        assert_false(is_there(&scratch, "x/3"));
        assert_true(is_there(&scratch, "x"));
}

static void notes_are_of_names_and_there_is_an_end_to_them(void** state) {
        LaunchDirectories* d = settings.directories;

        launch_directories_note(d, "/a/b/c", 4);
        assert_true(launch_directories_has_note(d, "/a/b", 4));
        assert_true(launch_directories_has_note(d, "//a///b/", 8));
        assert_false(launch_directories_has_note(d, "/a/b/c", 6));
        assert_false(launch_directories_has_note(d, "/a", 2));
        launch_directories_keep(d, "/a/b/d");
        assert_false(launch_directories_has_note(d, "/a/b", 4));

        for (unsigned i = 0; i < 5000; i++) {
                _cleanup_free_ char* path = xasprintf("/d/%u", i);

                launch_directories_note(d, path, strlen(path));
        }
        assert_true(launch_directories_has_note(d, "/d/1", 4));
        assert_false(launch_directories_has_note(d, "/d/4999", 7));
        launch_directories_strike(d, "/d/1", 4, launch_directories_last_note(d));
        launch_directories_note(d, "/d/4999", 7);
        assert_true(launch_directories_has_note(d, "/d/4999", 7));
        launch_directories_clear(d);
        assert_false(launch_directories_has_note(d, "/d/2", 4));
}

/* One has removed a directory, and before he can say so others have made it anew, failed, and left it to who is in it. */
static void a_note_about_a_directory_that_was_made_anew_stays(void** state) {
        LaunchDirectories* d = settings.directories;
        NoteNumber last;

        launch_directories_note(d, "/x/y", 2);
        last = launch_directories_last_note(d);
        launch_directories_note(d, "/x/z", 2);
        launch_directories_strike(d, "/x", 2, last);
        assert_true(launch_directories_has_note(d, "/x", 2));
        launch_directories_strike(d, "/x", 2, launch_directories_last_note(d));
        assert_false(launch_directories_has_note(d, "/x", 2));
}

static void uses_are_counted_and_there_is_an_end_to_them(void** state) {
        LaunchDirectories* d = settings.directories;
        DirectoryUse first = launch_directories_use(d, "/a/b"), second = launch_directories_use(d, "/a/b/"), last;

        assert_int_not_equal(first, second);
        launch_directories_leave(d, first);
        assert_true(launch_directories_in_use(d, "/a/b", 4));
        launch_directories_leave(d, first);
        assert_true(launch_directories_in_use(d, "/a/b/c", 4));
        assert_false(launch_directories_in_use(d, "/a/b/c", 6));
        assert_false(launch_directories_in_use(d, "/a/b", 2));
        launch_directories_leave(d, second);
        assert_false(launch_directories_in_use(d, "/a/b", 4));

        do
                last = launch_directories_use(d, "/x");
        while (last != DIRECTORY_USE_NONE);
        launch_directories_leave(d, DIRECTORY_USE_NONE);
        assert_true(launch_directories_in_use(d, "/x", 2));
        launch_directories_clear(d);
        assert_false(launch_directories_in_use(d, "/x", 2));
}

static int new_launches(void** state) {
        launch_directories_clear(settings.directories);
        return 0;
}

static int set_up(void** state) {
        return spawn_settings_init(&settings, FORKER);
}

static int tear_down(void** state) {
        spawn_settings_done(&settings);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_last_one_removes_what_the_first_one_made, new_launches),
                cmocka_unit_test_setup(the_first_one_removes_it_when_it_is_the_last, new_launches),
                cmocka_unit_test_setup(what_was_there_before_all_of_them_stays, new_launches),
                cmocka_unit_test_setup(who_failed_in_the_directory_of_another_removes_it_with_its_own, new_launches),
                cmocka_unit_test_setup(nobody_loses_the_directory_that_he_is_in, new_launches),
                cmocka_unit_test_setup(the_last_of_those_in_one_directory_removes_it, new_launches),
                cmocka_unit_test_setup(what_somebody_who_succeeded_is_in_stays, new_launches),
                cmocka_unit_test_setup(notes_are_of_names_and_there_is_an_end_to_them, new_launches),
                cmocka_unit_test_setup(a_note_about_a_directory_that_was_made_anew_stays, new_launches),
                cmocka_unit_test_setup(uses_are_counted_and_there_is_an_end_to_them, new_launches),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
