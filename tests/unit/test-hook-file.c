/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <sys/wait.h>

#include "config/hook-file.h"
#include "config/ini.h"
#include "core/role.h"
#include "unit/scratch.h"
#include "util/strv.h"

static Hook* parse(const char* text, Diagnostics* d) {
        return hook_parse("name", "/etc/hooks.d/name.hook", "F", text, strlen(text), d);
}

static char* render_diagnostics(const Diagnostics* d) {
        _cleanup_strv_free_ char** lines = NULL;

        for (size_t i = 0; i < d->n; i++)
                strv_consume(&lines, diagnostic_to_string(&d->items[i]));
        return strv_join(lines, "\n");
}

static Hook* parse_good(const char* text) {
        _cleanup_diagnostics_ Diagnostics d = {};
        Hook* hook = parse(text, &d);
        _cleanup_free_ char* said = render_diagnostics(&d);

        if (!hook || d.n > 0)
                fail_msg("%s: %s", text, said);
        return hook;
}

static void every_key_is_read(void** state) {
        _cleanup_hook_ Hook* rule = parse_good("# a rule\n[Hook]\nStream=stderr\nNode=worker-* 'proxy-[0-9]'\nRole=worker\n"
                                               "Role=proxy WORKER Supervisor::NONE\nMatch=^a  \"b'\\\\d #c  \nMatch=two\n"
                                               "Action=suppress\nPriority=debug\nSetField=A=1 \"B=two words\" C=\nX-Note=y\n");
        _cleanup_hook_ Hook* program =
                parse_good("[Hook]\nExec=/bin/sh -c 'while read -r l; do echo pass; done'\nTimeoutSec=250ms\nPriority=3\n");

        assert_string_equal(rule->name, "name");
        assert_string_equal(rule->source, "/etc/hooks.d/name.hook");
        assert_int_equal(rule->streams, 1U << STREAM_STDERR);
        assert_int_equal(strv_length(rule->nodes), 2);
        assert_string_equal(rule->nodes[1], "proxy-[0-9]");
        assert_int_equal(rule->roles, 1U << ROLE_WORKER | 1U << ROLE_PROXY | 1U << ROLE_STANDALONE);
        assert_int_equal(rule->n_patterns, 2);
        assert_string_equal(rule->patterns[0].text, "^a  \"b'\\\\d #c");
        assert_int_equal(rule->patterns[0].line, 7);
        assert_int_equal(rule->patterns[0].column, 7);
        assert_int_equal(rule->patterns[1].line, 8);
        assert_int_equal(rule->action, HOOK_SUPPRESS);
        assert_int_equal(rule->priority, 7);
        assert_int_equal(rule->n_fields, 3);
        assert_string_equal(rule->fields[1].name, "B");
        assert_string_equal(rule->fields[1].value, "two words");
        assert_string_equal(rule->fields[2].value, "");
        assert_null(rule->exec);
        assert_int_equal(rule->timeout_usec, HOOK_TIMEOUT_USEC_DEFAULT);

        assert_int_equal(program->streams, 1U << STREAM_STDOUT | 1U << STREAM_STDERR);
        assert_int_equal(strv_length(program->exec), 3);
        assert_string_equal(program->exec[2], "while read -r l; do echo pass; done");
        assert_int_equal(program->timeout_usec, 250 * USEC_PER_MSEC);
        assert_int_equal(program->priority, 3);
        assert_int_equal(program->action, HOOK_GO_ON);
}

static void lists_add_up_and_other_values_are_replaced(void** state) {
        _cleanup_hook_ Hook* hook = parse_good("[Hook]\nStream=stdout\nStream=both\nNode=a\nNode=b c\nMatch=x\nMatch=y\n"
                                               "Priority=1\nPriority=2\nSetField=A=1\nSetField=A=2 B=3\n[Hook]\nMatch=z\n"
                                               "Exec=/bin/a -b\nExec=-c\n");

        assert_int_equal(hook->streams, 3);
        assert_int_equal(strv_length(hook->nodes), 3);
        assert_int_equal(hook->n_patterns, 3);
        assert_int_equal(hook->priority, 2);
        assert_int_equal(hook->n_fields, 2);
        assert_string_equal(hook->fields[0].value, "2");
        assert_int_equal(strv_length(hook->exec), 3);
}

