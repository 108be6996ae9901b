/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/syscall-verdicts.h"
#include "util/strv.h"

void syscall_verdicts_done(SyscallVerdicts* verdicts) {
        for (size_t i = 0; i < verdicts->n_calls; i++)
                free(verdicts->calls[i].name);
        free(verdicts->calls);
        *verdicts = (SyscallVerdicts) {};
}

int syscall_verdicts_on(const SyscallVerdicts* verdicts, const char* call) {
        for (size_t i = 0; i < verdicts->n_calls; i++)
                if (strcmp(verdicts->calls[i].name, call) == 0)
                        return verdicts->calls[i].verdict;
        return verdicts->others;
}

bool verdict_is_asked(int verdict) {
        return verdict != VERDICT_ALLOW && verdict != ENOSYS;
}

/* The one that most calls have, so that few have to be named. */
static int find_most_frequent(const SyscallOrder* order) {
        size_t n_most = 0;
        int most = EPERM;

        for (size_t i = 0; i < order->n_calls; i++) {
                int verdict = order->calls[i].verdict;
                size_t n = 0;

                if (verdict == most || !verdict_is_asked(verdict))
                        continue;
                for (size_t k = 0; k < order->n_calls; k++)
                        n += order->calls[k].verdict == verdict;
                if (n > n_most) {
                        n_most = n;
                        most = verdict;
                }
        }
        return most;
}

static void write_call(FILE* f, const char* name, int verdict) {
        _cleanup_free_ char* word = verdict_to_string(verdict);

        (void) fprintf(f, " %s:%s", name, word);
}

char* syscall_verdicts_of_order(const SyscallOrder* order) {
        int others = verdict_is_asked(order->other_calls) ? order->other_calls : find_most_frequent(order);
        _cleanup_free_ char* word = verdict_to_string(others);
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert(f);
        (void) fputs(word, f);
        for (size_t i = 0; i < order->n_calls; i++)
                if (verdict_is_asked(order->calls[i].verdict) && order->calls[i].verdict != others)
                        write_call(f, order->calls[i].name, order->calls[i].verdict);
        /* one that is allowed is asked about for its family */
        if (order->restricts_families && syscall_order_verdict(order, "socket") == VERDICT_ALLOW)
                write_call(f, "socket", EAFNOSUPPORT);
        (void) fclose(f);
        return text;
}

static int read_call(char* word, SyscallVerdicts* verdicts) {
        char* colon = strchr(word, ':');
        int verdict;

        if (!colon || colon == word || verdicts->n_calls >= ORDER_SYSTEM_CALLS_MAX)
                return -EINVAL;
        *colon = 0;
        if (verdict_from_string(colon + 1, &verdict) < 0)
                return -EINVAL;
        verdicts->calls[verdicts->n_calls++] = (OrderedCall) { .name = xstrdup(word), .verdict = verdict };
        return 0;
}

int syscall_verdicts_from_string(const char* text, SyscallVerdicts* ret) {
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
        _cleanup_strv_free_ char** words = strv_split(text, " ");
        size_t n = strv_length(words);

        if (n == 0 || verdict_from_string(words[0], &verdicts.others) < 0)
                return -EINVAL;
        verdicts.calls = xcalloc(n, sizeof verdicts.calls[0]);
        STRV_FOREACH(word, words + 1)
                if (read_call(*word, &verdicts) < 0)
                        return -EINVAL;
        *ret = verdicts;
        verdicts = (SyscallVerdicts) {};
        return 0;
}
