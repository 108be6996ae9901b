/* SPDX-License-Identifier: BSD-3-Clause */
#include <hs/hs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output/pattern-set.h"
#include "util/alloc.h"

#define PATTERN_FLAGS (HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL | HS_FLAG_ALLOWEMPTY)

struct PatternSet {
        hs_database_t* database;
        hs_scratch_t* scratch;
};

/* The patterns that are left, in the form that hs_compile_multi() takes. */
typedef struct Candidates {
        const char** texts;
        unsigned* flags;
        /* In the caller's array, and what libhs reports. Each has its own: libhs merges patterns that share one, and takes
         * minutes for a few hundreds of them. */
        unsigned* indices;
        size_t n;

        pattern_refused_t refused;
        void* userdata;
} Candidates;

static void candidates_done(Candidates* c) {
        free(c->texts);
        free(c->flags);
        free(c->indices);
}

static void candidates_init(Candidates* c, const char* const* patterns, size_t n) {
        c->texts = xcalloc(n, sizeof(*c->texts));
        c->flags = xcalloc(n, sizeof(*c->flags));
        c->indices = xcalloc(n, sizeof(*c->indices));
        for (size_t i = 0; i < n; i++) {
                c->texts[i] = patterns[i];
                c->flags[i] = PATTERN_FLAGS;
                c->indices[i] = (unsigned) i;
        }
        c->n = n;
}

/* libhs says where by words alone. */
static size_t offset_of(const char* why) {
        static const char words[] = " at index ";
        const char* at = strstr(why, words);

        return at ? strtoul(at + sizeof(words) - 1, NULL, 10) : 0;
}

static void refuse(Candidates* c, size_t i, const char* why) {
        c->refused(c->indices[i], offset_of(why), why, c->userdata);
        c->n--;
        memmove(c->texts + i, c->texts + i + 1, (c->n - i) * sizeof(*c->texts));
        memmove(c->indices + i, c->indices + i + 1, (c->n - i) * sizeof(*c->indices));
}

/* Compiling all of them stops at the first one that is wrong; so that many wrong ones do not take as many attempts, those
 * that look wrong are tried alone. (hs_expression_info() alone is too strict a judge: it refuses what can be compiled.) */
static void refuse_all_wrong(Candidates* c) {
        for (size_t i = c->n; i-- > 0;) {
                hs_compile_error_t* error = NULL;
                hs_database_t* database = NULL;
                hs_expr_info_t* info = NULL;

                if (hs_expression_info(c->texts[i], PATTERN_FLAGS, &info, &error) == HS_SUCCESS) {
                        free(info);
                        continue;
                }
                (void) hs_free_compile_error(error);
                if (hs_compile(c->texts[i], PATTERN_FLAGS, HS_MODE_BLOCK, NULL, &database, &error) == HS_SUCCESS)
                        (void) hs_free_database(database);
                else {
                        refuse(c, i, error->message);
                        (void) hs_free_compile_error(error);
                }
        }
}

static hs_database_t* compile(Candidates* c) {
        for (bool first = true; c->n > 0; first = false) {
                hs_compile_error_t* error = NULL;
                hs_database_t* database = NULL;

                if (hs_compile_multi(c->texts, c->flags, c->indices, (unsigned) c->n, HS_MODE_BLOCK, NULL, &database, &error) ==
                    HS_SUCCESS)
                        return database;

                if (first)
                        refuse_all_wrong(c);
                else if (error->expression >= 0)
                        refuse(c, (size_t) error->expression, error->message);
                else /* together they are too much */
                        while (c->n > 0)
                                refuse(c, c->n - 1, error->message);
                (void) hs_free_compile_error(error);
        }
        return NULL;
}

PatternSet* pattern_set_new(const char* const* patterns, size_t n, pattern_refused_t refused, void* userdata) {
        _cleanup_(candidates_done) Candidates c = { .refused = refused, .userdata = userdata };
        hs_database_t* database;
        PatternSet* set;

        candidates_init(&c, patterns, n);
        database = compile(&c);
        if (!database)
                return NULL;

        set = xnew0(PatternSet);
        set->database = database;
        if (hs_alloc_scratch(database, &set->scratch) != HS_SUCCESS)
                abort(); /* out of memory, as everywhere */
        return set;
}

PatternSet* pattern_set_free(PatternSet* set) {
        if (!set)
                return NULL;

        (void) hs_free_scratch(set->scratch);
        (void) hs_free_database(set->database);
        free(set);
        return NULL;
}

typedef struct Scan {
        pattern_matched_t matched;
        void* userdata;
} Scan;

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void* userdata) {
        const Scan* scan = userdata;

        return scan->matched(id, scan->userdata);
}

void pattern_set_scan(PatternSet* set, const char* data, size_t size, pattern_matched_t matched, void* userdata) {
        Scan scan = { .matched = matched, .userdata = userdata };

        if (set)
                (void) hs_scan(set->database, data, (unsigned) size, 0, set->scratch, on_match, &scan);
}
