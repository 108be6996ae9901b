/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "output/hook-chain.h"
#include "unit/unit.h"
#include "util/strv.h"

static unsigned n_refused;

static void on_refused(const Hook* hook, const HookPattern* pattern, size_t offset, const char* why, void* userdata) {
        n_refused++;
}

static Hook* hook_with(const char* name, const char* pattern, HookAction action) {
        Hook* hook = hook_new(name, HOOK_SOURCE_RUNTIME);

        if (pattern)
                hook_add_pattern(hook, pattern, 0, 0);
        hook->action = action;
        return hook;
}

/* Takes the hooks over. */
static HookChain* chain_of(size_t n, Hook** hooks) {
        HookChain* chain = hook_chain_new(hooks, n, on_refused, NULL);

        for (size_t i = 0; i < n; i++)
                hook_unref(hooks[i]);
        return chain;
}

#define CHAIN(...) \
        chain_of(sizeof((Hook*[]) { __VA_ARGS__ }) / sizeof(Hook*), (Hook*[]) { __VA_ARGS__ })

static const HookAnswers no_answers = {};

static HookVerdict judge_with(HookView* view, const char* line, const HookAnswers* answers) {
        HookVerdict verdict;

        hook_view_judge(view, line, strlen(line), answers, &verdict);
        return verdict;
}

static HookVerdict judge(HookView* view, const char* line) {
        return judge_with(view, line, &no_answers);
}

static void assert_decided(HookVerdict verdict, const char* name, bool suppress) {
        assert_int_equal(verdict.asks, -1);
        assert_int_equal(verdict.suppress, suppress);
        if (name)
                assert_string_equal(verdict.hook->name, name);
        else
                assert_null(verdict.hook);
}

static void without_hooks_everything_passes(void** state) {
        HookChain* chain = chain_of(0, NULL);
        HookView view;

        hook_view_init(&view, NULL, "node", 0, STREAM_STDOUT);
        assert_decided(judge(&view, "line"), NULL, false);
        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);
        assert_decided(judge(&view, "line"), NULL, false);
        assert_null(view.chain);
        hook_chain_free(chain);
}

static void the_first_that_decides_ends_the_chain(void** state) {
        HookChain* chain = CHAIN(hook_with("30-suppress", "noise", HOOK_SUPPRESS), hook_with("10-note", "noise", HOOK_GO_ON),
                                 hook_with("20-pass", "loud noise", HOOK_PASS), hook_with("40-rest", NULL, HOOK_SUPPRESS));
        HookView view;

        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);
        assert_decided(judge(&view, "loud noise"), "20-pass", false);
        assert_decided(judge(&view, "noise"), "30-suppress", true);
        assert_decided(judge(&view, "anything"), "40-rest", true);
        hook_view_done(&view);
        hook_chain_free(chain);
}

static void a_hook_sees_only_what_concerns_it(void** state) {
        Hook* hook = hook_with("a", "noise", HOOK_SUPPRESS);
        HookChain* chain;

        strv_extend(&hook->nodes, "worker-*");
        hook->roles = 1U << 3;
        hook->streams = 1U << STREAM_STDERR;
        chain = CHAIN(hook);

        static const struct {
                const char* node;
                unsigned role;
                Stream stream;
                bool suppressed;
        } cases[] = {
                { "worker-1", 3, STREAM_STDERR, true },
                { "worker-1", 3, STREAM_STDOUT, false },
                { "worker-1", 2, STREAM_STDERR, false },
                { "logger", 3, STREAM_STDERR, false },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HookView view;

                hook_view_init(&view, chain, cases[i].node, cases[i].role, cases[i].stream);
                assert_int_equal(judge(&view, "noise").suppress, cases[i].suppressed);
                hook_view_done(&view);
        }
        hook_chain_free(chain);
}

static void changes_add_up_and_the_last_one_counts(void** state) {
        Hook *a = hook_with("a", "x", HOOK_GO_ON), *b = hook_with("b", "y", HOOK_PASS), *c = hook_with("c", NULL, HOOK_GO_ON);
        _cleanup_journal_entry_ JournalEntry entry = {};
        HookVerdict verdict;
        HookChain* chain;
        HookView view;

        a->priority = 3;
        hook_set_field(a, "ONE", "a");
        hook_set_field(a, "TWO", "a");
        b->priority = 7;
        hook_set_field(b, "TWO", "b");
        hook_set_field(c, "THREE", "c");
        chain = CHAIN(a, b, c);
        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);

        verdict = judge(&view, "x");
        assert_int_equal(verdict.priority, 3);
        verdict = judge(&view, "-");
        assert_int_equal(verdict.priority, -1);
        verdict = judge(&view, "xy");
        assert_decided(verdict, "b", false);
        assert_int_equal(verdict.priority, 7);
        hook_verdict_add_fields(&view, &verdict, &entry);
        assert_int_equal(entry.size, strlen("ONE=a\nTWO=b\n"));
        assert_memory_equal(entry.data, "ONE=a\nTWO=b\n", entry.size);

        hook_view_done(&view);
        hook_chain_free(chain);
}

