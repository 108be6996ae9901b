/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "output/hook-chain.h"
#include "output/pattern-set.h"
#include "util/alloc.h"

#define NO_PROGRAM UINT8_MAX
#define WORD_BITS 64U

struct HookChain {
        Hook** hooks;
        HookCounters* counters;
        uint8_t* programs; /* of each hook: its number among the programs */
        size_t n;
        size_t n_words;
        size_t program_hooks[HOOK_PROGRAMS_MAX];
        size_t n_programs;
        PatternSet* patterns;
        uint32_t* pattern_hooks; /* of each pattern: its hook */
        uint64_t* unconditional; /* the hooks without patterns */

        /* of the line that is being judged */
        uint64_t* matched;
        uint32_t* applied;
};

static void bit_set(uint64_t* words, size_t i) {
        words[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
}


/* ---- making it ---- */

typedef struct Refusal {
        const HookChain* chain;
        const HookPattern* const* patterns;
        hook_pattern_refused_t refused;
        void* userdata;
} Refusal;

static void on_refused(size_t index, size_t offset, const char* why, void* userdata) {
        const Refusal* refusal = userdata;
        const Hook* hook = refusal->chain->hooks[refusal->chain->pattern_hooks[index]];

        refusal->refused(hook, refusal->patterns[index], offset, why, refusal->userdata);
}

static void compile_patterns(HookChain* chain, hook_pattern_refused_t refused, void* userdata) {
        _cleanup_free_ const HookPattern** patterns = NULL;
        _cleanup_free_ const char** texts = NULL;
        size_t n = 0;

        for (size_t i = 0; i < chain->n; i++)
                n += chain->hooks[i]->n_patterns;
        if (n == 0)
                return;

        patterns = xcalloc(n, sizeof(*patterns));
        texts = xcalloc(n, sizeof(*texts));
        chain->pattern_hooks = xcalloc(n, sizeof(*chain->pattern_hooks));
        n = 0;
        for (size_t i = 0; i < chain->n; i++)
                for (size_t k = 0; k < chain->hooks[i]->n_patterns; k++) {
                        patterns[n] = &chain->hooks[i]->patterns[k];
                        texts[n] = patterns[n]->text;
                        chain->pattern_hooks[n++] = (uint32_t) i;
                }
        chain->patterns = pattern_set_new(texts, n, on_refused, &(Refusal) { chain, patterns, refused, userdata });
}

static int compare_names(const void* a, const void* b) {
        return hook_name_compare((*(Hook* const*) a)->name, (*(Hook* const*) b)->name);
}

HookChain* hook_chain_new(Hook* const* hooks, size_t n, hook_pattern_refused_t refused, void* userdata) {
        HookChain* chain = xnew0(HookChain);

        assert(n <= HOOKS_MAX);
        chain->n = n;
        chain->n_words = (n + WORD_BITS - 1) / WORD_BITS;
        chain->hooks = xcalloc(n + 1, sizeof(*chain->hooks));
        chain->counters = xcalloc(n + 1, sizeof(*chain->counters));
        chain->programs = xcalloc(n + 1, sizeof(*chain->programs));
        chain->applied = xcalloc(n + 1, sizeof(*chain->applied));
        chain->unconditional = xcalloc(chain->n_words + 1, sizeof(*chain->unconditional));
        chain->matched = xcalloc(chain->n_words + 1, sizeof(*chain->matched));

        for (size_t i = 0; i < n; i++)
                chain->hooks[i] = hook_ref(hooks[i]);
        qsort(chain->hooks, n, sizeof(*chain->hooks), compare_names);

        for (size_t i = 0; i < n; i++) {
                chain->programs[i] = NO_PROGRAM;
                if (chain->hooks[i]->exec) {
                        assert(chain->n_programs < HOOK_PROGRAMS_MAX);
                        chain->programs[i] = (uint8_t) chain->n_programs;
                        chain->program_hooks[chain->n_programs++] = i;
                }
                if (chain->hooks[i]->n_patterns == 0)
                        bit_set(chain->unconditional, i);
        }
        compile_patterns(chain, refused, userdata);
        return chain;
}

HookChain* hook_chain_free(HookChain* chain) {
        if (!chain)
                return NULL;

        for (size_t i = 0; i < chain->n; i++)
                hook_unref(chain->hooks[i]);
        pattern_set_free(chain->patterns);
        free(chain->hooks);
        free(chain->counters);
        free(chain->programs);
        free(chain->applied);
        free(chain->pattern_hooks);
        free(chain->unconditional);
        free(chain->matched);
        free(chain);
        return NULL;
}

size_t hook_chain_size(const HookChain* chain) {
        return chain->n;
}

Hook* hook_chain_hook(const HookChain* chain, size_t index) {
        return chain->hooks[index];
}

HookCounters* hook_chain_counters(HookChain* chain, size_t index) {
        return &chain->counters[index];
}

size_t hook_chain_find(const HookChain* chain, const char* name) {
        for (size_t i = 0; i < chain->n; i++)
                if (strcmp(chain->hooks[i]->name, name) == 0)
                        return i;
        return SIZE_MAX;
}

size_t hook_chain_programs(const HookChain* chain) {
        return chain->n_programs;
}

size_t hook_chain_program(const HookChain* chain, unsigned program) {
        return chain->program_hooks[program];
}

/* ---- looking at it ---- */

void hook_view_init(HookView* view, HookChain* chain, const char* node, unsigned role, Stream stream) {
        size_t first = SIZE_MAX;

        *view = (HookView) { .enough = SIZE_MAX };
        for (size_t i = 0; chain && i < chain->n; i++) {
                const Hook* hook = chain->hooks[i];

                if (!hook_concerns(hook, node, role, stream))
                        continue;
                if (!view->applicable)
                        view->applicable = xcalloc(chain->n_words, sizeof(*view->applicable));
                bit_set(view->applicable, i);
                view->chain = chain;
                view->scans = view->scans || hook->n_patterns > 0;
                if (first == SIZE_MAX) {
                        first = i;
                        if (hook->action != HOOK_GO_ON)
                                view->enough = i;
                }
        }
}

void hook_view_done(HookView* view) {
        free(view->applicable);
        *view = (HookView) {};
}

static bool on_match(size_t pattern, void* userdata) {
        const HookView* view = userdata;
        size_t hook = view->chain->pattern_hooks[pattern];

        bit_set(view->chain->matched, hook);
        return hook == view->enough;
}

/* True: the chain ends here. */
static bool apply(const HookView* view, size_t i, const HookAnswers* answers, HookVerdict* verdict) {
        HookChain* chain = view->chain;
        const Hook* hook = chain->hooks[i];
        unsigned program = chain->programs[i];

        if (program != NO_PROGRAM && !(answers->known >> program & 1)) {
                verdict->asks = (int) program;
                return true;
        }

        chain->applied[verdict->n_applied++] = (uint32_t) i;
        if (hook->priority >= 0)
                verdict->priority = hook->priority;
        verdict->has_fields = verdict->has_fields || hook->n_fields > 0;

        if (hook->action != HOOK_GO_ON || (program != NO_PROGRAM && answers->broke >> program & 1)) {
                verdict->hook = hook;
                verdict->suppress = hook->action != HOOK_PASS;
                return true;
        }
        return false;
}

void hook_view_judge(const HookView* view, const char* line, size_t size, const HookAnswers* answers, HookVerdict* ret) {
        HookChain* chain = view->chain;

        *ret = (HookVerdict) { .asks = -1, .priority = -1 };
        if (!chain)
                return;

        ret->applied = chain->applied;
        memset(chain->matched, 0, chain->n_words * sizeof(*chain->matched));
        if (view->scans)
                pattern_set_scan(chain->patterns, line, size, on_match, (void*) view);

        for (size_t w = 0; w < chain->n_words; w++) {
                uint64_t word = (chain->matched[w] | chain->unconditional[w]) & view->applicable[w];

                for (; word != 0; word &= word - 1)
                        if (apply(view, w * WORD_BITS + (size_t) __builtin_ctzll(word), answers, ret))
                                return;
        }
}

static bool is_set_later(const HookView* view, const HookVerdict* verdict, size_t applied, const char* name) {
        for (size_t k = applied + 1; k < verdict->n_applied; k++) {
                const Hook* hook = view->chain->hooks[verdict->applied[k]];

                for (size_t i = 0; i < hook->n_fields; i++)
                        if (strcmp(hook->fields[i].name, name) == 0)
                                return true;
        }
        return false;
}

void hook_verdict_add_fields(const HookView* view, const HookVerdict* verdict, JournalEntry* entry) {
        for (size_t k = 0; verdict->has_fields && k < verdict->n_applied; k++) {
                const Hook* hook = view->chain->hooks[verdict->applied[k]];

                for (size_t i = 0; i < hook->n_fields; i++)
                        if (!is_set_later(view, verdict, k, hook->fields[i].name))
                                journal_entry_add_string(entry, hook->fields[i].name, hook->fields[i].value);
        }
}

void hook_view_count(const HookView* view, const HookVerdict* verdict, const HookAnswers* answers) {
        for (size_t k = 0; k < verdict->n_applied; k++) {
                size_t i = verdict->applied[k];
                unsigned program = view->chain->programs[i];
                HookCounters* counters = &view->chain->counters[i];

                counters->matched++;
                if (program != NO_PROGRAM && answers->failed >> program & 1)
                        counters->failures++;
                if (verdict->suppress && view->chain->hooks[i] == verdict->hook)
                        counters->suppressed++;
        }
}