static void an_empty_value_takes_back(void** state) {
        _cleanup_hook_ Hook* plain = parse_good("[Hook]\nAction=pass\n");
        _cleanup_hook_ Hook* hook = parse_good(
                "[Hook]\nStream=stdout\nStream=\nNode=a\nNode=\nRole=proxy\nRole=\nMatch=x\nMatch=\nAction=suppress\nAction=\n"
                "Priority=3\nPriority=\nSetField=A=1\nSetField=\nExec=/bin/x\nExec=\nTimeoutSec=3\nTimeoutSec=\nAction=pass\n");
        _cleanup_hook_ Hook* again = parse_good("[Hook]\nNode=a\nNode=\nNode=b\nMatch=x\nMatch=\nMatch=y\nAction=pass\n");

        assert_true(hook_equal(hook, plain));
        assert_string_equal(again->nodes[0], "b");
        assert_null(again->nodes[1]);
        assert_int_equal(again->n_patterns, 1);
        assert_string_equal(again->patterns[0].text, "y");
}

static void expect_out_of_force(const char* text, const char* first, const char* last) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_hook_ Hook* hook = parse(text, &d);
        _cleanup_free_ char* said = render_diagnostics(&d);

        if (hook)
                fail_msg("'%s' is in force: %s", text, said);
        if (strncmp(said, first, strlen(first)) != 0 || !strstr(said, last))
                fail_msg("'%s' should say '%s' … '%s', not '%s'", text, first, last, said);
}

