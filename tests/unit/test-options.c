/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/node.h"
#include "core/role.h"
#include "ctl/options.h"
#include "unit/unit.h"

#define ARGUMENTS_MAX_HERE 16

/* A command line as the system gives it: ours to reorder. */
typedef struct Line {
        char* argv[ARGUMENTS_MAX_HERE];
        int argc;
        char* copy;
} Line;

static Line split(const char* text) {
        Line line = { .copy = xstrdup(text) };

        line.argv[line.argc++] = (char*) "zsupctl";
        for (char* word = strtok(line.copy, " "); word; word = strtok(NULL, " "))
                line.argv[line.argc++] = word;
        return line;
}

static void expect_refusal(const char* text, const char* expected) {
        Line line = split(text);
        char* why = NULL;
        Options o;

        options_init(&o);
        assert_int_equal(options_parse(&o, line.argc, line.argv, &why), -EINVAL);
        assert_string_equal(why, expected);
        options_done(&o);
        free(why);
        free(line.copy);
}

static void options_may_stand_anywhere(void** state) {
        Line line = split("-M box restart --json=short worker-1 --role=worker,proxy -q worker-2 --state=failed");
        char* why = NULL;
        Options o;
        int first;

        options_init(&o);
        first = options_parse(&o, line.argc, line.argv, &why);
        assert_int_equal(line.argc - first, 3);
        assert_string_equal(line.argv[first], "restart");
        assert_string_equal(line.argv[first + 1], "worker-1");
        assert_string_equal(line.argv[first + 2], "worker-2");
        assert_int_equal(o.transport, TRANSPORT_MACHINE);
        assert_string_equal(o.host, "box");
        assert_int_equal(o.json, JSON_MODE_SHORT);
        assert_int_equal(o.roles, 1U << ROLE_WORKER | 1U << ROLE_PROXY);
        assert_int_equal(o.states, 1U << NODE_FAILED);
        assert_true(o.quiet);
        options_done(&o);
        free(line.copy);
}

static void defaults_are_those_of_a_user_at_a_terminal(void** state) {
        Options o;

        options_init(&o);
        assert_true(o.pager && o.legend && o.ask_password);
        assert_false(o.quiet || o.user || o.all);
        assert_int_equal(o.signal, SIGTERM);
        assert_int_equal(o.json, JSON_MODE_OFF);
        options_done(&o);
}

static void what_makes_no_sense_is_refused_with_its_reason(void** state) {
        expect_refusal("--json=loud", "--json must be pretty, short or off, not 'loud'");
        expect_refusal("--state=running,tired", "--state 'tired' is not a state of nodes");
        expect_refusal("--role=boss", "--role 'boss' is not a role of nodes");
        expect_refusal("kill -s SIGFOO x", "--signal 'SIGFOO' is not a signal");
        expect_refusal("kill -s 0 x", "--signal '0' is not a signal");
        expect_refusal("list --user -H ids2",
                       "--host has no --user: the supervisor of a user is reached there, by ssh -t ids2 zsupctl --user");
        expect_refusal("log -n x", "--lines must be a number up to 1000000, not 'x'");
        expect_refusal("top --delay=1ms", "--delay must be a time span of at least 100ms, not '1ms'");
        expect_refusal("top --order=x", "--order must be cpu, memory, tasks or name, not 'x'");
        expect_refusal("--signal", "Option --signal wants a value");
        expect_refusal("-H", "Option --host wants a value");
        expect_refusal("--quiet=yes", "Option --quiet takes no value");
        expect_refusal("-Z", "There is no option -Z");
        expect_refusal("--bogus", "There is no option --bogus");
        expect_refusal("--no", "Option --no may be one of several");
        expect_refusal("--s=1", "Option --s=1 may be one of several");
}

static void a_verb_refuses_what_is_another_s(void** state) {
        Line line = split("destroy --follow x");
        char* why = NULL;

        assert_int_equal(options_check(line.argc, line.argv, verb_find("destroy"), &why), -EINVAL);
        assert_string_equal(why, "'destroy' has no option --follow");
        free(why);
        assert_int_equal(options_check(line.argc, line.argv, verb_find("log"), &why), 0);
        free(line.copy);
}

static void signals_have_names_and_numbers(void** state) {
        const char* const words[] = { "SIGUSR1", "USR1", "10" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                _cleanup_free_ char* text = xasprintf("kill -s %s x", words[i]);
                Line line = split(text);
                char* why = NULL;
                Options o;

                options_init(&o);
                assert_true(options_parse(&o, line.argc, line.argv, &why) > 0);
                assert_int_equal(o.signal, SIGUSR1);
                options_done(&o);
                free(line.copy);
        }
}

static void every_verb_can_be_found_and_does_something(void** state) {
        assert_null(verb_find("dance"));
        for (size_t i = 0; i < n_verbs; i++) {
                assert_ptr_equal(verb_find(verbs[i].name), &verbs[i]);
                assert_non_null(verbs[i].run);
                assert_true(verbs[i].min <= verbs[i].max);
                assert_true(verbs[i].arguments || verbs[i].max == 0);
        }
}

static void who_says_it_in_other_words_is_told_the_verb(void** state) {
        static const struct {
                const char *word, *verb;
        } cases[] = {
                { "stat", "status" }, { "stop", "destroy" },   { "start", "create" }, { "logs", "log" },
                { "re", NULL },       { "dance", NULL },       { "", NULL },          { "hook", "hooks" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char* verb = verb_suggest(cases[i].word);

                assert_int_equal(!verb, !cases[i].verb);
                if (!verb)
                        continue;
                assert_string_equal(verb, cases[i].verb);
                assert_non_null(verb_find(verb));
                assert_null(verb_find(cases[i].word));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(options_may_stand_anywhere),
                cmocka_unit_test(defaults_are_those_of_a_user_at_a_terminal),
                cmocka_unit_test(what_makes_no_sense_is_refused_with_its_reason),
                cmocka_unit_test(a_verb_refuses_what_is_another_s),
                cmocka_unit_test(signals_have_names_and_numbers),
                cmocka_unit_test(every_verb_can_be_found_and_does_something),
                cmocka_unit_test(who_says_it_in_other_words_is_told_the_verb),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
