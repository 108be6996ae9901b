/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "supervisor/core-dump.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void the_pattern_says_where_a_core_goes(void** state) {
        static const struct {
                const char *pattern, *hint;
                bool in_journal;
        } cases[] = {
                { "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h %d\n",
                  "what is kept of its core shows \"coredumpctl info 4711\"", true },
                { "|/lib/systemd/systemd-coredump", "what is kept of its core shows \"coredumpctl info 4711\"", true },
                { "|/usr/share/apport/apport -p%p\n", "its core was given to /usr/share/apport/apport -p%p", false },
                { "|/tmp/x-systemd-coredump\n", "its core was given to /tmp/x-systemd-coredump", false },
                { "/usr/lib/systemd/systemd-coredump\n", "its core is /usr/lib/systemd/systemd-coredump", false },
                { "core\n", "its core is in its working directory as core", false },
                { "/var/cores/%e.%p\n", "its core is /var/cores/%e.%p", false },
                { "\n", NULL, false },
                { "", NULL, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_core_dump_ CoreDump dump = core_dump_find(cases[i].pattern, 4711);

                assert_int_equal(dump.in_journal, cases[i].in_journal);
                if (cases[i].hint)
                        assert_string_equal(dump.hint, cases[i].hint);
                else
                        assert_null(dump.hint);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_pattern_says_where_a_core_goes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
