/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "output/hook.h"
#include "unit/unit.h"
#include "util/strv.h"

#define ROLE 3U /* some role; what it is called is no matter here */

static void a_new_hook_is_for_every_line_and_does_nothing(void** state) {
        _cleanup_hook_ Hook* hook = hook_new("name", "/etc/x/name.hook");

        assert_true(hook_concerns(hook, "worker-1", 0, STREAM_STDOUT));
        assert_true(hook_concerns(hook, "", 31, STREAM_STDERR));
        assert_int_equal(hook->action, HOOK_GO_ON);
        assert_int_equal(hook->priority, -1);
        assert_int_equal(hook->timeout_usec, HOOK_TIMEOUT_USEC_DEFAULT);
        assert_true(hook->n_patterns == 0 && hook->n_fields == 0 && !hook->exec);
        assert_string_equal(hook->name, "name");
        assert_string_equal(hook->source, "/etc/x/name.hook");
}

static void streams_and_roles_narrow_it(void** state) {
        _cleanup_hook_ Hook* hook = hook_new("name", HOOK_SOURCE_RUNTIME);

        hook->streams = 1U << STREAM_STDERR;
        assert_true(hook_concerns(hook, "a", ROLE, STREAM_STDERR));
        assert_false(hook_concerns(hook, "a", ROLE, STREAM_STDOUT));
        hook->roles = 1U << 1 | 1U << ROLE;
        assert_true(hook_concerns(hook, "a", ROLE, STREAM_STDERR));
        assert_true(hook_concerns(hook, "a", 1, STREAM_STDERR));
        assert_false(hook_concerns(hook, "a", 2, STREAM_STDERR));
}