static void what_could_have_narrowed_the_hook_puts_it_out_of_force(void** state) {
        static const struct {
                const char *lines, *first;
        } cases[] = {
                { "Stream=stdrr\nMatch=x\n", "F:3:8: Stream= must be stdout, stderr or both\n" },
                { "Stream=stdout\nStream=stdrr\nMatch=x\n", "F:4:8: Stream= must be" },
                { "Node=a b c'\n", "F:3:6: Node= has a quote that is not closed" },
                { "Node=\"\"\n", "F:3:6: Node= must not hold an empty name" },
                { "Node=a [b\n", "F:3:6: Node= has a '[' without a ']' in '[b'" },
                { "Node=a[]\n", "F:3:6: Node= has a '[' without a ']'" },
                { "Node=a[!]\n", "F:3:6: Node= has a '[' without a ']'" },
                { "Node=a[[:digit:]\n", "F:3:6: Node= has a '[' without a ']'" },
                { "Node=a[[:digit\n", "F:3:6: Node= has a '[' without a ']'" },
                { "Node=wörker\n", "F:3:6: Node= must be names of nodes" },
                { "Node=a\nNode=b,c\n", "F:4:6: Node= must be names of nodes, with '*', '?' and '[…]' as wildcards; 'b,c' is none" },
                { "Role=worker boss\n", "F:3:6: Role= must be logger, manager, proxy, worker or standalone, not 'boss'" },
                { "Match=\xff\n", "F:3: Line is not valid UTF-8" },
                { "Match=a\x1b[0m\nMatch=b\n", "F:3: Line holds control characters" },
                { "Mtach=x\n", "F:3: Unknown key 'Mtach=' in section [Hook]\n" },
                { "match=x\n", "F:3: Unknown key 'match='" },
                { "Match x\n", "F:3: Missing '='" },
                { "[Matches]\nMatch=x\n", "F:3: Unknown section [Matches]" },
                { "[Hook\nMatch=x\n", "F:3: Invalid section header" },
                { "Action=supress\n", "F:3:8: Action= must be suppress or pass\n" },
                { "Exec=sh -c x\n", "F:3:6: Exec= must begin with the absolute path of a program" },
                { "Exec=/bin/sh \"-c\n", "F:3:6: Exec= has a quote that is not closed" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* text = xasprintf("[Hook]\nAction=suppress\n%s", cases[i].lines);

                expect_out_of_force(text, cases[i].first, "F: The hook is out of force: without what is wrong in it, it could "
                                                          "apply to lines that are not meant");
        }
}

static void a_file_without_a_hook_is_none(void** state) {
        expect_out_of_force("", "F: Has no section [Hook], the hook is out of force", "");
        expect_out_of_force("[X-Other]\nA=1\n", "F: Has no section [Hook]", "");
        expect_out_of_force("[Hok]\nAction=pass\n", "F:1: Unknown section [Hok]", "F: Has no section [Hook]");
}

static void a_program_and_an_action_contradict_each_other(void** state) {
        expect_out_of_force("[Hook]\nAction=suppress\n\nExec=/bin/x\n",
                            "F:4: Exec= and Action= exclude each other, a program decides about a line itself", "out of force");
}

static void what_was_wrong_can_be_put_right(void** state) {
        static const char* const texts[] = {
                "Stream=x\nStream=stderr\n",
                "Node=[\nNode=\nNode=a\n",
                "Role=x\nRole=\n",
                "Action=x\nAction=pass\n",
                "Exec=x\nExec=\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char* text = xasprintf("[Hook]\nPriority=3\n%s", texts[i]);
                _cleanup_diagnostics_ Diagnostics d = {};
                _cleanup_hook_ Hook* hook = parse(text, &d);

                if (!hook || d.n != 1)
                        fail_msg("'%s': %zu", text, d.n);
        }
}

/* It is in force, and of all that was said this is the first. */
static Hook* expect_doubt(const char* text, const char* expected) {
        _cleanup_diagnostics_ Diagnostics d = {};
        Hook* hook = parse(text, &d);
        _cleanup_free_ char* said = render_diagnostics(&d);

        if (!hook)
                fail_msg("'%s' is out of force: %s", text, said);
        if (strncmp(said, expected, strlen(expected)) != 0)
                fail_msg("'%s' should say '%s', not '%s'", text, expected, said);
        return hook;
}

static void what_the_hook_can_do_without_is_left_out(void** state) {
        _cleanup_hook_ Hook* priority = expect_doubt("[Hook]\nAction=suppress\nPriority=notice\nPriority=urgent\n",
                                                     "F:4:10: Priority= must be emerg, alert,");
        _cleanup_hook_ Hook* number = expect_doubt("[Hook]\nAction=suppress\nPriority=8\n", "F:3:10: Priority= must be emerg,");
        _cleanup_hook_ Hook* field = expect_doubt("[Hook]\nSetField=A=1 MESSAGE=x =y b=1 B=2\n",
                                                  "F:2:10: SetField= cannot set a field 'MESSAGE'");
        _cleanup_hook_ Hook* no_value = expect_doubt("[Hook]\nSetField=A B=1\n",
                                                     "F:2:10: SetField= must be a list of NAME=value; 'A' is none");
        _cleanup_hook_ Hook* timeout = expect_doubt("[Hook]\nExec=/bin/x\nTimeoutSec=0\n",
                                                    "F:3:12: TimeoutSec= must be a time between 1ms and 60s");
        _cleanup_hook_ Hook* no_program = expect_doubt("[Hook]\nAction=pass\nTimeoutSec=1\n",
                                                       "F:3: TimeoutSec= means nothing without Exec=");
        _cleanup_hook_ Hook* nothing =
                expect_doubt("[Hook]\nMatch=x\n", "F: The hook does nothing but count lines: it has no Action=");

        assert_int_equal(priority->priority, 5);
        assert_int_equal(number->priority, -1);
        assert_int_equal(field->n_fields, 2);
        assert_string_equal(field->fields[1].name, "B");
        assert_int_equal(no_value->n_fields, 1);
        assert_int_equal(timeout->timeout_usec, HOOK_TIMEOUT_USEC_DEFAULT);
        assert_int_equal(no_program->action, HOOK_PASS);
        assert_int_equal(nothing->n_patterns, 1);
}

static char* repeat(const char* s, size_t n) {
        char *text = xcalloc(strlen(s) * n + 1, 1), *p = text;

        while (n-- > 0)
                p = stpcpy(p, s);
        return text;
}

static void a_pattern_is_left_out_as_long_as_there_is_another(void** state) {
        _cleanup_free_ char* large = repeat("x", HOOK_PATTERN_BYTES_MAX + 1);
        _cleanup_free_ char* two = xasprintf("[Hook]\nAction=suppress\nMatch=%s\nMatch=good\n", large);
        _cleanup_free_ char* one = xasprintf("[Hook]\nAction=suppress\nMatch=%s\n", large);
        _cleanup_hook_ Hook* hook = expect_doubt(two, "F:3:7: Match= must not hold a pattern of more than 4096 bytes");

        assert_int_equal(hook->n_patterns, 1);
        assert_string_equal(hook->patterns[0].text, "good");
        assert_int_equal(hook->patterns[0].line, 4);
        expect_out_of_force(one, "F:3:7: Match= must not hold", "out of force");
}

static void everything_has_a_limit(void** state) {
        static const struct {
                const char* unit;
                size_t n;
                const char* expected;
        } cases[] = {
                { "Node=a\n", HOOK_GLOBS_MAX, "F:258:6: Node= has more than 256 names" },
                { "Match=a\n", HOOK_PATTERNS_MAX, "F:16386:7: Match= has more than 16384 patterns" },
                { "Exec=/a\n", HOOK_EXEC_WORDS_MAX, "F:130:6: Exec= has more than 128 words" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* good = repeat(cases[i].unit, cases[i].n);
                _cleanup_free_ char* text = xasprintf("[Hook]\n%sPriority=3\n", good);
                _cleanup_free_ char* bad = xasprintf("[Hook]\n%s%sPriority=3\n", good, cases[i].unit);
                _cleanup_diagnostics_ Diagnostics d = {};
                _cleanup_hook_ Hook *hook = parse_good(text), *other = parse(bad, &d);
                _cleanup_free_ char* said = render_diagnostics(&d);

                if (!strstr(said, cases[i].expected))
                        fail_msg("'%s' is not in '%s'", cases[i].expected, said);
                assert_true(!other || hook_equal(hook, other));
        }

        _cleanup_free_ char* value = repeat("v", HOOK_FIELD_BYTES_MAX + 1);
        _cleanup_free_ char* large_field = xasprintf("[Hook]\nSetField=A=%s\n", value);
        _cleanup_hook_ Hook* field = expect_doubt(large_field, "F:2:10: SetField= gives A a value of more than 4096 bytes");
        assert_int_equal(field->n_fields, 0);

        _cleanup_strv_free_ char** fields = NULL;
        for (unsigned i = 0; i <= HOOK_FIELDS_MAX; i++)
                strv_extendf(&fields, "F%u=x", i);
        _cleanup_free_ char* joined = strv_join(fields, " ");
        _cleanup_free_ char* many_fields = xasprintf("[Hook]\nSetField=%s\nSetField=F1=y\n", joined);
        _cleanup_hook_ Hook* many = expect_doubt(many_fields, "F:2:10: SetField= sets more than 32 fields");
        assert_string_equal(many->fields[1].value, "y");

        _cleanup_free_ char* glob = repeat("*", HOOK_GLOB_BYTES_MAX + 1);
        _cleanup_free_ char* large_glob = xasprintf("[Hook]\nAction=pass\nNode=%s\n", glob);
        expect_out_of_force(large_glob, "F:3:6: Node= must not hold a name of more than 256 bytes", "");

        _cleanup_free_ char* word = repeat("x", HOOK_EXEC_BYTES_MAX);
        _cleanup_free_ char* large_exec = xasprintf("[Hook]\nExec=/%s\n", word);
        expect_out_of_force(large_exec, "F:2:6: Exec= has more than 32768 bytes in all", "");

        _cleanup_free_ char* comment = repeat("#", INI_FILE_MAX + 1);
        expect_out_of_force(comment, "F: Is larger than 1048576 bytes", "");
}

/* ---- writing ---- */

/* A generator of numbers that is the same everywhere. */
static unsigned next_number(uint64_t* seed, unsigned below) {
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned) (*seed >> 33) % below;
}

/* Up to n characters, most of them ones that mean something somewhere. */
static char* odd_string(uint64_t* seed, unsigned n, bool one_line) {
        static const char* const odd[] = { "\"", "'", "\\", " ",  "\t", "=", "#",  ";",        "[",        "]",
                                           "%",  "$", "\n", "\r", "\a", "a", "\\x", "\xc3\xa4", "\xc2\x85", "\x7f",
                                           "\x01", "1", "f", "(",  "|" };
        char* text = xcalloc(n * 4 + 1, 1);

        for (char* p = text; n > 0; n--) {
                const char* s = odd[next_number(seed, ELEMENTSOF(odd))];

                if (!one_line || (unsigned char) *s >= 0x80 || (*s >= 0x20 && *s != 0x7f) || *s == '\t')
                        p = stpcpy(p, s);
        }
        return text;
}

static Hook* random_hook(uint64_t* seed) {
        Hook* hook = hook_new("name", HOOK_SOURCE_RUNTIME);

        hook->streams = next_number(seed, 3) + 1;
        hook->roles = next_number(seed, 1U << _ROLE_MAX);
        for (unsigned n = next_number(seed, 3); n > 0; n--)
                strv_extend(&hook->nodes, n % 2 == 0 ? "worker-[!0-9]*" : "?");
        for (unsigned n = next_number(seed, 4); n > 0; n--) {
                _cleanup_free_ char* odd = odd_string(seed, next_number(seed, 20), true);
                /* no blank at an end, and an even number of backslashes there */
                _cleanup_free_ char* text = xasprintf("%s%s%s", n % 2 == 0 ? "#" : "\"", odd, n % 3 == 0 ? ";" : "'\\\\");

                hook_add_pattern(hook, text, 0, 0);
        }
        hook->priority = (int) next_number(seed, 9) - 1;
        for (unsigned n = next_number(seed, 4); n > 0; n--) {
                _cleanup_free_ char* value = odd_string(seed, next_number(seed, 20), false);

                hook_set_field(hook, n == 1 ? "ONE" : n == 2 ? "TWO_2" : "X", value);
        }
        if (next_number(seed, 2) == 0)
                hook->action = (HookAction) next_number(seed, _HOOK_ACTION_MAX);
        else {
                strv_extend(&hook->exec, "/bin/a b");
                for (unsigned n = next_number(seed, 4); n > 0; n--)
                        strv_consume(&hook->exec, odd_string(seed, next_number(seed, 20), false));
                hook->timeout_usec = HOOK_TIMEOUT_USEC_MIN + next_number(seed, HOOK_TIMEOUT_USEC_MAX - HOOK_TIMEOUT_USEC_MIN + 1);
        }
        return hook;
}

static void what_is_written_is_read_again(void** state) {
        uint64_t seed = 1;

        for (unsigned i = 0; i < 5000; i++) {
                _cleanup_hook_ Hook *hook = random_hook(&seed), *again = NULL;
                _cleanup_free_ char *text = hook_to_text(hook), *said = NULL;
                _cleanup_diagnostics_ Diagnostics d = {};

                again = parse(text, &d);
                said = render_diagnostics(&d);
                if (!again || !hook_equal(hook, again))
                        fail_msg("hook %u: '%s' %s", i, text, said);
                if (d.n > 0 && !strstr(said, "does nothing but count"))
                        fail_msg("hook %u: '%s' %s", i, text, said);
        }
}

static void a_hook_has_a_readable_file(void** state) {
        static const char text[] = "[Hook]\nStream=stderr\nNode=\"worker-*\" \"proxy\"\nRole=worker\nMatch=^a \\d\nMatch=b\n"
                                   "Priority=3\nSetField=\"A=x \\\"y\\x0a\"\nExec=\"/bin/sh\" \"-c\" \"\"\nTimeoutSec=2000000us\n";
        _cleanup_hook_ Hook* hook = parse_good(text);
        _cleanup_free_ char* written = hook_to_text(hook);

        assert_string_equal(written, text);
}

/* ---- directories ---- */

static char** two_directories(const Scratch* scratch) {
        char** directories = NULL;

        strv_extendf(&directories, "%s/etc", scratch->path);
        strv_extendf(&directories, "%s/lib", scratch->path);
        return directories;
}

/* "NAME:source NAME:source", with the directory of the test as %. */
static char* list(const Scratch* scratch, const char* runtime, Diagnostics* d) {
        _cleanup_strv_free_ char **directories = two_directories(scratch), **words = NULL;
        _cleanup_hook_list_ HookList hooks = {};
        size_t length = strlen(scratch->path);

        hook_list_load(&hooks, directories, runtime, d);
        for (size_t i = 0; i < hooks.n; i++) {
                const char* source = hooks.items[i]->source;

                strv_extendf(&words, "%s:%s", hooks.items[i]->name,
                             strncmp(source, scratch->path, length) == 0 ? source + length + 1 : source);
        }
        return strv_join(words, " ");
}

static const char good_hook[] = "[Hook]\nAction=pass\n";

static void files_override_and_mask_each_other_and_make_room_for_runtime_hooks(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* runtime = xasprintf("%s/run/hooks", scratch.path);
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *listed = NULL, *said = NULL, *expected = NULL;

        scratch_write(&scratch, "lib/hooks.d/50-a.hook", 0644, good_hook);
        scratch_write(&scratch, "etc/hooks.d/50-a.hook", 0644, good_hook);
        scratch_write(&scratch, "lib/hooks.d/20-masked.hook", 0644, good_hook);
        scratch_link(&scratch, "etc/hooks.d/20-masked.hook", "/dev/null");
        scratch_write(&scratch, "lib/hooks.d/README", 0644, "no hook");
        scratch_write(&scratch, "lib/hooks.d/90-z.hook", 0644, good_hook);
        scratch_write(&scratch, "lib/hooks.d/bad name.hook", 0644, good_hook);
        scratch_write(&scratch, "etc/hooks.d/30-broken.hook", 0644, "[Hook]\nAction=x\n");
        scratch_write(&scratch, "run/hooks/60-r.hook", 0644, good_hook);
        scratch_write(&scratch, "run/hooks/20-masked.hook", 0644, good_hook);
        scratch_write(&scratch, "run/hooks/50-a.hook", 0644, good_hook);
        scratch_write(&scratch, "run/hooks/30-broken.hook", 0644, good_hook);
        listed = list(&scratch, runtime, &d);
        assert_string_equal(listed, "20-masked:runtime 50-a:etc/hooks.d/50-a.hook 60-r:runtime 90-z:lib/hooks.d/90-z.hook");

        said = render_diagnostics(&d);
        expected = xasprintf(
                "%1$s/etc/hooks.d/30-broken.hook:2:8: Action= must be suppress or pass\n"
                "%1$s/etc/hooks.d/30-broken.hook: The hook is out of force: without what is wrong in it, it could apply to "
                "lines that are not meant\n"
                "%1$s/lib/hooks.d/bad name.hook: The name of a hook may hold only letters, digits, '_', '.' and '-': 'bad name'; "
                "the hook is out of force\n"
                "%1$s/run/hooks/30-broken.hook: There is a file for a hook of this name, ignoring the runtime hook\n"
                "%1$s/run/hooks/50-a.hook: There is a file for a hook of this name, ignoring the runtime hook",
                scratch.path);
        assert_string_equal(said, expected);
}

static void without_directories_there_are_no_hooks(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* runtime = xasprintf("%s/run/hooks", scratch.path);
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *nothing = list(&scratch, NULL, &d), *nothing_either = list(&scratch, runtime, &d);

        assert_string_equal(nothing, "");
        assert_string_equal(nothing_either, "");
        assert_int_equal(d.n, 0);
}

static void more_programs_than_there_may_be_are_out_of_force(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_strv_free_ char** directories = two_directories(&scratch);
        _cleanup_hook_list_ HookList hooks = {};
        _cleanup_free_ char* said = NULL;

        for (unsigned i = 0; i <= HOOK_PROGRAMS_MAX; i++) {
                _cleanup_free_ char* name = xasprintf("etc/hooks.d/%02u.hook", i);

                scratch_write(&scratch, name, 0644, "[Hook]\nExec=/bin/true\n");
        }
        scratch_write(&scratch, "etc/hooks.d/99.hook", 0644, good_hook);
        hook_list_load(&hooks, directories, NULL, &d);
        assert_int_equal(hooks.n, HOOK_PROGRAMS_MAX + 1);
        assert_string_equal(hooks.items[HOOK_PROGRAMS_MAX]->name, "99");
        said = render_diagnostics(&d);
        assert_non_null(strstr(said, "/etc/hooks.d/16.hook: Hook '16' is out of force: there are 16 hooks with programs"));
        assert_int_equal(d.n, 1);
}

/* ---- what is shipped ---- */

static void load_examples(HookList* list) {
        _cleanup_strv_free_ char** directories = NULL;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char* said = NULL;

        strv_extend(&directories, EXAMPLES);
        hook_list_load(list, directories, NULL, &d);
        said = render_diagnostics(&d);
        assert_string_equal(said, "");
}

static void the_examples_are_good(void** state) {
        _cleanup_hook_list_ HookList list = {};

        load_examples(&list);
        assert_int_equal(list.n, 2);
        assert_int_equal(list.items[0]->n_patterns, 2);
        assert_int_equal(list.items[0]->action, HOOK_SUPPRESS);
        assert_non_null(list.items[1]->exec);
}

static void the_example_of_a_program_answers_as_it_should(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char *in = scratch_place(&scratch, "in"), *out = scratch_place(&scratch, "out"), *answers = NULL;
        _cleanup_hook_list_ HookList list = {};
        size_t size;
        pid_t pid;

        load_examples(&list);
        scratch_write(&scratch, "in", 0644, "a\tstderr\tx  y\na\tstderr\tx  y\nb\tstderr\tx  y\nb\tstderr\tx y\n"
                                            "b\tstderr\t\\n\nb\tstderr\t\\n\nb\tstderr\t-n \n");
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (freopen(in, "r", stdin) && freopen(out, "w", stdout))
                        execv(list.items[1]->exec[0], list.items[1]->exec);
                _exit(126);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(file_read(AT_FDCWD, out, 4096, &answers, &size), 0);
        assert_string_equal(answers, "pass\nbreak\npass\npass\npass\nbreak\npass\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_key_is_read),
                cmocka_unit_test(lists_add_up_and_other_values_are_replaced),
                cmocka_unit_test(an_empty_value_takes_back),
                cmocka_unit_test(what_could_have_narrowed_the_hook_puts_it_out_of_force),
                cmocka_unit_test(a_file_without_a_hook_is_none),
                cmocka_unit_test(a_program_and_an_action_contradict_each_other),
                cmocka_unit_test(what_was_wrong_can_be_put_right),
                cmocka_unit_test(what_the_hook_can_do_without_is_left_out),
                cmocka_unit_test(a_pattern_is_left_out_as_long_as_there_is_another),
                cmocka_unit_test(everything_has_a_limit),
                cmocka_unit_test(what_is_written_is_read_again),
                cmocka_unit_test(a_hook_has_a_readable_file),
                cmocka_unit_test(files_override_and_mask_each_other_and_make_room_for_runtime_hooks),
                cmocka_unit_test(without_directories_there_are_no_hooks),
                cmocka_unit_test(more_programs_than_there_may_be_are_out_of_force),
                cmocka_unit_test(the_examples_are_good),
                cmocka_unit_test(the_example_of_a_program_answers_as_it_should),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
