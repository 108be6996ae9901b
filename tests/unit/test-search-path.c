/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/search-path.h"
#include "unit/scratch.h"
#include "util/strv.h"

/* Three directories, the most important first. */
static char** three_directories(const Scratch* scratch) {
        char** directories = NULL;

        strv_extendf(&directories, "%s/etc", scratch->path);
        strv_extendf(&directories, "%s/run", scratch->path);
        strv_extendf(&directories, "%s/lib", scratch->path);
        return directories;
}

static void expect_list(const Scratch* scratch, const char* subdirectory, const char* expected) {
        _cleanup_strv_free_ char **directories = three_directories(scratch), **paths = NULL, **relative = NULL;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char* joined = NULL;

        paths = search_path_list(directories, subdirectory, ".conf", &d);
        STRV_FOREACH(path, paths)
                strv_extend(&relative, *path + strlen(scratch->path) + 1);
        joined = strv_join(relative, " ");
        assert_string_equal(joined, expected);
        assert_int_equal(d.n, 0);
}

static void drop_ins_are_merged_by_name(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();

        scratch_write(&scratch, "etc/x.d/50-b.conf", 0644, "x");
        scratch_write(&scratch, "run/x.d/50-b.conf", 0644, "x");
        scratch_write(&scratch, "run/x.d/10-a.conf", 0644, "x");
        scratch_write(&scratch, "lib/x.d/10-a.conf", 0644, "x");
        scratch_write(&scratch, "lib/x.d/90-c.conf", 0644, "x");
        scratch_write(&scratch, "lib/x.d/README", 0644, "x");
        scratch_write(&scratch, "lib/x.d/.hidden.conf", 0644, "x");
        scratch_write(&scratch, "lib/x.d/.conf", 0644, "x");
        expect_list(&scratch, "x.d", "run/x.d/10-a.conf etc/x.d/50-b.conf lib/x.d/90-c.conf");
}

static void an_empty_file_or_a_link_to_dev_null_masks(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();

        scratch_link(&scratch, "etc/x.d/a.conf", "/dev/null");
        scratch_write(&scratch, "lib/x.d/a.conf", 0644, "x");
        scratch_write(&scratch, "run/x.d/b.conf", 0644, "");
        scratch_write(&scratch, "lib/x.d/b.conf", 0644, "x");
        /* the more important one wins, also when it is the less important one that is masked */
        scratch_write(&scratch, "etc/x.d/c.conf", 0644, "x");
        scratch_write(&scratch, "run/x.d/c.conf", 0644, "");
        expect_list(&scratch, "x.d", "etc/x.d/c.conf");
}

static void missing_directories_are_no_news(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();

        expect_list(&scratch, "x.d", "");
}

static void what_is_no_file_is_a_diagnostic(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_strv_free_ char **directories = three_directories(&scratch), **paths = NULL;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *text = NULL, *expected = NULL;

        scratch_write(&scratch, "etc/x.d/a.conf/inside", 0644, "x");
        scratch_write(&scratch, "run/x.d/a.conf", 0644, "x");
        paths = search_path_list(directories, "x.d", ".conf", &d);
        assert_int_equal(strv_length(paths), 1);
        assert_int_equal(d.n, 1);
        text = diagnostic_to_string(&d.items[0]);
        expected = xasprintf("%s/etc/x.d/a.conf: Is not a regular file", scratch.path);
        assert_string_equal(text, expected);
}

static void a_directory_has_a_limit(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_strv_free_ char **directories = three_directories(&scratch), **paths = NULL;
        _cleanup_diagnostics_ Diagnostics d = {};

        for (unsigned i = 0; i <= SEARCH_PATH_FILES_MAX; i++) {
                char name[32];

                (void) snprintf(name, sizeof name, "lib/x.d/%u.conf", i);
                scratch_write(&scratch, name, 0644, "x");
        }
        paths = search_path_list(directories, "x.d", ".conf", &d);
        assert_int_equal(strv_length(paths), SEARCH_PATH_FILES_MAX);
        assert_int_equal(d.n, 1);
}

static void the_most_important_main_file_is_found(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_strv_free_ char** directories = three_directories(&scratch);
        _cleanup_free_ char* expected = xasprintf("%s/run/x.conf", scratch.path);
        char* found;

        assert_null(search_path_find(directories, "x.conf"));
        scratch_write(&scratch, "lib/x.conf", 0644, "x");
        scratch_write(&scratch, "run/x.conf", 0644, "x");
        found = search_path_find(directories, "x.conf");
        assert_string_equal(found, expected);
        free(found);
        scratch_link(&scratch, "etc/x.conf", "/dev/null");
        assert_null(search_path_find(directories, "x.conf"));
}

static void users_have_their_own_directories_before_the_systems(void** state) {
        _cleanup_strv_free_ char **all = NULL, **home_only = NULL, **nothing = NULL, **of_system = NULL;
        _cleanup_strv_free_ char **own = NULL, **own_of_system = NULL;
        _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL, *d = NULL, *e = NULL;

        assert_int_equal(setenv("XDG_CONFIG_HOME", "/home/u/cfg", 1), 0);
        assert_int_equal(setenv("XDG_RUNTIME_DIR", "/run/user/7", 1), 0);
        assert_int_equal(setenv("HOME", "/home/u", 1), 0);
        all = search_path_directories(true);
        a = strv_join(all, " ");
        assert_string_equal(a, "/home/u/cfg/zeek-supervisor /run/user/7/zeek-supervisor /etc/zeek-supervisor "
                               "/usr/lib/zeek-supervisor");
        own = search_path_own_directories(true);
        e = strv_join(own, " ");
        assert_string_equal(e, "/home/u/cfg/zeek-supervisor /run/user/7/zeek-supervisor");

        assert_int_equal(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
        assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
        home_only = search_path_directories(true);
        b = strv_join(home_only, " ");
        assert_string_equal(b, "/home/u/.config/zeek-supervisor /etc/zeek-supervisor /usr/lib/zeek-supervisor");

        assert_int_equal(unsetenv("HOME"), 0);
        nothing = search_path_directories(true);
        c = strv_join(nothing, " ");
        assert_string_equal(c, "/etc/zeek-supervisor /usr/lib/zeek-supervisor");

        of_system = search_path_directories(false);
        d = strv_join(of_system, " ");
        assert_string_equal(d, "/etc/zeek-supervisor /run/zeek-supervisor /usr/lib/zeek-supervisor");
        own_of_system = search_path_own_directories(false);
        assert_true(strv_equal(own_of_system, of_system));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(drop_ins_are_merged_by_name),
                cmocka_unit_test(an_empty_file_or_a_link_to_dev_null_masks),
                cmocka_unit_test(missing_directories_are_no_news),
                cmocka_unit_test(what_is_no_file_is_a_diagnostic),
                cmocka_unit_test(a_directory_has_a_limit),
                cmocka_unit_test(the_most_important_main_file_is_found),
                cmocka_unit_test(users_have_their_own_directories_before_the_systems),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
