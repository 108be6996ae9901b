/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/journal.h"
#include "unit/unit.h"

static void expect(const Options* o, char* const* names, const char* expected) {
        _cleanup_strv_free_ char** command = NULL;
        _cleanup_free_ char *text = NULL, *why = NULL;
        JournalScope scope;

        assert_int_equal(journal_scope(o, &scope, &why), 0);
        command = journal_command(o, &scope, names);
        text = strv_join(command, " ");
        assert_string_equal(text, expected);
}

static char* const nodes[] = { (char*) "worker-1", (char*) "manager", NULL };

static void nodes_are_found_by_their_scopes(void** state) {
        expect(&(Options) { .pager = true, .lines = -1 }, nodes,
               "journalctl --unit=zeek-node-worker\\x2d1.scope --unit=zeek-node-manager.scope");
        expect(&(Options) { .user = true, .lines = 5 }, nodes,
               "journalctl --no-pager --lines=5 --user-unit=zeek-node-worker\\x2d1.scope --user-unit=zeek-node-manager.scope");
}

static void without_a_name_it_is_what_the_daemons_sent(void** state) {
        char* own[] = { (char*) "--follow", (char*) "--priority=3", NULL };

        expect(&(Options) { .pager = true, .lines = -1, .journal = own, .json = JSON_MODE_SHORT, .quiet = true },
               (char*[]) { NULL },
               "journalctl --quiet --output=json --follow --priority=3 --unit=zeek-supervisor.service "
               "--unit=zeek-stem.service");
}

static void a_container_s_journal_is_read_from_here(void** state) {
        expect(&(Options) { .pager = true, .lines = -1, .transport = TRANSPORT_MACHINE, .host = "root@box" }, nodes,
               "journalctl --machine=box --unit=zeek-node-worker\\x2d1.scope --unit=zeek-node-manager.scope");
        expect(&(Options) { .pager = true, .lines = -1, .transport = TRANSPORT_MACHINE, .host = ".host" }, nodes,
               "journalctl --unit=zeek-node-worker\\x2d1.scope --unit=zeek-node-manager.scope");
}

static void a_journal_of_another_host_is_read_there(void** state) {
        expect(&(Options) { .pager = true, .lines = -1, .transport = TRANSPORT_REMOTE, .host = "root@ids2:22" }, nodes,
               "journalctl --unit=zeek-node-worker\\x2d1.scope --unit=zeek-node-manager.scope");
        expect(&(Options) { .pager = true, .lines = -1, .transport = TRANSPORT_REMOTE, .host = "ids2/box" }, nodes,
               "journalctl --machine=box --unit=zeek-node-worker\\x2d1.scope --unit=zeek-node-manager.scope");
}

static void another_user_s_nodes_are_found_by_fields(void** state) {
        expect(&(Options) { .pager = true, .lines = -1, .user = true, .transport = TRANSPORT_MACHINE, .host = "root@.host" },
               nodes, "journalctl _UID=0 ZEEK_NODE=worker-1 ZEEK_NODE=manager");
}

static void without_a_name_it_is_what_another_user_s_daemons_sent(void** state) {
        expect(&(Options) { .pager = true, .lines = -1, .user = true, .transport = TRANSPORT_MACHINE, .host = "root@.host" },
               NULL,
               "journalctl _UID=0 _SYSTEMD_USER_UNIT=zeek-supervisor.service _SYSTEMD_USER_UNIT=zeek-stem.service");
}

static void expect_refusal(const Options* o, const char* expected) {
        _cleanup_free_ char* why = NULL;
        JournalScope scope;

        assert_int_equal(journal_scope(o, &scope, &why), -EOPNOTSUPP);
        assert_string_equal(why, expected);
}

static void what_journalctl_cannot_read_is_said(void** state) {
        expect_refusal(&(Options) { .transport = TRANSPORT_MACHINE, .host = "joe@box", .user = true },
                       "journalctl does not know the users of 'box'. Run it there: machinectl shell joe@box "
                       "/usr/bin/zsupctl --user log");
        expect_refusal(&(Options) { .transport = TRANSPORT_MACHINE, .host = "no-such-user@.host", .user = true },
                       "There is no user 'no-such-user'");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nodes_are_found_by_their_scopes),
                cmocka_unit_test(without_a_name_it_is_what_the_daemons_sent),
                cmocka_unit_test(a_container_s_journal_is_read_from_here),
                cmocka_unit_test(a_journal_of_another_host_is_read_there),
                cmocka_unit_test(another_user_s_nodes_are_found_by_fields),
                cmocka_unit_test(without_a_name_it_is_what_another_user_s_daemons_sent),
                cmocka_unit_test(what_journalctl_cannot_read_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
