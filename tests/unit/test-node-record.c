/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <string.h>

#include "stem/node-record.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define SCOPE "zeek-node-worker\\x2d1.scope"
#define BEGINNING "NAME=worker-1\nSCOPE=" SCOPE "\nPID=4711\nOUTPUT=18446744073709551615\nERROR=2\nREPORT=0\n"

static void what_is_written_is_read(void** state) {
        const NodeRecord record = {
                .name = (char*) "worker-1",
                .scope = (char*) SCOPE,
                .pid = 4711,
                .numbers = { [NODE_FD_OUTPUT] = UINT64_MAX, [NODE_FD_ERROR] = 2 },
        };
        _cleanup_free_ char* text = node_record_to_string(&record);
        _cleanup_node_record_ NodeRecord read = {};

        assert_string_equal(text, BEGINNING);
        assert_int_equal(node_record_from_string(text, &read), 0);
        assert_string_equal(read.name, "worker-1");
        assert_string_equal(read.scope, SCOPE);
        assert_int_equal(read.pid, 4711);
        assert_true(read.numbers[NODE_FD_OUTPUT] == UINT64_MAX && read.numbers[NODE_FD_ERROR] == 2);
        assert_true(read.numbers[PROCESS_FD_REPORT] == 0 && read.numbers[NODE_FD_STATUS] == 0);
        assert_false(read.launched || read.terminated || read.exited || read.released);
}

static void what_happened_is_appended(void** state) {
        _cleanup_free_ char* end = node_record_exit_to_string(&(ProcessExit) { CLD_KILLED, SIGSEGV });
        _cleanup_free_ char* text =
                xasprintf("%s%s%s%s%s%s", BEGINNING, NODE_RECORD_LAUNCHED, NODE_RECORD_FAILED,
                          NODE_RECORD_TERMINATED, end, NODE_RECORD_RELEASED);
        _cleanup_node_record_ NodeRecord read = {};

        assert_int_equal(node_record_from_string(text, &read), 0);
        assert_true(read.launched && read.failed && read.terminated && read.exited && read.released);
        assert_int_equal(read.exit.code, CLD_KILLED);
        assert_int_equal(read.exit.status, SIGSEGV);
}

static void what_was_handed_over_is_appended(void** state) {
        const uint64_t numbers[_PROCESS_FD_MAX] = { [NODE_FD_STATUS] = 77 };
        _cleanup_free_ char* more = node_record_fds_to_string(numbers);
        _cleanup_free_ char* text = xasprintf("%sHANDOVER=5\n%s", BEGINNING, more);
        _cleanup_node_record_ NodeRecord read = {};

        assert_string_equal(more, "STATUSFILE=77\n");
        assert_int_equal(node_record_from_string(text, &read), 0);
        assert_true(read.numbers[NODE_FD_STATUS] == 77 && read.numbers[PROCESS_FD_HANDOVER] == 5);
}

static void an_end_that_nobody_knows_is_zero(void** state) {
        _cleanup_node_record_ NodeRecord read = {};

        assert_int_equal(node_record_from_string(BEGINNING "CODE=0\nSTATUS=0\n", &read), 0);
        assert_true(read.exited);
        assert_int_equal(read.exit.code, 0);
}

static void what_is_cut_off_is_refused(void** state) {
        const char* whole = BEGINNING "LAUNCHED=yes\nCODE=1\nSTATUS=3\n";
        size_t beginning = strlen(BEGINNING), launched = beginning + strlen("LAUNCHED=yes\n");

        for (size_t length = 0; length < strlen(whole); length++) {
                _cleanup_free_ char* text = xstrndup(whole, length);
                _cleanup_node_record_ NodeRecord read = {};

                assert_int_equal(node_record_from_string(text, &read),
                                 length == beginning || length == launched ? 0 : -EINVAL);
        }
}

static void what_makes_no_sense_is_refused(void** state) {
        static const char* const bad[] = {
                "NAME=a b\nSCOPE=x.scope\nPID=1\nOUTPUT=0\nERROR=0\nREPORT=0\n",
                "NAME=a\nSCOPE=x.service\nPID=1\nOUTPUT=0\nERROR=0\nREPORT=0\n",
                "NAME=a\nSCOPE=x.scope\nPID=0\nOUTPUT=0\nERROR=0\nREPORT=0\n",
                "NAME=a\nSCOPE=x.scope\nPID=-1\nOUTPUT=0\nERROR=0\nREPORT=0\n",
                "NAME=a\nSCOPE=x.scope\nPID=2147483648\nOUTPUT=0\nERROR=0\nREPORT=0\n",
                "NAME=a\nSCOPE=x.scope\nPID=1\nOUTPUT=-1\nERROR=0\nREPORT=0\n",
                "NAME=a\nSCOPE=x.scope\nPID=1\nOUTPUT=0\nERROR=0\n",
                "SCOPE=x.scope\nPID=1\nOUTPUT=0\nERROR=0\nREPORT=0\n",
                BEGINNING "NAME=other\n",
                BEGINNING "LAUNCHED=no\n",
                BEGINNING "LAUNCHED=yes\nLAUNCHED=yes\n",
                BEGINNING "TERMINATED\n",
                BEGINNING "CODE=1\n",
                BEGINNING "STATUS=1\n",
                BEGINNING "CODE=7\nSTATUS=1\n",
                BEGINNING "CODE=1\nSTATUS=256\n",
                BEGINNING "COLOUR=green\n",
                BEGINNING "STATUSFILE=green\n",
                BEGINNING "STATUSFILE=1\nSTATUSFILE=1\n",
                BEGINNING "PROCESS=1\n",
                BEGINNING "=\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                NodeRecord read = { .pid = 42 };

                assert_int_equal(node_record_from_string(bad[i], &read), -EINVAL);
                assert_true(read.pid == 42 && !read.name);
        }
}

static void the_longest_one_fits(void** state) {
        char name[65] = {}, scope[256] = {};
        NodeRecord record = { name, scope, INT32_MAX };
        uint64_t handed_over[_PROCESS_FD_MAX] = {};
        _cleanup_free_ char *text = NULL, *more = NULL, *all = NULL;
        _cleanup_free_ char* end = node_record_exit_to_string(&(ProcessExit) { CLD_DUMPED, 64 });
        _cleanup_node_record_ NodeRecord read = {};

        memset(name, 'n', 64);
        memset(scope, 's', 255);
        memcpy(scope + 249, ".scope", 6);
        for (unsigned i = NODE_FD_PROCESS + 1; i < _PROCESS_FD_MAX; i++)
                *(i == NODE_FD_STATUS ? &handed_over[i] : &record.numbers[i]) = UINT64_MAX;
        text = node_record_to_string(&record);
        more = node_record_fds_to_string(handed_over);
        all = xasprintf("%s%s%s%s%s%s%s", text, more, NODE_RECORD_LAUNCHED, NODE_RECORD_FAILED, NODE_RECORD_TERMINATED,
                        end, NODE_RECORD_RELEASED);
        assert_true(strlen(all) < NODE_RECORD_SIZE_MAX);
        assert_int_equal(node_record_from_string(all, &read), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(what_happened_is_appended),
                cmocka_unit_test(what_was_handed_over_is_appended),
                cmocka_unit_test(an_end_that_nobody_knows_is_zero),
                cmocka_unit_test(what_is_cut_off_is_refused),
                cmocka_unit_test(what_makes_no_sense_is_refused),
                cmocka_unit_test(the_longest_one_fits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
