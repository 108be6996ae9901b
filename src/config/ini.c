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
static bool logical_line(IniReader* reader, char** ret, size_t* ret_size, unsigned* ret_number) {
        char *start = NULL, *end = NULL, *line;
        size_t size;

        while (physical_line(reader, &line, &size)) {
                if (size > 0 && (*line == '#' || *line == ';'))
                        continue;
                if (!start) {
                        start = end = line;
                        *ret_number = reader->line;
                }
                memmove(end, line, size);
                end += size;
                if (!line_goes_on(line, size))
                        break;
                end[-1] = ' ';
        }
        if (!start)
                return false;

        while (end > start && is_blank(end[-1]))
                end--;
        *end = 0;
        *ret = start;
        *ret_size = (size_t) (end - start);
        return true;
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
        unsigned number = 0;
        char *line, *value = NULL;
        size_t size;

        while (logical_line(reader, &line, &size, &number)) {
                const char* problem;
                bool header;

                if (size == 0)
                        continue;

                header = *line == '[';
                if (header)
                        reader->section_is_bad = true;
                else if (reader->section_is_bad)
                        continue;

                problem = check_bytes(line, size);
                if (!problem)
                        problem = header ? begin_section(reader, line, size) : split_assignment(reader, line, &value);

                if (problem)
                        *ret = (IniItem) { .kind = INI_PROBLEM, .line = number, .problem = problem };
                else if (header)
                        *ret = (IniItem) { .kind = INI_SECTION, .line = number, .section = reader->section };
                else
                        *ret = (IniItem) {
                                .kind = INI_ASSIGNMENT,
                                .line = number,
                                .section = reader->section,
                                .key = line,
                                .value = value,
                        };
                return true;
        }
        return false;
}
