/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* All hooks in force, in the order in which they apply, and what they have to say about a line.
 *
 * One pass over the line finds every hook that matches it; then the chain is gone through in order: a hook changes the
 * line's entry, and the first that suppresses or passes ends it. A program decides in its own time: where the verdict hangs
 * on one that has not answered, it says so, and the same line is judged again when there is an answer. So judging
 * has no state, and what it counts is counted only when the line has gone where it should. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/hook.h"
#include "output/journal-entry.h"

typedef struct HookChain HookChain;

/* Told of a pattern that is left out: where in its text, from 0, and why. */
typedef void (*hook_pattern_refused_t)(const Hook* hook, const HookPattern* pattern, size_t offset, const char* why,
                                       void* userdata);

/* Takes a reference to each hook; their order is that of hook_name_compare(). A hook none of whose patterns could be compiled never applies.
 * May take seconds: for a thread. */
HookChain* hook_chain_new(Hook* const* hooks, size_t n, hook_pattern_refused_t refused, void* userdata);
HookChain* hook_chain_free(HookChain* chain);
DEFINE_CLEANUP(HookChain*, hook_chain_free)

size_t hook_chain_size(const HookChain* chain);
Hook* hook_chain_hook(const HookChain* chain, size_t index);
HookCounters* hook_chain_counters(HookChain* chain, size_t index);
/* Of the hook of this name, or SIZE_MAX. */
size_t hook_chain_find(const HookChain* chain, const char* name);
/* The programs are numbered by their order: the index of the hook of one. */
size_t hook_chain_programs(const HookChain* chain);
size_t hook_chain_program(const HookChain* chain, unsigned program);

/* What one stream of one node sees of the chain. All zero is that no hook applies. */
typedef struct HookView {
        HookChain* chain;     /* weak; NULL: no hook applies */
        uint64_t* applicable; /* a bit for each hook */
        size_t enough;        /* a hook that decides and comes first: if it matches, no other counts */
        bool scans;           /* there are patterns to be matched */
} HookView;

void hook_view_init(HookView* view, HookChain* chain, const char* node, unsigned role, Stream stream);
void hook_view_done(HookView* view);

/* What programs have said about a line so far, a bit for each. */
typedef struct HookAnswers {
        uint16_t known;
        uint16_t broke;
        uint16_t failed; /* it gave no answer, and the line passes */
} HookAnswers;

static_assert(HOOK_PROGRAMS_MAX <= 16, "a bit for each");

typedef struct HookVerdict {
        int asks;         /* the program that has to be asked first; -1: this is final */
        bool suppress;
        const Hook* hook; /* that decided; NULL: none */
        int priority;     /* -1: the stream's */
        bool has_fields;

        /* the hooks that applied, until the next line is judged */
        const uint32_t* applied;
        size_t n_applied;
} HookVerdict;

void hook_view_judge(const HookView* view, const char* line, size_t size, const HookAnswers* answers, HookVerdict* ret);

/* Appends the fields that the verdict gives to the entry; where several hooks set one, the last does. */
void hook_verdict_add_fields(const HookView* view, const HookVerdict* verdict, JournalEntry* entry);

/* The line went where the verdict said. */
void hook_view_count(const HookView* view, const HookVerdict* verdict, const HookAnswers* answers);
