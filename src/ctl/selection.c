/* SPDX-License-Identifier: BSD-3-Clause */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/node.h"
#include "core/role.h"
#include "ctl/look.h"
#include "ctl/selection.h"

bool name_is_glob(const char* s) {
        return strpbrk(s, "*?[") != NULL;
}

static bool name_matches(char* const* arguments, const char* name) {
        STRV_FOREACH(argument, arguments)
                if (fnmatch(*argument, name, FNM_NOESCAPE) == 0)
                        return true;
        return !arguments || !arguments[0];
}

bool selection_matches(const Options* o, char* const* arguments, const char* name, const json_t* status) {
        Role role = role_from_string(status_text(status, "role"));
        NodeState state = node_state_from_string(status_text(status, "state"));

        return name_matches(arguments, name) &&
                (o->roles == 0 || (role >= 0 && o->roles & 1U << role)) &&
                (o->states == 0 || (state >= 0 && o->states & 1U << state));
}

char** selection_missing(char* const* arguments, const json_t* nodes) {
        char** missing = NULL;

        STRV_FOREACH(argument, arguments)
                if (!name_is_glob(*argument) && !json_object_get(nodes, *argument))
                        strv_extend(&missing, *argument);
        return missing;
}

unsigned role_rank(const char* role) {
        Role r = role_from_string(role);

        return r < 0 ? _ROLE_MAX : (unsigned) r;
}

static int compare(const void* a, const void* b) {
        const json_t *x = *(json_t* const*) a, *y = *(json_t* const*) b;
        unsigned rank_x = role_rank(status_text(x, "role")), rank_y = role_rank(status_text(y, "role"));

        if (rank_x != rank_y)
                return rank_x < rank_y ? -1 : 1;
        return strverscmp(status_text(x, "name"), status_text(y, "name"));
}

json_t* selection_sort(const Options* o, char* const* arguments, const json_t* nodes) {
        _cleanup_free_ json_t** found = xcalloc(json_object_size(nodes) + 1, sizeof(json_t*));
        json_t *status, *array = json_array();
        size_t n = 0;
        const char* name;

        json_object_foreach((json_t*) nodes, name, status) {
                json_t* entry;

                if (!selection_matches(o, arguments, name, status))
                        continue;
                entry = json_pack("{s:s}", "name", name);
                json_object_update(entry, status);
                found[n++] = entry;
        }
        qsort(found, n, sizeof(json_t*), compare);
        for (size_t i = 0; i < n; i++)
                json_array_append_new(array, found[i]);
        return array;
}
