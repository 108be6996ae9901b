/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/verdict.h"
#include "util/alloc.h"
#include "util/parse.h"

/* More than any architecture has names for. */
#define NAMED_ERRNO_MAX 1200

static const struct {
        const char* word;
        int verdict;
} words[] = {
        { "allow", VERDICT_ALLOW },
        { "kill", VERDICT_KILL },
        { "log", VERDICT_LOG },
};

bool verdict_is_valid(int verdict) {
        return verdict >= VERDICT_LOG && verdict <= VERDICT_ERRNO_MAX;
}

char* verdict_to_string(int verdict) {
        const char* name;

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (words[i].verdict == verdict)
                        return xstrdup(words[i].word);
        name = strerrorname_np(verdict);
        return name ? xstrdup(name) : xasprintf("%i", verdict);
}

int verdict_from_string(const char* s, int* ret) {
        int64_t number;

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(words[i].word, s) == 0) {
                        *ret = words[i].verdict;
                        return 0;
                }
        for (int i = 1; i < NAMED_ERRNO_MAX; i++) {
                const char* name = strerrorname_np(i);

                if (name && strcmp(name, s) == 0) {
                        *ret = i;
                        return 0;
                }
        }
        if (parse_int_range(s, 1, VERDICT_ERRNO_MAX, &number) < 0)
                return -EINVAL;
        *ret = (int) number;
        return 0;
}
