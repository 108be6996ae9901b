/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/pager.h"
#include "ctl/terminal.h"
#include "unit/unit.h"

static void colours_are_for_terminals_and_who_wants_them(void** state) {
        assert_true(terminal_wants_colors(true, NULL, NULL, "xterm"));
        assert_false(terminal_wants_colors(false, NULL, NULL, "xterm"));
        assert_false(terminal_wants_colors(true, NULL, NULL, "dumb"));
        assert_false(terminal_wants_colors(true, NULL, NULL, NULL));
        assert_false(terminal_wants_colors(true, NULL, "1", "xterm"));
        assert_true(terminal_wants_colors(true, NULL, "", "xterm"));
        assert_true(terminal_wants_colors(false, "1", "1", "dumb"));
        assert_true(terminal_wants_colors(false, "256", NULL, NULL));
        assert_false(terminal_wants_colors(true, "0", NULL, "xterm"));
        assert_false(terminal_wants_colors(false, "auto-256", NULL, "xterm"));
}

static void expect_pager(PagerChoice choice, const char* command, bool secure) {
        if (command)
                assert_string_equal(choice.command, command);
        else
                assert_null(choice.command);
        assert_int_equal(choice.secure, secure);
}

static void the_pager_is_the_user_s_own(void** state) {
        expect_pager(pager_choose(NULL, NULL, NULL, false), NULL, false);
        expect_pager(pager_choose(NULL, "most", NULL, false), "most", false);
        expect_pager(pager_choose("less -X", "most", NULL, false), "less -X", false);
        expect_pager(pager_choose("", "most", NULL, false), "", false);
        expect_pager(pager_choose(NULL, "cat", NULL, false), "", false);
}

static void a_pager_with_other_rights_runs_no_commands(void** state) {
        expect_pager(pager_choose(NULL, NULL, NULL, true), NULL, true);
        expect_pager(pager_choose("sh -c evil", NULL, NULL, true), NULL, true);
        expect_pager(pager_choose("most", NULL, "1", false), NULL, true);
        expect_pager(pager_choose("most", NULL, "nonsense", false), NULL, true);
        /* who takes it upon himself */
        expect_pager(pager_choose("most", NULL, "no", true), "most", false);
        /* none at all is safe in any case */
        expect_pager(pager_choose("cat", NULL, NULL, true), "", false);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(colours_are_for_terminals_and_who_wants_them),
                cmocka_unit_test(the_pager_is_the_user_s_own),
                cmocka_unit_test(a_pager_with_other_rights_runs_no_commands),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