static void globs_narrow_it_to_nodes(void** state) {
        static const struct {
                const char *glob, *node;
                bool concerned;
        } cases[] = {
                { "worker-1", "worker-1", true },
                { "worker-1", "worker-10", false },
                { "worker-1", "Worker-1", false },
                { "worker-*", "worker-1", true },
                { "worker-*", "worker-", true },
                { "worker-?", "worker-10", false },
                { "*", "x", true },
                { "*-1*", "worker-10", true },
                { "worker-[0-9]", "worker-7", true },
                { "worker-[!0-9]", "worker-7", false },
                { "worker-[[:digit:]]", "worker-7", true },
                { "*.example", "a.example", true },
                { "?hidden", ".hidden", true },
                { "worker\\*", "worker*", false },
                { "worker\\*", "worker\\-1", true },
                { "", "x", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_hook_ Hook* hook = hook_new("name", HOOK_SOURCE_RUNTIME);

                strv_extend(&hook->nodes, "none");
                strv_extend(&hook->nodes, cases[i].glob);
                if (hook_concerns(hook, cases[i].node, ROLE, STREAM_STDOUT) != cases[i].concerned)
                        fail_msg("'%s' and '%s'", cases[i].glob, cases[i].node);
        }
}

/* A glob that backtracks at each of its stars would take longer than the universe lasts. */
static void no_glob_is_slow(void** state) {
        _cleanup_hook_ Hook* hook = hook_new("name", HOOK_SOURCE_RUNTIME);
        char glob[HOOK_GLOB_BYTES_MAX + 1] = "", node[65] = "";

        for (size_t i = 0; i + 3 < sizeof glob; i += 2)
                memcpy(glob + i, "*a", 3);
        strcat(glob, "b");
        memset(node, 'a', sizeof node - 1);
        strv_extend(&hook->nodes, glob);
        strv_extend(&hook->nodes, "*a*a*a*a*a*a*a*a*a*a*a*a*b");
        strv_extend(&hook->nodes, "*?*?*?*?*?*?*?*?*?*?*?*?*[b]");
        assert_false(hook_concerns(hook, node, ROLE, STREAM_STDOUT));
}

static void patterns_and_fields_are_kept_in_order(void** state) {
        _cleanup_hook_ Hook* hook = hook_new("name", HOOK_SOURCE_RUNTIME);

        for (unsigned i = 0; i < 100; i++) {
                char text[16];

                (void) snprintf(text, sizeof text, "P%u", i);
                hook_add_pattern(hook, text, i + 1, 7);
                hook_set_field(hook, text, text);
        }
        hook_set_field(hook, "P50", "other");
        assert_int_equal(hook->n_patterns, 100);
        assert_int_equal(hook->n_fields, 100);
        assert_string_equal(hook->patterns[99].text, "P99");
        assert_int_equal(hook->patterns[99].line, 100);
        assert_int_equal(hook->patterns[99].column, 7);
        assert_string_equal(hook->fields[50].value, "other");
        assert_string_equal(hook->fields[51].value, "P51");

        hook_clear_patterns(hook);
        hook_clear_fields(hook);
        assert_true(hook->n_patterns == 0 && hook->n_fields == 0);
        hook_add_pattern(hook, "again", 0, 0);
        hook_set_field(hook, "AGAIN", "");
        assert_string_equal(hook->patterns[0].text, "again");
        assert_string_equal(hook->fields[0].name, "AGAIN");
}

/* One of everything; what is taken away is the field with that number. */
static Hook* make(unsigned without) {
        Hook* hook = hook_new(without == 0 ? "other" : "name", HOOK_SOURCE_RUNTIME);

        if (without != 1)
                hook->streams = 1U << STREAM_STDERR;
        if (without != 2)
                strv_extend(&hook->nodes, "a*");
        if (without != 3)
                hook->roles = 1U << ROLE;
        if (without != 4)
                hook->action = HOOK_PASS;
        if (without != 5)
                hook->priority = 3;
        if (without != 6)
                strv_extend(&hook->exec, "/bin/x");
        if (without != 7)
                hook->timeout_usec = USEC_PER_MSEC;
        hook_add_pattern(hook, "one", 1, 2);
        if (without != 8)
                hook_add_pattern(hook, "two", 3, 4);
        hook_set_field(hook, "ONE", "1");
        if (without != 9)
                hook_set_field(hook, "TWO", "2");
        if (without == 10)
                hook_set_field(hook, "TWO", "3");
        if (without == 11)
                free_and_replace(hook->patterns[0].text, xstrdup("three"));
        return hook;
}

static void equal_is_what_does_the_same(void** state) {
        _cleanup_hook_ Hook *a = make(100), *b = make(100);

        free_and_replace(b->source, xstrdup("/etc/name.hook"));
        b->patterns[0].line = 7;
        assert_true(hook_equal(a, b));
        for (unsigned i = 0; i <= 11; i++) {
                _cleanup_hook_ Hook* c = make(i);

                if (hook_equal(a, c) || hook_equal(c, a))
                        fail_msg("difference %u was not seen", i);
        }
}

static void names_are_those_of_plain_files(void** state) {
        static const char* const good[] = { "a", "10-noise", "A.b_c-9", "_x" };
        static const struct {
                const char *name, *why;
        } bad[] = {
                { "", "empty" },          { ".hidden", "begin with '.'" }, { "..", "begin with '.'" },
                { "-f", "begin with '-'" }, { "a/b", "only letters" },     { "a b", "only letters" },
                { "a\nb", "'a\\x0ab'" },    { "\xc3\xa4", "only letters" },  { "a@b", "only letters" },
        };
        char long_name[HOOK_NAME_MAX + 2] = "";

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_null(hook_name_check(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char* why = hook_name_check(bad[i].name);

                if (!why || !strstr(why, bad[i].why))
                        fail_msg("'%s': %s", bad[i].name, why ? why : "taken");
        }

        memset(long_name, 'x', HOOK_NAME_MAX + 1);
        _cleanup_free_ char* why = hook_name_check(long_name);
        assert_non_null(why);
        long_name[HOOK_NAME_MAX] = 0;
        assert_null(hook_name_check(long_name));
}

static void hooks_are_in_the_order_of_their_files(void** state) {
        static const char* const names[] = { "10", "10-a", "10-b", "10.a", "10.", "10.h", "10.hook", "10.hookx", "10.x", "9", "A", "_", "a", "a-", "aa" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                for (size_t j = 0; j < ELEMENTSOF(names); j++) {
                        _cleanup_free_ char* a = xasprintf("%s" HOOK_FILE_SUFFIX, names[i]);
                        _cleanup_free_ char* b = xasprintf("%s" HOOK_FILE_SUFFIX, names[j]);
                        int files = strcmp(a, b), hooks = hook_name_compare(names[i], names[j]);

                        if ((files < 0) != (hooks < 0) || (files > 0) != (hooks > 0))
                                fail_msg("'%s' and '%s': %d instead of %d", names[i], names[j], hooks, files);
                }
}

static void no_field_says_whose_line_it_is(void** state) {
        static const char* const good[] = { "KIND", "X_1", "ZEEK_KIND", "ZEEK_NODES", "SYSLOG_FACILITY", "DOCUMENTATION" };
        static const char* const bad[] = {
                "",           "kind",        "1X",        "_PID",      "A B",          "A=B",         "MESSAGE",
                "MESSAGE_ID", "PRIORITY",    "UNIT",      "USER_UNIT", "OBJECT_PID",   "OBJECT_X",    "COREDUMP_FILENAME",
                "ZEEK_NODE",  "ZEEK_ROLE",   "ZEEK_STREAM", "ZEEK_NODE_PID", "ZEEK_LINE_PART", "ZEEK_LINE_BREAK",
                "ZEEK_STATE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "INVOCATION_ID",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!hook_field_name_is_allowed(good[i]))
                        fail_msg("'%s' was refused", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (hook_field_name_is_allowed(bad[i]))
                        fail_msg("'%s' was taken", bad[i]);
}

static void all_hooks_together_have_limits(void** state) {
        _cleanup_hook_ Hook *rule = hook_new("rule", HOOK_SOURCE_RUNTIME), *program = hook_new("p", HOOK_SOURCE_RUNTIME);
        HookTotals totals = {}, before;
        _cleanup_free_ char *no_program = NULL, *no_pattern = NULL, *no_hook = NULL;

        hook_add_pattern(rule, "x", 0, 0);
        strv_extend(&program->exec, "/bin/x");
        for (unsigned i = 0; i < HOOK_PROGRAMS_MAX; i++)
                assert_null(hook_totals_add(&totals, program));
        before = totals;
        no_program = hook_totals_add(&totals, program);
        assert_non_null(strstr(no_program, "programs"));
        assert_memory_equal(&totals, &before, sizeof totals);

        totals.patterns = HOOK_PATTERNS_MAX - 1;
        assert_null(hook_totals_add(&totals, rule));
        no_pattern = hook_totals_add(&totals, rule);
        assert_non_null(strstr(no_pattern, "patterns"));
        totals = (HookTotals) { .hooks = HOOKS_MAX - 1 };
        assert_null(hook_totals_add(&totals, rule));
        no_hook = hook_totals_add(&totals, rule);
        assert_non_null(strstr(no_hook, "hooks"));
}

static void actions_have_words(void** state) {
        assert_int_equal(hook_action_from_string("suppress"), HOOK_SUPPRESS);
        assert_int_equal(hook_action_from_string("pass"), HOOK_PASS);
        assert_int_equal(hook_action_from_string(""), HOOK_GO_ON);
        assert_int_equal(hook_action_from_string("break"), -EINVAL);
        assert_string_equal(hook_action_to_string(HOOK_SUPPRESS), "suppress");
}

static void* take_and_let_go(void* hook) {
        for (unsigned i = 0; i < 20000; i++)
                hook_unref(hook_ref(hook));
        return NULL;
}

static void threads_share_it(void** state) {
        _cleanup_hook_ Hook* hook = hook_new("name", HOOK_SOURCE_RUNTIME);
        pthread_t threads[4];

        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, take_and_let_go, hook), 0);
        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(hook->n_ref, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_hook_is_for_every_line_and_does_nothing),
                cmocka_unit_test(streams_and_roles_narrow_it),
                cmocka_unit_test(globs_narrow_it_to_nodes),
                cmocka_unit_test(no_glob_is_slow),
                cmocka_unit_test(patterns_and_fields_are_kept_in_order),
                cmocka_unit_test(equal_is_what_does_the_same),
                cmocka_unit_test(names_are_those_of_plain_files),
                cmocka_unit_test(hooks_are_in_the_order_of_their_files),
                cmocka_unit_test(no_field_says_whose_line_it_is),
                cmocka_unit_test(all_hooks_together_have_limits),
                cmocka_unit_test(actions_have_words),
                cmocka_unit_test(threads_share_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
