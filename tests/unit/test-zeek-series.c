/* SPDX-License-Identifier: BSD-3-Clause */

/* What each series of Zeek is given, against files that were written down: tests/zeek/CASE/node.json is a NodeConfig, and
 * the file CASE/SERIES what a node of it gets from that series on, up to that of the next file: its arguments, a line each,
 * and behind an empty line its layout. WRITE=1 writes all of them anew, to be looked at. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/node-json.h"
#include "unit/zeek-fixture.h"
#include "util/file.h"
#include "util/strv.h"
#include "zeek/command.h"
#include "zeek/layout.h"

static const char* const cases[] = { "logger", "manager", "manager-that-logs", "standalone", "without-manager", "worker" };

static const char* const all_series[] = { "unknown", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2", "6.0", "6.1", "6.2",
                                          "7.0",     "7.1", "7.2", "8.0", "8.1", "8.2", "9.0", "9.1", "9.9" };

static char* read_text(const char* name, const char* file) {
        _cleanup_free_ char* path = xasprintf(ZEEK_CASES "/%s/%s", name, file);
        char* text = NULL;
        size_t size;
        int r = file_read(AT_FDCWD, path, NODE_JSON_SIZE_MAX, &text, &size);

        assert_true(r >= 0 || r == -ENOENT);
        return text;
}

static char* what_it_gets(const NodeSpec* spec, const Settings* settings, const char* number) {
        ZeekVersion version = fixture_version(number);
        _cleanup_strv_free_ char** arguments = zeek_command("/opt/zeek/bin/zeek", &settings->zeek, version, spec);
        _cleanup_free_ char* lines = strv_join(arguments, "\n");
        _cleanup_free_ char* layout = spec->cluster ? zeek_layout_text(spec->cluster, version) : xstrdup("");

        return xasprintf("%s\n\n%s", lines, layout);
}

static void write_text(const char* name, const char* file, const char* text) {
        _cleanup_free_ char* path = xasprintf(ZEEK_CASES "/%s/%s", name, file);
        FILE* f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void check_case(const char* name, const Settings* settings, bool write) {
        _cleanup_free_ char *json = read_text(name, "node.json"), *expected = NULL;
        _cleanup_node_spec_ NodeSpec* spec = fixture_spec(json);

        for (size_t i = 0; i < ELEMENTSOF(all_series); i++) {
                _cleanup_free_ char *file = write ? NULL : read_text(name, all_series[i]);
                _cleanup_free_ char* text = what_it_gets(spec, settings, all_series[i]);

                if (write && (!expected || strcmp(text, expected) != 0)) {
                        write_text(name, all_series[i], text);
                        file = xstrdup(text);
                }
                if (file) {
                        /* one that says the same again says nothing */
                        assert_true(!expected || strcmp(file, expected) != 0);
                        free_and_replace(expected, take_ptr(file));
                }
                assert_string_equal(text, expected ? expected : "nothing is written down");
        }
}

static void every_series_gets_what_is_written_down(void** state) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = settings_parse("test", "", 0, &d);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check_case(cases[i], settings, getenv("WRITE") != NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_series_gets_what_is_written_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
