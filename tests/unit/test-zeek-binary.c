/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/scratch.h"
#include "zeek/binary.h"

static void a_configured_binary_is_taken_or_nothing(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = scratch_place(&scratch, "bin/my-zeek");
        _cleanup_free_ char* found = NULL;

        assert_int_equal(zeek_binary_find(path, NULL, &found), -ENOENT);
        scratch_write(&scratch, "bin/my-zeek", 0644, "#!");
        assert_int_equal(zeek_binary_find(path, NULL, &found), -EACCES);
        assert_int_equal(zeek_binary_find(scratch.path, NULL, &found), -EACCES);
        assert_null(found);
        assert_int_equal(chmod(path, 0755), 0);
        assert_int_equal(zeek_binary_find(path, NULL, &found), 0);
        assert_string_equal(found, path);
}

static void path_is_searched_in_order_for_absolute_directories(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* expected = scratch_place(&scratch, "c/zeek");
        _cleanup_free_ char *path = NULL, *found = NULL;

        scratch_write(&scratch, "a/zeek", 0644, "no program");
        scratch_write(&scratch, "b/zeek/inside", 0755, "a directory");
        scratch_write(&scratch, "c/zeek", 0755, "#!");
        scratch_write(&scratch, "d/zeek", 0755, "#!");
        path = xasprintf("relative::%s/missing:%s/a:%s/b:%s/c:%s/d", scratch.path, scratch.path, scratch.path, scratch.path,
                         scratch.path);
        assert_int_equal(zeek_binary_find(NULL, path, &found), 0);
        assert_string_equal(found, expected);
}

static void without_a_path_the_usual_places_are_searched(void** state) {
        _cleanup_free_ char* found = NULL;
        int r = zeek_binary_find(NULL, NULL, &found);

        if (r >= 0)
                assert_int_equal(found[0], '/');
        else
                assert_int_equal(r, -ENOENT);
}

static void the_directory_is_the_one_behind_all_links(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* link = scratch_place(&scratch, "usr/bin/zeek");
        _cleanup_free_ char* expected = xasprintf("%s/opt/zeek/bin", scratch.path);
        _cleanup_free_ char *directory = NULL, *of_nothing = NULL, *of_root = NULL;

        scratch_write(&scratch, "opt/zeek/bin/zeek", 0755, "#!");
        scratch_link(&scratch, "usr/bin/zeek", "../../opt/zeek/bin/zeek");
        directory = zeek_binary_directory(link);
        assert_string_equal(directory, expected);

        of_nothing = zeek_binary_directory("/no/such/zeek");
        assert_string_equal(of_nothing, "/no/such");
        of_root = zeek_binary_directory("/no-such-zeek");
        assert_string_equal(of_root, "/");
}

static void an_upgrade_is_another_program(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char *link = scratch_place(&scratch, "zeek"), *old = scratch_place(&scratch, "old");
        _cleanup_free_ char* new = scratch_place(&scratch, "new");
        ZeekBinaryStamp before, after, nothing = {};

        scratch_write(&scratch, "old", 0755, "#!");
        scratch_write(&scratch, "new", 0755, "#!");
        scratch_link(&scratch, "zeek", "old");
        before = zeek_binary_stamp(link);
        after = zeek_binary_stamp(link);
        assert_true(zeek_binary_stamp_equal(&before, &after));

        /* by another link */
        assert_int_equal(unlink(link), 0);
        scratch_link(&scratch, "zeek", "new");
        after = zeek_binary_stamp(link);
        assert_false(zeek_binary_stamp_equal(&before, &after));

        /* by another file in its place */
        before = zeek_binary_stamp(old);
        assert_int_equal(rename(new, old), 0);
        after = zeek_binary_stamp(old);
        assert_false(zeek_binary_stamp_equal(&before, &after));

        after = zeek_binary_stamp(link);
        assert_true(zeek_binary_stamp_equal(&after, &nothing));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_configured_binary_is_taken_or_nothing),
                cmocka_unit_test(path_is_searched_in_order_for_absolute_directories),
                cmocka_unit_test(without_a_path_the_usual_places_are_searched),
                cmocka_unit_test(the_directory_is_the_one_behind_all_links),
                cmocka_unit_test(an_upgrade_is_another_program),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
