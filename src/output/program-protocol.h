/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What is said between us and the program of a hook: a question is a line "NODE<TAB>STREAM<TAB>LINE", an answer is the
 * line "pass" or "break".
 *
 * The program is believed nothing else. Its answers are compared byte by byte with the two that there are, so nothing of
 * them has to be kept, and what is neither is known by its first wrong byte. */

#include <stdbool.h>
#include <stddef.h>

#include "output/stream.h"

/* The bytes of a question. */
size_t program_question_size(const char* node, Stream stream, size_t line_size);
/* Writes it. The line may hold any bytes but newlines: the program could not tell where it ends. */
void program_question_write(char* to, const char* node, Stream stream, const void* line, size_t line_size);

typedef enum ProgramAnswer {
        PROGRAM_ANSWER_NONE, /* not yet */
        PROGRAM_ANSWER_PASS,
        PROGRAM_ANSWER_BREAK,
        PROGRAM_ANSWER_GARBAGE, /* and never one again */
} ProgramAnswer;

/* What of an answer has been read. All zero is the beginning. */
typedef struct AnswerReader {
        const char* word; /* that it is the beginning of; NULL: of any */
        size_t length;
        bool garbage;
} AnswerReader;

/* Reads up to the end of the first answer, if there is one, and says how many bytes that were. Of garbage none is taken
 * from the first wrong byte on. */
ProgramAnswer answer_reader_next(AnswerReader* reader, const void* data, size_t size, size_t* ret_taken);

/* The beginning of the line that turned out to be garbage with this data, as a text that can be shown to somebody.
 * Allocated. */
char* answer_reader_quote(const AnswerReader* reader, const void* data, size_t size);
