/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "output/program-protocol.h"
#include "util/alloc.h"
#include "util/escape.h"

#define QUOTE_MAX 40U /* bytes of garbage that are shown */

static const char* const words[] = { "pass\n", "break\n" };
static const ProgramAnswer answers[] = { PROGRAM_ANSWER_PASS, PROGRAM_ANSWER_BREAK };

size_t program_question_size(const char* node, Stream stream, size_t line_size) {
        return strlen(node) + 1 + strlen(stream_to_string(stream)) + 1 + line_size + 1;
}

void program_question_write(char* to, const char* node, Stream stream, const void* line, size_t line_size) {
        assert(line_size == 0 || !memchr(line, '\n', line_size));

        to = stpcpy(to, node);
        *to++ = '\t';
        to = stpcpy(to, stream_to_string(stream));
        *to++ = '\t';
        if (line_size > 0)
                to = mempcpy(to, line, line_size);
        *to = '\n';
}

/* The word that begins so; they differ in their first letters. */
static const char* find_word(char first) {
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (words[i][0] == first)
                        return words[i];
        return NULL;
}

static ProgramAnswer answer_of(const char* word) {
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (words[i] == word)
                        return answers[i];
        assert(!"word");
        return PROGRAM_ANSWER_GARBAGE;
}

ProgramAnswer answer_reader_next(AnswerReader* reader, const void* data, size_t size, size_t* ret_taken) {
        const char* p = data;

        for (size_t i = 0; i < size && !reader->garbage; i++) {
                if (reader->length == 0)
                        reader->word = find_word(p[i]);
                if (!reader->word || reader->word[reader->length] != p[i]) {
                        reader->garbage = true;
                        *ret_taken = i;
                        return PROGRAM_ANSWER_GARBAGE;
                }
                if (reader->word[++reader->length] == 0) {
                        reader->length = 0;
                        *ret_taken = i + 1;
                        return answer_of(reader->word);
                }
        }
        *ret_taken = reader->garbage ? 0 : size;
        return reader->garbage ? PROGRAM_ANSWER_GARBAGE : PROGRAM_ANSWER_NONE;
}

char* answer_reader_quote(const AnswerReader* reader, const void* data, size_t size) {
        const char* end = size > 0 ? memchr(data, '\n', size) : NULL;
        size_t rest = min_size(end ? (size_t) (end - (const char*) data) : size, QUOTE_MAX);
        char text[QUOTE_MAX + 8];

        assert(reader->length < 8);
        if (reader->length > 0)
                memcpy(text, reader->word, reader->length);
        if (rest > 0)
                memcpy(text + reader->length, data, rest);
        return escape_bytes(text, reader->length + rest, QUOTE_MAX);
}
