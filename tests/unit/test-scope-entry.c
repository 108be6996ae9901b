/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>

#include "stem/scope-entry.h"
#include "unit/scratch.h"

/* A hierarchy of control groups, as far as one that is watched looks like. */
typedef struct Fixture {
        Scratch root;
        sd_event* event;
        ScopeEntries* entries;
        ScopeEntry* entry;
        unsigned n_seen;
} Fixture;

static void on_seen(void* userdata) {
        ((Fixture*) userdata)->n_seen++;
}

static void on_seen_once(void* userdata) {
        Fixture* f = userdata;

        f->n_seen++;
        f->entry = scope_entry_free(f->entry);
}

static void make_group(const Fixture* f, const char* group) {
        _cleanup_free_ char* events = xasprintf("%s/cgroup.events", group);

        scratch_write(&f->root, events, 0644, "populated 0\n");
}

static void populate(const Fixture* f, const char* group) {
        _cleanup_free_ char* events = xasprintf("%s/%s/cgroup.events", f->root.path, group);
        int fd = open(events, O_WRONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "populated 1\n", 12), 12);
        (void) close(fd);
}

static Fixture fixture_new(void) {
        Fixture f = { .root = scratch_new() };

        assert_true(sd_event_new(&f.event) >= 0);
        assert_int_equal(scope_entries_new(f.event, f.root.path, &f.entries), 0);
        make_group(&f, "zeek.slice/other.scope");
        return f;
}

static void fixture_done(Fixture* f) {
        scope_entry_free(f->entry);
        scope_entries_free(f->entries);
        sd_event_unref(f->event);
        scratch_done(&f->root);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

/* All that has happened is known in the same moment. */
static void dispatch(Fixture* f) {
        while (sd_event_run(f->event, 0) > 0)
                ;
}

static void its_making_and_its_first_process_are_seen(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new();

        assert_int_equal(scope_entry_new(f.entries, "/zeek.slice", "a.scope", on_seen, &f, &f.entry), 0);
        dispatch(&f);
        assert_int_equal(f.n_seen, 0);

        make_group(&f, "zeek.slice/a.scope");
        dispatch(&f);
        assert_int_equal(f.n_seen, 1);

        populate(&f, "zeek.slice/a.scope");
        dispatch(&f);
        assert_int_equal(f.n_seen, 2);

        populate(&f, "zeek.slice/a.scope");
        dispatch(&f);
        assert_int_equal(f.n_seen, 2); /* nobody has to be told of it again */
}

static void other_scopes_do_not_matter(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new();

        assert_int_equal(scope_entry_new(f.entries, "/zeek.slice", "a.scope", on_seen, &f, &f.entry), 0);
        make_group(&f, "zeek.slice/b.scope");
        make_group(&f, "zeek.slice/a.scope.d");
        make_group(&f, "other.slice/a.scope");
        populate(&f, "zeek.slice/b.scope");
        populate(&f, "zeek.slice/other.scope");
        dispatch(&f);
        assert_int_equal(f.n_seen, 0);
}

static void several_scopes_of_a_slice_are_told_apart(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new();
        Fixture others[3] = {};

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                const char name[] = { (char) ('a' + i), '.', 's', 'c', 'o', 'p', 'e', 0 };

                assert_int_equal(scope_entry_new(f.entries, "/zeek.slice", name, on_seen, &others[i], &others[i].entry), 0);
        }
        make_group(&f, "zeek.slice/c.scope");
        make_group(&f, "zeek.slice/a.scope");
        dispatch(&f);
        populate(&f, "zeek.slice/a.scope");
        dispatch(&f);
        assert_int_equal(others[0].n_seen, 2);
        assert_int_equal(others[1].n_seen, 0);
        assert_int_equal(others[2].n_seen, 1);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                scope_entry_free(others[i].entry);
}

static void an_entry_may_be_freed_when_it_is_seen(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new();

        assert_int_equal(scope_entry_new(f.entries, "/zeek.slice", "a.scope", on_seen_once, &f, &f.entry), 0);
        make_group(&f, "zeek.slice/a.scope");
        dispatch(&f);
        populate(&f, "zeek.slice/a.scope");
        dispatch(&f);
        assert_int_equal(f.n_seen, 1);
}

static void a_slice_that_is_not_there_yet_says_nothing(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new();

        assert_int_equal(scope_entry_new(f.entries, "/nowhere.slice", "a.scope", on_seen, &f, &f.entry), -ENOENT);
        assert_int_equal(scope_entry_new(f.entries, "/zeek.slice/other.scope/cgroup.events", "a.scope", on_seen, &f, &f.entry),
                         -ENOTDIR);
        assert_null(f.entry);
}

static void a_slice_that_came_back_is_watched_again(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new();
        _cleanup_free_ char* slice = scratch_place(&f.root, "zeek-workers.slice");

        assert_int_equal(mkdir(slice, 0755), 0);
        for (unsigned i = 1; i <= 2; i++) {
                _cleanup_free_ char *scope = xasprintf("%s/a.scope", slice), *events = xasprintf("%s/cgroup.events", scope);

                assert_int_equal(scope_entry_new(f.entries, "/zeek-workers.slice", "a.scope", on_seen, &f, &f.entry), 0);
                make_group(&f, "zeek-workers.slice/a.scope");
                dispatch(&f);
                assert_int_equal(f.n_seen, i);
                f.entry = scope_entry_free(f.entry);
                assert_int_equal(unlink(events), 0);
                assert_int_equal(rmdir(scope), 0);
                assert_int_equal(rmdir(slice), 0);
                assert_int_equal(mkdir(slice, 0755), 0);
                dispatch(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(its_making_and_its_first_process_are_seen),
                cmocka_unit_test(other_scopes_do_not_matter),
                cmocka_unit_test(several_scopes_of_a_slice_are_told_apart),
                cmocka_unit_test(an_entry_may_be_freed_when_it_is_seen),
                cmocka_unit_test(a_slice_that_is_not_there_yet_says_nothing),
                cmocka_unit_test(a_slice_that_came_back_is_watched_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
