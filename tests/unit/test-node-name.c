/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include "core/node-name.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define TEXT_OF_64 "a23456789.b23456789-c23456789_d23456789.e23456789-f23456789_g234"

static void plain_names_are_good(void** state) {
        static const char* const names[] = {
                "a", "Z", "0", "worker-1", "worker_1.eth0", "9lives", "a..b", "a-", "a.", "manager", TEXT_OF_64,
        };

        assert_int_equal(strlen(TEXT_OF_64), NODE_NAME_MAX);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_null(node_name_check(names[i]));
}

static void other_names_are_refused_with_a_reason(void** state) {
        static const struct {
                const char* name;
                const char* why;
        } cases[] = {
                /* what Zeek refuses too, in its words */
                { "", "node names must not be an empty string" },
                { "a b", "node names must not contain spaces: 'a b'" },
                { " ", "node names must not contain spaces: ' '" },
                /* what only we refuse */
                { TEXT_OF_64 "h", "node names must not be longer than 64 characters" },
                { "-r", "node names must start with a letter or a digit: '-r'" },
                { ".", "node names must start with a letter or a digit: '.'" },
                { "..", "node names must start with a letter or a digit: '..'" },
                { ".hidden", "node names must start with a letter or a digit: '.hidden'" },
                { "_a", "node names must start with a letter or a digit: '_a'" },
                { "a/b", "node names may hold only letters, digits, '_', '.' and '-': 'a/b'" },
                { "a@b", "node names may hold only letters, digits, '_', '.' and '-': 'a@b'" },
                { "a\tb", "node names may hold only letters, digits, '_', '.' and '-': 'a\tb'" },
                { "a\nb", "node names may hold only letters, digits, '_', '.' and '-': 'a\\x0ab'" },
                { "a\x1b[2J", "node names may hold only letters, digits, '_', '.' and '-': 'a\\x1b[2J'" },
                { "a:b", "node names may hold only letters, digits, '_', '.' and '-': 'a:b'" },
                { "a\"b", "node names may hold only letters, digits, '_', '.' and '-': 'a\"b'" },
                { "a\\b", "node names may hold only letters, digits, '_', '.' and '-': 'a\\b'" },
                { "a%n", "node names may hold only letters, digits, '_', '.' and '-': 'a%n'" },
                { "k\xc3\xb6nig", "node names may hold only letters, digits, '_', '.' and '-': 'k\xc3\xb6nig'" },
                { "a\xff", "node names may hold only letters, digits, '_', '.' and '-': 'a\\xff'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* why = node_name_check(cases[i].name);

                assert_non_null(why);
                assert_string_equal(why, cases[i].why);
        }
}

static void every_single_character_is_judged_alike(void** state) {
        for (unsigned c = 1; c < 256; c++) {
                const char alone[] = { (char) c, 0 }, second[] = { 'a', (char) c, 0 };
                bool letter_or_digit = c < 128 && ((c | 0x20) - 'a' < 26 || c - '0' < 10);
                bool plain = letter_or_digit || c == '_' || c == '.' || c == '-';
                _cleanup_free_ char *why_alone = node_name_check(alone), *why_second = node_name_check(second);

                assert_int_equal(why_alone == NULL, letter_or_digit);
                assert_int_equal(why_second == NULL, plain);
        }
}

static void reasons_are_short_however_long_the_name(void** state) {
        _cleanup_free_ char *name = xcalloc(100001, 1), *why = NULL;

        memset(name, ' ', 100000);
        why = node_name_check(name);
        assert_true(strlen(why) < 200);
}

static void the_scope_is_named_as_systemd_escapes(void** state) {
        static const struct {
                const char* name;
                const char* scope;
        } cases[] = {
                { "worker", "zeek-node-worker.scope" },
                { "worker-1", "zeek-node-worker\\x2d1.scope" },
                { "worker_1.eth0", "zeek-node-worker_1.eth0.scope" },
                { "a-b-c", "zeek-node-a\\x2db\\x2dc.scope" },
                { "0", "zeek-node-0.scope" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* scope = node_scope_name(cases[i].name);

                assert_string_equal(scope, cases[i].scope);
        }
}

static void no_good_name_makes_a_unit_name_that_systemd_refuses(void** state) {
        size_t longest = 0;

        for (size_t length = 1; length <= NODE_NAME_MAX; length++)
                for (size_t n_dashes = 0; n_dashes < length; n_dashes++) {
                        _cleanup_free_ char *name = xcalloc(length + 1, 1), *scope = NULL, *why = NULL;

                        memset(name, 'a', length);
                        memset(name + 1, '-', n_dashes);
                        scope = node_scope_name(name);
                        why = node_name_check(name);
                        assert_int_equal(why == NULL, strlen(scope) <= 255);
                        if (!why && strlen(scope) > longest)
                                longest = strlen(scope);
                }
        assert_int_equal(longest, 255);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_names_are_good),
                cmocka_unit_test(other_names_are_refused_with_a_reason),
                cmocka_unit_test(every_single_character_is_judged_alike),
                cmocka_unit_test(reasons_are_short_however_long_the_name),
                cmocka_unit_test(the_scope_is_named_as_systemd_escapes),
                cmocka_unit_test(no_good_name_makes_a_unit_name_that_systemd_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
