/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <fcntl.h>

#include "unit/scratch.h"
#include "util/fd.h"

static int open_directory(const Scratch* scratch) {
        int fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static size_t count_entries(const Scratch* scratch) {
        DIR* directory = opendir(scratch->path);
        size_t n = 0;

        assert_non_null(directory);
        for (struct dirent* d; (d = readdir(directory));)
                n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
        assert_int_equal(closedir(directory), 0);
        return n;
}

/* ---- reading ---- */

static void a_file_is_read_whole_up_to_the_limit(void** state) {
        static const size_t sizes[] = { 0, 1, 2, 4094, 4095, 4096, 4097, 8191, 8192, 8193, 100000 };
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_free_ char *data = xcalloc(sizes[i] + 1, 1), *seen = NULL, *more = NULL;
                size_t size = 77;

                for (size_t k = 0; k < sizes[i]; k++)
                        data[k] = (char) (k % 251);
                assert_int_equal(file_write_atomic(directory, "f", data, sizes[i], 0600), 0);

                assert_int_equal(file_read(directory, "f", sizes[i], &seen, &size), 0);
                assert_int_equal(size, sizes[i]);
                /* with the NUL behind it */
                assert_memory_equal(seen, data, size + 1);

                assert_int_equal(file_read(directory, "f", sizes[i] + 1000000, &more, NULL), 0);
                assert_memory_equal(more, data, size + 1);
        }
}

static void a_file_that_is_too_large_is_not_read(void** state) {
        static const size_t limits[] = { 0, 1, 4095, 4096, 9999 };
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        _cleanup_free_ char* data = xcalloc(10000, 1);

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                char* seen = NULL;
                size_t size = 77;

                assert_int_equal(file_write_atomic(directory, "f", data, limits[i] + 1, 0600), 0);
                assert_int_equal(file_read(directory, "f", limits[i], &seen, &size), -EFBIG);
                assert_null(seen);
                assert_int_equal(size, 77);
        }
}

static void what_is_no_regular_file_is_refused_and_does_not_hang(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        char* seen = NULL;

        assert_int_equal(mkdirat(directory, "directory", 0700), 0);
        assert_int_equal(mkfifoat(directory, "fifo", 0600), 0);
        scratch_link(&scratch, "null", "/dev/null");
        scratch_link(&scratch, "nowhere", "does-not-exist");
        scratch_link(&scratch, "loop", "loop");

        assert_int_equal(file_read(directory, "directory", 100, &seen, NULL), -EBADFD);
        assert_int_equal(file_read(directory, "fifo", 100, &seen, NULL), -EBADFD);
        assert_int_equal(file_read(directory, "null", 100, &seen, NULL), -EBADFD);
        assert_int_equal(file_read(directory, "nowhere", 100, &seen, NULL), -ENOENT);
        assert_int_equal(file_read(directory, "loop", 100, &seen, NULL), -ELOOP);
        assert_int_equal(file_read(directory, "missing", 100, &seen, NULL), -ENOENT);
        assert_null(seen);
}

static void files_of_proc_are_read_though_they_do_not_know_their_size(void** state) {
        char *seen = NULL, *cut = NULL;

        assert_int_equal(file_read_virtual(AT_FDCWD, "/proc/self/status", 100000, &seen), 0);
        assert_non_null(strstr(seen, "\nPid:\t"));
        free(seen);

        assert_int_equal(file_read_virtual(AT_FDCWD, "/proc/self/status", 10, &cut), -EFBIG);
        assert_int_equal(file_read_virtual(AT_FDCWD, "/proc/self/no-such-file", 10, &cut), -ENOENT);
        assert_null(cut);
}

/* ---- writing ---- */

static mode_t mode_of(int directory, const char* name) {
        struct stat st;

        assert_int_equal(fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW), 0);
        return st.st_mode;
}

static void a_written_file_has_its_content_and_its_mode(void** state) {
        static const mode_t modes[] = { 0600, 0644, 0666, 0400 };
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        mode_t saved = umask(077);

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                _cleanup_free_ char* seen = NULL;

                assert_int_equal(file_write_atomic(directory, "f", "text", 4, modes[i]), 0);
                assert_int_equal(mode_of(directory, "f"), S_IFREG | modes[i]);
                assert_int_equal(file_read(directory, "f", 100, &seen, NULL), 0);
                assert_string_equal(seen, "text");
        }
        assert_int_equal(count_entries(&scratch), 1);
        (void) umask(saved);
}

static void what_is_written_over_stays_the_same_file(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        _cleanup_free_ char *seen = NULL, *target = NULL;
        struct stat before, after;

        assert_int_equal(file_overwrite(directory, "f", "first", 5), 0);
        assert_int_equal(mode_of(directory, "f"), S_IFREG | 0600);
        assert_int_equal(fstatat(directory, "f", &before, 0), 0);
        assert_int_equal(file_overwrite(directory, "f", "2nd", 3), 0);
        assert_int_equal(fstatat(directory, "f", &after, 0), 0);
        assert_true(before.st_ino == after.st_ino);
        assert_int_equal(file_read(directory, "f", 100, &seen, NULL), 0);
        assert_string_equal(seen, "2ndst");

        /* what is no file makes room for one, and is not written to */
        scratch_link(&scratch, "link", "f");
        assert_int_equal(mkfifoat(directory, "fifo", 0600), 0);
        assert_int_equal(file_overwrite(directory, "link", "text", 4), 0);
        assert_int_equal(file_overwrite(directory, "fifo", "text", 4), 0);
        assert_int_equal(mode_of(directory, "link"), S_IFREG | 0600);
        assert_int_equal(mode_of(directory, "fifo"), S_IFREG | 0600);
        assert_int_equal(file_read(directory, "f", 100, &target, NULL), 0);
        assert_string_equal(target, "2ndst");
        assert_int_equal(count_entries(&scratch), 3);
}

