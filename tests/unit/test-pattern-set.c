/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "output/pattern-set.h"
#include "unit/unit.h"
#include "util/alloc.h"

typedef struct Refused {
        size_t n, index, offset;
        char why[256];
} Refused;

static void on_refused(size_t index, size_t offset, const char* why, void* userdata) {
        Refused* refused = userdata;

        refused->n++;
        refused->index = index;
        refused->offset = offset;
        (void) snprintf(refused->why, sizeof refused->why, "%s", why);
}

static bool on_matched(size_t index, void* userdata) {
        uint64_t* found = userdata;

        assert_true(index < 64);
        *found |= UINT64_C(1) << index;
        return false;
}

static uint64_t scan(PatternSet* set, const char* data, size_t size) {
        uint64_t ids = 0;

        pattern_set_scan(set, data, size, on_matched, &ids);
        return ids;
}

static bool matches(const char* pattern, const char* data, size_t size) {
        Refused refused = {};
        _cleanup_(pattern_set_freep) PatternSet* set = pattern_set_new(&pattern, 1, on_refused, &refused);

        assert_int_equal(refused.n, 0);
        return scan(set, data, size) == 1;
}

#define MATCHES(pattern, text) matches((pattern), (text), sizeof(text) - 1)

static void one_pattern(void** state) {
        static const struct {
                const char* pattern;
                const char* text;
                bool expected;
        } cases[] = {
                { "abc", "xabcx", true }, /* not anchored */
                { "abc", "ABC", false },
                { "(?i)abc", "xABCx", true },
                { "^abc$", "abc", true },
                { "^abc$", "abcd", false },
                { "^abc$", "xabc", false },
                { "a.c", "a\xff" "c", true },
                { "\\xff\\x00?", "\xff", true },
                { "a\\.c", "abc", false },
                { "[0-9]{3,}", "12 345", true },
                { "\\bdrop\\b", "drops", false },
                { "x*", "", true }, /* a pattern that is content with nothing matches everything */
                { "x*", "abc", true },
                { "", "abc", true },
                { "ä", "mäh", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (matches(cases[i].pattern, cases[i].text, strlen(cases[i].text)) != cases[i].expected)
                        fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
}

static void any_bytes_are_a_line(void** state) {
        assert_true(MATCHES("b$", "a\0b"));
        assert_true(MATCHES("a.b", "a\0b"));
        assert_true(MATCHES("a\\x00b", "a\0b"));
        assert_true(MATCHES("\\r$", "a\r"));
        assert_false(MATCHES("^b", "a\0b"));
}

static void many_patterns_are_told_apart(void** state) {
        const char* const patterns[] = { "alpha", "beta", "^g", "gamma|alpha", "nothing" };
        _cleanup_(pattern_set_freep) PatternSet* set = pattern_set_new(patterns, ELEMENTSOF(patterns), on_refused, NULL);

        assert_int_equal(scan(set, "alpha beta", 10), 1 << 0 | 1 << 1 | 1 << 3);
        assert_int_equal(scan(set, "delta", 5), 0);
        assert_int_equal(scan(set, "g", 1), 1 << 2);
}

static void a_wrong_one_is_left_out_and_the_others_stay(void** state) {
        static const struct {
                const char* pattern;
                size_t offset;
                const char* why;
        } wrong[] = {
                { "a(b", 1, "parenthesis" },
                { "a\\1(b)", 0, "Back-references" },
                { "(?<=a)b", 0, "assertions" },
                { "[z-a]", 3, "Range" },
                { "abc{5,2}", 3, "repeat" },
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                const char* const patterns[] = { "good", wrong[i].pattern, "fine" };
                Refused refused = {};
                _cleanup_(pattern_set_freep) PatternSet* set = pattern_set_new(patterns, 3, on_refused, &refused);

                assert_int_equal(refused.n, 1);
                assert_int_equal(refused.index, 1);
                assert_int_equal(refused.offset, wrong[i].offset);
                assert_non_null(strstr(refused.why, wrong[i].why));
                assert_int_equal(scan(set, "good and fine", 13), 1 << 0 | 1 << 2);
        }
}

static void each_wrong_one_is_told(void** state) {
        enum { N = 300, GOOD = 4 };
        const char* patterns[N];
        Refused refused = {};
        PatternSet* set;

        for (unsigned i = 0; i < N; i++)
                patterns[i] = i == GOOD ? "fine" : "(";
        set = pattern_set_new(patterns, N, on_refused, &refused);
        assert_int_equal(refused.n, N - 1);
        assert_int_equal(scan(set, "fine", 4), 1 << GOOD);
        pattern_set_free(set);

        refused.n = 0;
        assert_null(pattern_set_new(patterns, 1, on_refused, &refused));
        assert_int_equal(refused.n, 1);
        assert_int_equal(scan(NULL, "fine", 4), 0);
}

/* (hs_expression_info() says that it cannot.) */
static void what_can_be_compiled_is(void** state) {
        assert_false(MATCHES("(a{1,1000}){1,1000}b{1,1000}", "aaaa"));
        assert_true(MATCHES("(a{1,1000}){1,1000}b{1,1000}", "aab"));
}

/* What takes other engines exponential time; with them this test would not end. */
static void time_is_linear_in_the_line(void** state) {
        enum { SIZE = 1024 * 1024 };
        _cleanup_free_ char* line = xcalloc(SIZE, 1);

        memset(line, 'a', SIZE);
        assert_false(matches("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 41));
        assert_false(matches("(a|aa)+b", line, SIZE));
        assert_false(matches("((a{0,50}){0,20}){0,10}z", line, SIZE));
}

/* A quarter of what there may be takes seconds; sets on which libhs spends minutes would show here. */
static void thousands_that_are_alike_can_be_compiled(void** state) {
        enum { N = 4000 };
        static char texts[N][32];
        static const char* patterns[N];
        Refused refused = {};
        PatternSet* set;

        for (unsigned i = 0; i < N; i++) {
                (void) snprintf(texts[i], sizeof texts[i], "pattern %u of [0-9]+", i);
                patterns[i] = texts[i];
        }
        set = pattern_set_new(patterns, N, on_refused, &refused);
        assert_int_equal(refused.n, 0);
        assert_int_equal(scan(set, "pattern 17 of 3", 15), 1 << 17);
        pattern_set_free(set);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_pattern),
                cmocka_unit_test(any_bytes_are_a_line),
                cmocka_unit_test(many_patterns_are_told_apart),
                cmocka_unit_test(a_wrong_one_is_left_out_and_the_others_stay),
                cmocka_unit_test(each_wrong_one_is_told),
                cmocka_unit_test(what_can_be_compiled_is),
                cmocka_unit_test(thousands_that_are_alike_can_be_compiled),
                cmocka_unit_test(time_is_linear_in_the_line),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
