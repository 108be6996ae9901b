/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "supervisor/event-queue.h"
#include "unit/scratch.h"
#include "util/fd.h"

typedef struct Fixture {
        Scratch scratch;
        char* path;
        EventQueue* q;
} Fixture;

static int set_up(void** state) {
        Fixture* f = xnew0(Fixture);

        f->scratch = scratch_new();
        f->path = xasprintf("%s/events", f->scratch.path);
        assert_int_equal(event_queue_new(f->path, &f->q), 0);
        *state = f;
        return 0;
}

static int tear_down(void** state) {
        Fixture* f = *state;

        event_queue_free(f->q);
        free(f->path);
        scratch_done(&f->scratch);
        free(f);
        return 0;
}

/* As another daemon does it. */
static void reopen(Fixture* f) {
        f->q = event_queue_free(f->q);
        assert_int_equal(event_queue_new(f->path, &f->q), 0);
}

static void append(Fixture* f, const char* text) {
        assert_int_equal(event_queue_append(f->q, text, strlen(text)), 0);
}

static void assert_first(Fixture* f, const char* text) {
        const void* data;
        size_t size;

        assert_true(event_queue_first(f->q, &data, &size));
        assert_int_equal(size, strlen(text));
        assert_memory_equal(data, text, size);
}

static void assert_empty(Fixture* f) {
        const void* data;
        size_t size;

        assert_true(event_queue_is_empty(f->q));
        assert_false(event_queue_first(f->q, &data, &size));
}

static off_t size_of_file(const Fixture* f) {
        struct stat st;

        assert_int_equal(stat(f->path, &st), 0);
        return st.st_size;
}

static void cut_file(const Fixture* f, off_t size) {
        assert_int_equal(truncate(f->path, size), 0);
}

static void the_first_in_is_the_first_out_whoever_looks(void** state) {
        static const char* const texts[] = { "one", "", "three", "four" };
        Fixture* f = *state;

        assert_empty(f);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                append(f, texts[i]);
                reopen(f);
        }
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_first(f, texts[i]);
                reopen(f);
                assert_first(f, texts[i]);
                event_queue_drop_first(f->q);
                reopen(f);
        }
        assert_empty(f);
}

static void while_nothing_waits_there_is_no_file(void** state) {
        Fixture* f = *state;

        assert_int_equal(access(f->path, F_OK), -1);
        for (unsigned round = 0; round < 5000; round++) {
                append(f, "one");
                append(f, "two");
                event_queue_drop_first(f->q);
                assert_first(f, "two");
                event_queue_drop_first(f->q);
                assert_int_equal(access(f->path, F_OK), -1);
        }
}

static void a_file_that_cannot_be_made_is_told_of(void** state) {
        _cleanup_free_ char* nowhere = xasprintf("%s/no/events", ((Fixture*) *state)->scratch.path);
        _cleanup_(event_queue_freep) EventQueue* q = NULL;

        assert_int_equal(event_queue_new(nowhere, &q), 0);
        assert_int_equal(event_queue_append(q, "one", 3), -ENOENT);
        assert_true(event_queue_is_empty(q));
}

static void too_many_are_refused(void** state) {
        _cleanup_free_ char* large = xcalloc(EVENT_QUEUE_BYTES_MAX, 1);
        Fixture* f = *state;

        assert_int_equal(event_queue_append(f->q, large, EVENT_QUEUE_BYTES_MAX), -ENOBUFS);
        assert_int_equal(event_queue_append(f->q, large, EVENT_QUEUE_BYTES_MAX / 2), 0);
        assert_int_equal(event_queue_append(f->q, large, EVENT_QUEUE_BYTES_MAX / 2), -ENOBUFS);
        event_queue_drop_first(f->q);

        for (unsigned i = 0; i < EVENT_QUEUE_MAX; i++)
                append(f, "x");
        assert_int_equal(event_queue_append(f->q, "x", 1), -ENOBUFS);
        reopen(f);
        assert_int_equal(event_queue_append(f->q, "x", 1), -ENOBUFS);
        event_queue_drop_first(f->q);
        append(f, "x");
}

static void a_piece_of_an_entry_is_none(void** state) {
        Fixture* f = *state;
        off_t whole;

        append(f, "one");
        whole = size_of_file(f);
        for (off_t rest = 1; rest < 7; rest++) {
                append(f, "two");
                cut_file(f, whole + rest);
                reopen(f);
                assert_first(f, "one");
                event_queue_drop_first(f->q);
                assert_empty(f);
                append(f, "one");
        }
}

static void what_is_something_else_is_begun_anew(void** state) {
        static const char* const contents[] = { "x", "what is this, and what for?", "\10\0\0\0\0\0\0\0\377\377\377\377xx" };
        const size_t sizes[] = { 1, 27, 14 };
        Fixture* f = *state;

        for (size_t i = 0; i < ELEMENTSOF(contents); i++) {
                _cleanup_close_ int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

                assert_int_equal(fd_write_all(fd, contents[i], sizes[i]), 0);
                reopen(f);
                assert_empty(f);
                append(f, "one");
                reopen(f);
                assert_first(f, "one");
        }
}

static void what_is_changed_under_us_is_begun_anew(void** state) {
        Fixture* f = *state;
        const void* data;
        size_t size;

        append(f, "one");
        append(f, "two");
        cut_file(f, 0);
        assert_false(event_queue_first(f->q, &data, &size));
        assert_empty(f);
        append(f, "three");
        assert_first(f, "three");
}

static void what_is_no_file_is_refused(void** state) {
        Fixture* f = *state;
        EventQueue* q = NULL;

        assert_int_equal(mkfifo(f->path, 0600), 0);
        assert_int_equal(event_queue_new(f->path, &q), -EBADFD);
        assert_int_equal(unlink(f->path), 0);
        assert_int_equal(symlink("elsewhere", f->path), 0);
        assert_int_equal(event_queue_new(f->path, &q), -ELOOP);
        assert_null(q);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_first_in_is_the_first_out_whoever_looks, set_up, tear_down),
                cmocka_unit_test_setup_teardown(while_nothing_waits_there_is_no_file, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_file_that_cannot_be_made_is_told_of, set_up, tear_down),
                cmocka_unit_test_setup_teardown(too_many_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_piece_of_an_entry_is_none, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_something_else_is_begun_anew, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_changed_under_us_is_begun_anew, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
