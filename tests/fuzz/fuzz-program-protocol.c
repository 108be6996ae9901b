/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: what a hook's program says, with the sizes in which it comes mixed in: a byte, and as many bytes as it says. The
 * answers must be those that somebody finds who sees all of it at once and compares line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/program-protocol.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#define check(condition)                                                        \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "not so: %s\n", #condition);            \
                        abort();                                                \
                }                                                               \
        } while (0)

/* What the bytes up to here mean, said once: 'p' and 'b' for answers, 'g' for the garbage that ends them. */
static size_t expected_answers(const char* bytes, size_t size, char* ret) {
        static const char* const words[] = { "pass\n", "break\n" };
        size_t n = 0;

        while (size > 0) {
                size_t i = 0;

                while (i < 2 && (size < strlen(words[i]) || memcmp(bytes, words[i], strlen(words[i])) != 0))
                        i++;
                if (i == 2) {
                        /* nothing but the beginning of one may be left */
                        if (memcmp(bytes, words[0], min_size(size, 5)) != 0 && memcmp(bytes, words[1], min_size(size, 6)) != 0)
                                ret[n++] = 'g';
                        break;
                }
                ret[n++] = words[i][0];
                bytes += strlen(words[i]);
                size -= strlen(words[i]);
        }
        return n;
}

static void quote(const AnswerReader* reader, const char* data, size_t size) {
        _cleanup_free_ char* text = answer_reader_quote(reader, data, size);

        check(strlen(text) <= 40);
        for (const char* p = text; *p; p++)
                check(*p != '\n' && *p != '\033');
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        char* bytes = xcalloc(size + 1, 1);
        char* said = xcalloc(size + 1, 1);
        char* expected = xcalloc(size + 1, 1);
        size_t n_bytes = 0, n_said = 0;
        AnswerReader reader = {};

        while (size > 1) {
                size_t n = min_size(data[0], size - 1), at = 0;
                const char* piece = (const char*) data + 1;

                memcpy(bytes + n_bytes, piece, n);
                n_bytes += n;
                while (at < n && !reader.garbage) {
                        size_t taken = SIZE_MAX;
                        ProgramAnswer answer = answer_reader_next(&reader, piece + at, n - at, &taken);

                        check(taken <= n - at);
                        at += taken;
                        if (answer == PROGRAM_ANSWER_NONE)
                                check(at == n);
                        else
                                said[n_said++] = answer == PROGRAM_ANSWER_PASS  ? 'p' :
                                                 answer == PROGRAM_ANSWER_BREAK ? 'b' :
                                                                                  'g';
                        if (answer == PROGRAM_ANSWER_GARBAGE)
                                quote(&reader, piece + at, n - at);
                }
                data += n + 1;
                size -= n + 1;
        }

        check(n_said == expected_answers(bytes, n_bytes, expected) && memcmp(said, expected, n_said) == 0);
        free(bytes);
        free(said);
        free(expected);
        return 0;
}
