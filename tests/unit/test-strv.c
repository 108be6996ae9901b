/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/unit.h"
#include "util/strv.h"

static void assert_strv_equal(char* const* v, const char* const* expected) {
        size_t n = 0;

        for (; expected[n]; n++) {
                assert_true(n < strv_length(v));
                assert_string_equal(v[n], expected[n]);
        }
        assert_int_equal(strv_length(v), n);
}

#define STRINGS(...) ((const char* const[]) { __VA_ARGS__, NULL })
#define NO_STRINGS ((const char* const[]) { NULL })

static void a_null_vector_is_an_empty_one(void** state) {
        _cleanup_strv_free_ char** copy = strv_copy(NULL);
        _cleanup_free_ char* joined = strv_join(NULL, ", ");
        char* const empty[] = { NULL };

        assert_int_equal(strv_length(NULL), 0);
        assert_non_null(copy);
        assert_int_equal(strv_length(copy), 0);
        assert_string_equal(joined, "");
        assert_true(strv_equal(NULL, NULL));
        assert_true(strv_equal(NULL, empty));
        assert_false(strv_contains(NULL, ""));
        assert_null(strv_env_get(NULL, "A"));
        assert_null(strv_free(NULL));
        STRV_FOREACH(s, (char**) NULL)
                fail();
}

static void vectors_grow_at_the_end(void** state) {
        _cleanup_strv_free_ char **v = NULL, **more = NULL;

        strv_extend(&v, "a");
        strv_consume(&v, xstrdup("b"));
        strv_extendf(&v, "%s%i", "c", 3);
        assert_strv_equal(v, STRINGS("a", "b", "c3"));

        strv_extend_strv(&v, NULL);
        strv_extend(&more, "d");
        strv_extend(&more, "");
        strv_extend_strv(&v, more);
        assert_strv_equal(v, STRINGS("a", "b", "c3", "d", ""));
        assert_strv_equal(more, STRINGS("d", ""));
}

static void an_extended_vector_exists_even_if_nothing_came_to_it(void** state) {
        _cleanup_strv_free_ char** v = NULL;

        strv_extend_strv(&v, NULL);
        assert_non_null(v);
        assert_strv_equal(v, NO_STRINGS);
}

static void a_copy_is_equal_and_apart(void** state) {
        _cleanup_strv_free_ char **v = NULL, **copy = NULL;

        strv_extend(&v, "a");
        strv_extend(&v, "b");
        copy = strv_copy(v);
        assert_true(strv_equal(v, copy));
        assert_ptr_not_equal(v[0], copy[0]);

        copy[1][0] = 'c';
        assert_false(strv_equal(v, copy));
        assert_strv_equal(v, STRINGS("a", "b"));
}

static void order_and_number_matter_for_equality(void** state) {
        char* const ab[] = { (char*) "a", (char*) "b", NULL };
        char* const ba[] = { (char*) "b", (char*) "a", NULL };
        char* const a[] = { (char*) "a", NULL };

        assert_false(strv_equal(ab, ba));
        assert_false(strv_equal(ab, a));
        assert_false(strv_equal(a, ab));
        assert_false(strv_equal(a, NULL));
        assert_true(strv_contains(ab, "b"));
        assert_false(strv_contains(ab, "c"));
        assert_false(strv_contains(ab, ""));
}

static void splitting_leaves_out_what_is_empty(void** state) {
        const struct {
                const char* text;
                const char* separators;
                const char* const* pieces;
        } cases[] = {
                { "", ":", NO_STRINGS },
                { ":::", ":", NO_STRINGS },
                { "a", ":", STRINGS("a") },
                { ":a::b:", ":", STRINGS("a", "b") },
                { "a, b\tc", ", \t", STRINGS("a", "b", "c") },
                { "a b", "", STRINGS("a b") },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char** v = strv_split(cases[i].text, cases[i].separators);

                assert_non_null(v);
                assert_strv_equal(v, cases[i].pieces);
        }
}

static void joining_puts_the_separator_between(void** state) {
        const struct {
                const char* const* pieces;
                const char* separator;
                const char* joined;
        } cases[] = {
                { NO_STRINGS, ", ", "" },
                { STRINGS("a"), ", ", "a" },
                { STRINGS("a", "b", "c"), ", ", "a, b, c" },
                { STRINGS("a", "", "c"), ":", "a::c" },
                { STRINGS("", ""), ":", ":" },
                { STRINGS("a", "b"), "", "ab" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* joined = strv_join((char* const*) cases[i].pieces, cases[i].separator);

                assert_string_equal(joined, cases[i].joined);
        }
}

static void an_environment_has_each_name_once_where_it_came_first(void** state) {
        _cleanup_strv_free_ char** v = NULL;

        strv_env_set(&v, "A", "1");
        strv_env_set(&v, "AB", "2");
        strv_env_set(&v, "A", "3=4");
        strv_env_set(&v, "E", "");
        assert_strv_equal(v, STRINGS("A=3=4", "AB=2", "E="));

        assert_string_equal(strv_env_get(v, "A"), "3=4");
        assert_string_equal(strv_env_get(v, "AB"), "2");
        assert_string_equal(strv_env_get(v, "E"), "");
        assert_null(strv_env_get(v, "B"));
        assert_null(strv_env_get(v, "a"));
        assert_null(strv_env_get(v, ""));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_null_vector_is_an_empty_one),
                cmocka_unit_test(vectors_grow_at_the_end),
                cmocka_unit_test(an_extended_vector_exists_even_if_nothing_came_to_it),
                cmocka_unit_test(a_copy_is_equal_and_apart),
                cmocka_unit_test(order_and_number_matter_for_equality),
                cmocka_unit_test(splitting_leaves_out_what_is_empty),
                cmocka_unit_test(joining_puts_the_separator_between),
                cmocka_unit_test(an_environment_has_each_name_once_where_it_came_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
