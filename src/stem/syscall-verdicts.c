/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/syscall-verdicts.h"
#include "util/alloc.h"

void syscall_verdicts_done(SyscallVerdicts* verdicts) {
        free(verdicts->calls);
        free(verdicts->text);
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

/* ---- from words ---- */

static bool is_call_name(const char* s) {
        return *s && strlen(s) <= ORDER_SYSTEM_CALL_NAME_MAX &&
               !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static int read_call(char* word, CallVerdict* ret) {
        char* colon = strchr(word, ':');

        if (!colon)
                return -EINVAL;
        *colon = 0;
        ret->name = word;
        return is_call_name(word) ? verdict_from_string(colon + 1, &ret->verdict) : -EINVAL;
}

static size_t count_words(const char* text) {
        size_t n = 1;

        for (; (text = strchr(text, ' ')); text++)
                n++;
        return n;
}

int syscall_verdicts_from_string(const char* text, SyscallVerdicts* ret) {
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = { .text = xstrdup(text) };
        char *rest, *word = strtok_r(verdicts.text, " ", &rest);
        size_t n = count_words(text);

        if (!word || n > ORDER_SYSTEM_CALLS_MAX + 1 || verdict_from_string(word, &verdicts.others) < 0)
                return -EINVAL;
        verdicts.calls = xcalloc(n, sizeof verdicts.calls[0]);
        while ((word = strtok_r(NULL, " ", &rest)))
                if (read_call(word, &verdicts.calls[verdicts.n_calls++]) < 0)
                        return -EINVAL;
        *ret = verdicts;
        verdicts = (SyscallVerdicts) {};
        return 0;
}

/* ---- to words ---- */

/* The one that most calls have, so that few have to be named. */
static int find_most_frequent(const SyscallVerdicts* verdicts) {
        size_t n_most = 0;
        int most = EPERM;

        for (size_t i = 0; i < verdicts->n_calls; i++) {
                int verdict = verdicts->calls[i].verdict;
                size_t n = 0;

                if (verdict == most || !verdict_is_asked(verdict))
                        continue;
                for (size_t k = 0; k < verdicts->n_calls; k++)
                        n += verdicts->calls[k].verdict == verdict;
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

char* syscall_verdicts_asked(const SyscallVerdicts* verdicts, bool restricts_families) {
        int others = verdict_is_asked(verdicts->others) ? verdicts->others : find_most_frequent(verdicts);
        _cleanup_free_ char* word = verdict_to_string(others);
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert(f);
        (void) fputs(word, f);
        for (size_t i = 0; i < verdicts->n_calls; i++)
                if (verdict_is_asked(verdicts->calls[i].verdict) && verdicts->calls[i].verdict != others)
                        write_call(f, verdicts->calls[i].name, verdicts->calls[i].verdict);
        /* one that is allowed is asked about for its family */
        if (restricts_families && syscall_verdicts_on(verdicts, "socket") == VERDICT_ALLOW)
                write_call(f, "socket", EAFNOSUPPORT);
        (void) fclose(f);
        return text;
}
