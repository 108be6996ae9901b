/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"
#include "util/name-index.h"

#define MANY 1000U

typedef struct Thing {
        char name[16];
        NameEntry entry;
} Thing;

static Thing* find(const NameIndex* index, const char* name) {
        NameEntry* entry = name_index_find(index, name);

        return entry ? entry->item : NULL;
}

static void an_empty_one_has_nothing(void** state) {
        NameIndex index = {};
        Thing never_added = {};

        assert_null(find(&index, "a"));
        name_index_remove(&index, &never_added.entry);
        name_index_done(&index);
}

static void each_is_found_until_it_is_removed(void** state) {
        static Thing things[MANY];
        NameIndex index = {};

        for (unsigned i = 0; i < MANY; i++) {
                (void) snprintf(things[i].name, sizeof things[i].name, "worker-%u", i);
                assert_null(find(&index, things[i].name));
                name_index_add(&index, &things[i].entry, things[i].name, &things[i]);
        }
        assert_null(find(&index, "worker-1000"));
        assert_null(find(&index, "worker"));
        for (unsigned i = 0; i < MANY; i += 2)
                name_index_remove(&index, &things[i].entry);
        for (unsigned i = 0; i < MANY; i++)
                assert_ptr_equal(find(&index, things[i].name), i % 2 == 0 ? NULL : &things[i]);
        for (unsigned i = 1; i < MANY; i += 2)
                name_index_remove(&index, &things[i].entry);
        assert_int_equal(index.n, 0);
        name_index_done(&index);
}

static void several_have_the_same_name(void** state) {
        Thing things[3] = { { .name = "twice" }, { .name = "once" }, { .name = "twice" } };
        NameIndex index = {};
        NameEntry *first, *second;

        for (size_t i = 0; i < 3; i++)
                name_index_add(&index, &things[i].entry, things[i].name, &things[i]);
        first = name_index_find(&index, "twice");
        second = name_index_find_next(first);
        assert_ptr_not_equal(first, second);
        assert_string_equal(second->name, "twice");
        assert_null(name_index_find_next(second));

        name_index_remove(&index, &things[0].entry);
        assert_ptr_equal(find(&index, "twice"), &things[2]);
        assert_null(name_index_find_next(name_index_find(&index, "twice")));

        name_index_remove(&index, &things[1].entry);
        name_index_remove(&index, &things[2].entry);
        name_index_done(&index);
}

static void one_that_was_removed_can_be_added_again(void** state) {
        Thing thing = { .name = "a" };
        NameIndex index = {};

        for (int i = 0; i < 3; i++) {
                name_index_add(&index, &thing.entry, thing.name, &thing);
                assert_ptr_equal(find(&index, "a"), &thing);
                name_index_remove(&index, &thing.entry);
                assert_null(find(&index, "a"));
        }
        name_index_done(&index);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_empty_one_has_nothing),
                cmocka_unit_test(each_is_found_until_it_is_removed),
                cmocka_unit_test(several_have_the_same_name),
                cmocka_unit_test(one_that_was_removed_can_be_added_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