static void who_has_the_old_file_open_keeps_it_whole(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        _cleanup_close_ int old = -EBADF;
        char seen[8] = {};

        assert_int_equal(file_write_atomic(directory, "f", "old", 3, 0600), 0);
        old = openat(directory, "f", O_RDONLY | O_CLOEXEC);
        assert_int_equal(file_write_atomic(directory, "f", "newer", 5, 0600), 0);
        assert_int_equal(read(old, seen, sizeof seen), 3);
        assert_string_equal(seen, "old");
}

static void a_link_in_the_files_place_is_replaced_and_not_followed(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        _cleanup_free_ char* seen = NULL;

        assert_int_equal(file_write_atomic(directory, "victim", "precious", 8, 0600), 0);
        scratch_link(&scratch, "f", "victim");
        scratch_link(&scratch, ".f.new", "victim");
        assert_int_equal(file_write_atomic(directory, "f", "text", 4, 0600), 0);

        assert_true(S_ISREG(mode_of(directory, "f")));
        assert_int_equal(file_read(directory, "victim", 100, &seen, NULL), 0);
        assert_string_equal(seen, "precious");
        assert_int_equal(count_entries(&scratch), 2);
}

static void what_a_killed_writer_left_is_in_nobodys_way(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        _cleanup_free_ char* seen = NULL;

        scratch_write(&scratch, ".f.new", 0644, "half of a longer te");
        assert_int_equal(file_write_atomic(directory, "f", "text", 4, 0600), 0);
        assert_int_equal(file_read(directory, "f", 100, &seen, NULL), 0);
        assert_string_equal(seen, "text");
        assert_int_equal(count_entries(&scratch), 1);
}

static void a_write_that_fails_leaves_everything_as_it_was(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        char too_long[256];

        memset(too_long, 'a', sizeof too_long - 1);
        too_long[sizeof too_long - 1] = 0;

        assert_int_equal(mkdirat(directory, "f", 0700), 0);
        assert_int_equal(file_write_atomic(directory, "f", "text", 4, 0600), -EISDIR);
        assert_int_equal(file_write_atomic(directory, too_long, "text", 4, 0600), -ENAMETOOLONG);
        assert_true(S_ISDIR(mode_of(directory, "f")));
        assert_int_equal(count_entries(&scratch), 1);
}

/* ---- directories ---- */

static void missing_directories_are_made_and_others_left_alone(void** state) {
        static const char* const paths[] = { "a", "a/b/c", "a/b/c", "x//y///z", "trailing/", "t/../u", "./v/." };
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_free_ char* path = xasprintf("%s/%s", scratch.path, paths[i]);

                assert_int_equal(directory_make(path, 0750), 0);
                assert_true(S_ISDIR(mode_of(directory, paths[i])));
        }
        assert_int_equal(mode_of(directory, "a/b"), S_IFDIR | 0750);
        assert_int_equal(mode_of(directory, "a/b/c"), S_IFDIR | 0750);

        assert_int_equal(fchmodat(directory, "a/b", 0700, 0), 0);
        {
                _cleanup_free_ char* path = xasprintf("%s/a/b/d", scratch.path);

                assert_int_equal(directory_make(path, 0755), 0);
        }
        assert_int_equal(mode_of(directory, "a/b"), S_IFDIR | 0700);
        assert_int_equal(directory_make("/", 0755), 0);
}

static void a_link_to_a_directory_is_one(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_close_ int directory = open_directory(&scratch);
        _cleanup_free_ char *link = xasprintf("%s/link", scratch.path), *below = xasprintf("%s/link/below", scratch.path);

        assert_int_equal(mkdirat(directory, "real", 0700), 0);
        scratch_link(&scratch, "link", "real");
        assert_int_equal(directory_make(link, 0700), 0);
        assert_int_equal(directory_make(below, 0700), 0);
        assert_true(S_ISDIR(mode_of(directory, "real/below")));
}

static void what_is_in_the_way_of_a_directory_is_said(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char *file = xasprintf("%s/file", scratch.path), *below = xasprintf("%s/file/below", scratch.path);
        _cleanup_free_ char* dangling = xasprintf("%s/dangling", scratch.path);

        scratch_write(&scratch, "file", 0644, "");
        scratch_link(&scratch, "dangling", "nowhere");
        assert_int_equal(directory_make(file, 0755), -EEXIST);
        assert_int_equal(directory_make(below, 0755), -ENOTDIR);
        assert_int_equal(directory_make(dangling, 0755), -ENOENT);
        assert_int_equal(directory_make("", 0755), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_is_read_whole_up_to_the_limit),
                cmocka_unit_test(a_file_that_is_too_large_is_not_read),
                cmocka_unit_test(what_is_no_regular_file_is_refused_and_does_not_hang),
                cmocka_unit_test(files_of_proc_are_read_though_they_do_not_know_their_size),
                cmocka_unit_test(a_written_file_has_its_content_and_its_mode),
                cmocka_unit_test(what_is_written_over_stays_the_same_file),
                cmocka_unit_test(who_has_the_old_file_open_keeps_it_whole),
                cmocka_unit_test(a_link_in_the_files_place_is_replaced_and_not_followed),
                cmocka_unit_test(what_a_killed_writer_left_is_in_nobodys_way),
                cmocka_unit_test(a_write_that_fails_leaves_everything_as_it_was),
                cmocka_unit_test(missing_directories_are_made_and_others_left_alone),
                cmocka_unit_test(a_link_to_a_directory_is_one),
                cmocka_unit_test(what_is_in_the_way_of_a_directory_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
