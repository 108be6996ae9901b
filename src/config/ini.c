/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "config/ini.h"
#include "util/alloc.h"
#include "util/escape.h"
#include "util/file.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r';
}

static void set_text(IniReader* reader, char* text, size_t size) {
        *reader = (IniReader) { .text = text, .next = text, .end = text + size };
        if (size >= strlen(BYTE_ORDER_MARK) && memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
                reader->next += strlen(BYTE_ORDER_MARK);
}

int ini_reader_open(IniReader* reader, const char* path) {
        char* text;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, path, INI_FILE_MAX, &text, &size);
        if (r < 0)
                return r;

        set_text(reader, text, size);
        return 0;
}

int ini_reader_init(IniReader* reader, const char* text, size_t size) {
        char* copy;

        if (size > INI_FILE_MAX)
                return -EFBIG;

        copy = xcalloc(size + 1, 1);
        if (size > 0)
                memcpy(copy, text, size);
        set_text(reader, copy, size);
        return 0;
}

void ini_reader_done(IniReader* reader) {
        free(reader->text);
        free(reader->section);
        *reader = (IniReader) {};
}

/* A line as the caller sees it: of several of the file if they are continued. */
typedef struct LogicalLine {
        char* text;
        size_t size;
        unsigned number;   /* of the first one */
        unsigned n_blanks; /* before text */
        size_t first_size; /* what of text is in the first one */
} LogicalLine;

/* The next line of the file without the blanks before it and the line end behind it. */
static bool physical_line(IniReader* reader, char** ret, size_t* ret_size) {
        char *line = reader->next, *end;

        if (line >= reader->end)
                return false;

        end = memchr(line, '\n', (size_t) (reader->end - line));
        reader->next = end ? end + 1 : reader->end;
        reader->line++;
        if (!end)
                end = reader->end;
        if (end > line && end[-1] == '\r')
                end--;
        while (line < end && is_blank(*line))
                line++;

        *ret = line;
        *ret_size = (size_t) (end - line);
        return true;
}

/* An escaped backslash is one for the value, so only an odd number of them continues the line. */
static bool line_goes_on(const char* line, size_t size) {
        size_t n = 0;

        while (n < size && line[size - n - 1] == '\\')
                n++;
        return n % 2 == 1;
}

/* Joins continued lines where they are: the joined line is never longer than what it is made of. */
static bool logical_line(IniReader* reader, LogicalLine* ret) {
        char *begin, *end = NULL, *line;
        size_t size;

        *ret = (LogicalLine) {};
        while (begin = reader->next, physical_line(reader, &line, &size)) {
                bool goes_on = line_goes_on(line, size);

                if (size > 0 && (*line == '#' || *line == ';'))
                        continue;
                if (!end) {
                        *ret = (LogicalLine) {
                                .text = line,
                                .number = reader->line,
                                .n_blanks = (unsigned) (line - begin),
                                .first_size = goes_on ? size - 1 : size,
                        };
                        end = line;
                }
                memmove(end, line, size);
                end += size;
                if (!goes_on)
                        break;
                end[-1] = ' ';
        }
        if (!end)
                return false;

        while (end > ret->text && is_blank(end[-1]))
                end--;
        *end = 0;
        ret->size = (size_t) (end - ret->text);
        return true;
}

/* Where in the file p is, which points into the line; 0 for what came from a later line of the file. */
static unsigned column_of(const LogicalLine* line, const char* p) {
        size_t offset = (size_t) (p - line->text);

        return offset <= line->first_size ? line->n_blanks + (unsigned) offset + 1 : 0;
}

static const char* check_bytes(const char* line, size_t size) {
        if (!utf8_is_valid(line))
                return "Line is not valid UTF-8, ignoring it";
        for (size_t i = 0; i < size; i++)
                if (((unsigned char) line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
                        return "Line holds control characters, ignoring it";
        return NULL;
}

/* NULL when the header is good. */
static const char* begin_section(IniReader* reader, char* line, size_t size) {
        if (size < 3 || line[size - 1] != ']')
                return "Invalid section header, ignoring what follows it up to the next one";

        free_and_replace(reader->section, xstrndup(line + 1, size - 2));
        reader->section_is_bad = false;
        return NULL;
}

/* NULL when the assignment is good; *ret_value points into the line and the key is what is left of it. */
static const char* split_assignment(IniReader* reader, char* line, char** ret_value) {
        char *equal = strchr(line, '='), *end = equal;

        if (!equal)
                return "Missing '=', ignoring line";
        if (equal == line)
                return "Missing key name before '=', ignoring line";
        if (!reader->section)
                return "Assignment outside of a section, ignoring it";

        while (end > line && is_blank(end[-1]))
                end--;
        *end = 0;
        for (equal++; is_blank(*equal); equal++)
                ;
        *ret_value = equal;
        return NULL;
}

bool ini_reader_next(IniReader* reader, IniItem* ret) {
        LogicalLine line;
        char* value = NULL;

        while (logical_line(reader, &line)) {
                const char* problem;
                bool header;

                if (line.size == 0)
                        continue;

                header = *line.text == '[';
                if (header)
                        reader->section_is_bad = true;
                else if (reader->section_is_bad)
                        continue;

                problem = check_bytes(line.text, line.size);
                if (!problem)
                        problem = header ? begin_section(reader, line.text, line.size) :
                                           split_assignment(reader, line.text, &value);

                if (problem)
                        *ret = (IniItem) { .kind = INI_PROBLEM, .line = line.number, .problem = problem };
                else if (header)
                        *ret = (IniItem) { .kind = INI_SECTION, .line = line.number, .section = reader->section };
                else
                        *ret = (IniItem) {
                                .kind = INI_ASSIGNMENT,
                                .line = line.number,
                                .column = column_of(&line, value),
                                .section = reader->section,
                                .key = line.text,
                                .value = value,
                        };
                return true;
        }
        return false;
}