static void a_hook_without_a_pattern_that_works_is_out_of_force(void** state) {
        Hook *half = hook_with("half", "(", HOOK_SUPPRESS), *broken = hook_with("broken", "(", HOOK_SUPPRESS);
        HookChain* chain;
        HookView view;

        n_refused = 0;
        hook_add_pattern(half, "good", 0, 0);
        chain = CHAIN(half, broken);
        assert_int_equal(n_refused, 2);
        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);
        assert_decided(judge(&view, "good"), "half", true);
        assert_decided(judge(&view, "("), NULL, false);
        hook_view_done(&view);
        hook_chain_free(chain);
}

static void programs_are_asked_in_their_turn(void** state) {
        Hook *first = hook_with("1", "ask", HOOK_GO_ON), *second = hook_with("3", NULL, HOOK_GO_ON);
        HookChain* chain;
        HookView view;

        strv_extend(&first->exec, "/bin/first");
        strv_extend(&second->exec, "/bin/second");
        chain = CHAIN(second, hook_with("2", "shut up", HOOK_SUPPRESS), first);
        assert_int_equal(hook_chain_programs(chain), 2);
        assert_int_equal(hook_chain_program(chain, 1), 2);

        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);
        assert_int_equal(judge(&view, "line").asks, 1);
        assert_int_equal(judge(&view, "ask").asks, 0);
        assert_decided(judge(&view, "shut up"), "2", true);
        assert_int_equal(judge_with(&view, "ask", &(HookAnswers) { .known = 1 }).asks, 1);
        assert_decided(judge_with(&view, "ask", &(HookAnswers) { .known = 1, .broke = 1 }), "1", true);
        assert_decided(judge_with(&view, "ask", &(HookAnswers) { .known = 3, .failed = 3 }), NULL, false);
        assert_decided(judge_with(&view, "line", &(HookAnswers) { .known = 2, .broke = 2 }), "3", true);
        hook_view_done(&view);
        hook_chain_free(chain);
}

static void what_became_of_lines_is_counted(void** state) {
        Hook* program = hook_with("c", "ask", HOOK_GO_ON);
        const HookAnswers failed = { .known = 1, .failed = 1 };
        HookVerdict verdict;
        HookChain* chain;
        HookView view;

        strv_extend(&program->exec, "/bin/program");
        chain = CHAIN(hook_with("a", "x", HOOK_GO_ON), hook_with("b", "xy", HOOK_SUPPRESS), program);
        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);
        for (unsigned i = 0; i < 3; i++) {
                verdict = judge(&view, i < 2 ? "xy" : "x");
                verdict = judge(&view, i < 2 ? "xy" : "x"); /* judging again counts nothing */
                hook_view_count(&view, &verdict, &no_answers);
        }
        verdict = judge_with(&view, "ask", &failed);
        hook_view_count(&view, &verdict, &failed);

        assert_int_equal(hook_chain_counters(chain, 0)->matched, 3);
        assert_int_equal(hook_chain_counters(chain, 0)->suppressed, 0);
        assert_int_equal(hook_chain_counters(chain, 1)->matched, 2);
        assert_int_equal(hook_chain_counters(chain, 1)->suppressed, 2);
        assert_int_equal(hook_chain_counters(chain, 2)->matched, 1);
        assert_int_equal(hook_chain_counters(chain, 2)->failures, 1);
        hook_view_done(&view);
        hook_chain_free(chain);
}

static void as_many_hooks_as_there_may_be(void** state) {
        static Hook* hooks[HOOKS_MAX];
        HookVerdict verdict;
        HookChain* chain;
        HookView view;

        for (unsigned i = 0; i < HOOKS_MAX; i++) {
                char name[32], pattern[32];

                (void) snprintf(name, sizeof name, "hook-%05u", i);
                (void) snprintf(pattern, sizeof pattern, "<%u>", i);
                hooks[i] = hook_with(name, pattern, i % 2 ? HOOK_SUPPRESS : HOOK_GO_ON);
        }
        chain = chain_of(HOOKS_MAX, hooks);
        hook_view_init(&view, chain, "node", 0, STREAM_STDOUT);
        assert_decided(judge(&view, "<4095> <4094>"), "hook-04095", true);
        verdict = judge(&view, "<0> <64> <4094> <63> <4095>");
        assert_decided(verdict, "hook-00063", true);
        assert_int_equal(verdict.n_applied, 2);
        assert_int_equal(hook_chain_find(chain, "hook-00063"), 63);
        assert_int_equal(hook_chain_find(chain, "hook"), SIZE_MAX);
        hook_view_done(&view);
        hook_chain_free(chain);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_hooks_everything_passes),
                cmocka_unit_test(the_first_that_decides_ends_the_chain),
                cmocka_unit_test(a_hook_sees_only_what_concerns_it),
                cmocka_unit_test(changes_add_up_and_the_last_one_counts),
                cmocka_unit_test(a_hook_without_a_pattern_that_works_is_out_of_force),
                cmocka_unit_test(programs_are_asked_in_their_turn),
                cmocka_unit_test(what_became_of_lines_is_counted),
                cmocka_unit_test(as_many_hooks_as_there_may_be),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
