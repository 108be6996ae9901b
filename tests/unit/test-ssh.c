/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/ssh.h"
#include "unit/unit.h"

static void expect(const char* host, bool terminal, char* const* command, const char* expected) {
        _cleanup_strv_free_ char** ssh = ssh_command(host, terminal, command);
        _cleanup_free_ char* text = strv_join(ssh, " ");

        assert_string_equal(text, expected);
}

static char* const echo[] = { (char*) "echo", NULL };

static void a_host_is_said_as_to_sd_bus(void** state) {
        static const struct {
                const char *host, *expected, *container;
        } cases[] = {
                { "ids2", "ssh -x -nT -- ids2 'echo'", NULL },
                { "joe@ids2", "ssh -x -nT -- joe@ids2 'echo'", NULL },
                { "ids2:2222", "ssh -x -nT -p2222 -- ids2 'echo'", NULL },
                { "joe@ids2:2222", "ssh -x -nT -p2222 -- joe@ids2 'echo'", NULL },
                { "ids2/box", "ssh -x -nT -- ids2 'echo'", "box" },
                { "ids2:box", "ssh -x -nT -- ids2 'echo'", "box" },
                { "joe@ids2:2222/box", "ssh -x -nT -p2222 -- joe@ids2 'echo'", "box" },
                { "[2001:db8::1]", "ssh -x -nT -- 2001:db8::1 'echo'", NULL },
                { "joe@[2001:db8::1]:2222/box", "ssh -x -nT -p2222 -- joe@2001:db8::1 'echo'", "box" },
                /* nobody's, and yet nothing that ssh would take for something else */
                { "-oProxyCommand=evil", "ssh -x -nT -- -oProxyCommand=evil 'echo'", NULL },
                { "ids2/", "ssh -x -nT -- ids2 'echo'", NULL },
                { "[2001:db8::1", "ssh -x -nT -- [2001 'echo'", "db8::1" },
                { "", "ssh -x -nT --  'echo'", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char* container = ssh_container(cases[i].host);

                expect(cases[i].host, false, echo, cases[i].expected);
                assert_int_equal(!container, !cases[i].container);
                if (container)
                        assert_string_equal(container, cases[i].container);
        }
}

static void on_a_terminal_it_is_as_if_it_ran_here(void** state) {
        expect("ids2", true, echo, "ssh -x -t -oLogLevel=ERROR -- ids2 'echo'");
}

static void words_come_through_the_shell_as_they_are(void** state) {
        expect("ids2", false, (char*[]) { (char*) "journalctl", (char*) "--grep=$(a) b\\x2d", (char*) "it's", (char*) "''", (char*) "", NULL },
               "ssh -x -nT -- ids2 'journalctl' '--grep=$(a) b\\x2d' 'it'\\''s' ''\\'''\\''' ''");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_host_is_said_as_to_sd_bus),
                cmocka_unit_test(on_a_terminal_it_is_as_if_it_ran_here),
                cmocka_unit_test(words_come_through_the_shell_as_they_are),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
