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

static void set_text(IniReader* reader, IniSyntax syntax, char* text, size_t size) {
        *reader = (IniReader) { .syntax = syntax, .text = text, .next = text, .end = text + size };
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

        set_text(reader, INI_SYNTAX_SYSTEMD, text, size);
        return 0;
}

int ini_reader_init(IniReader* reader, IniSyntax syntax, const char* text, size_t size) {
        char* copy;

        if (size > INI_FILE_MAX)
                return -EFBIG;

        copy = xcalloc(size + 1, 1);
        if (size > 0)
                memcpy(copy, text, size);
        set_text(reader, syntax, copy, size);
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
        bool is_continued;
} LogicalLine;

static bool is_comment(const char* line, size_t size) {
        return size > 0 && (*line == '#' || *line == ';');
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

static void end_line(LogicalLine* line, char* end) {
        while (end > line->text && is_blank(end[-1]))
                end--;
        *end = 0;
        line->size = (size_t) (end - line->text);
}

/* Systemd's. Joins continued lines where they are: the joined line is never longer than what it is made of. */
static bool backslashed_line(IniReader* reader, LogicalLine* ret) {
        char *begin, *end = NULL, *line;
        size_t size;

        *ret = (LogicalLine) {};
        while (begin = reader->next, physical_line(reader, &line, &size)) {
                bool goes_on = line_goes_on(line, size);

                if (is_comment(line, size))
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
                ret->is_continued = true;
                end[-1] = ' ';
        }
        if (!end)
                return false;

        end_line(ret, end);
        return true;
}

/* Takes in the next line that says something, if it goes on with one that began n_blanks from the left. */
static bool indented_line(IniReader* reader, unsigned n_blanks, char** ret, size_t* ret_size) {
        char *begin, *line;
        size_t size;

        for (;;) {
                IniReader before = *reader;

                begin = reader->next;
                if (!physical_line(reader, &line, &size))
                        return false;
                if (size == 0 || is_comment(line, size))
                        continue;
                if ((size_t) (line - begin) > n_blanks) {
                        *ret = line;
                        *ret_size = size;
                        return true;
                }
                *reader = before;
                return false;
        }
}

/* Python's. Only an assignment can go on. */
static bool indentable_line(IniReader* reader, LogicalLine* ret) {
        char *begin = reader->next, *line, *end;
        size_t size;

        if (!physical_line(reader, &line, &size))
                return false;
        if (is_comment(line, size))
                size = 0;

        *ret = (LogicalLine) {
                .text = line,
                .number = reader->line,
                .n_blanks = (unsigned) (line - begin),
                .first_size = size,
        };
        end = line + size;
        if (size > 0 && *line != '[')
                /* the line's end is room enough for the blank */
                while (indented_line(reader, ret->n_blanks, &line, &size)) {
                        ret->is_continued = true;
                        *end++ = ' ';
                        memmove(end, line, size);
                        end += size;
                }
        end_line(ret, end);
        return true;
}

static bool logical_line(IniReader* reader, LogicalLine* ret) {
        return reader->syntax == INI_SYNTAX_PYTHON ? indentable_line(reader, ret) : backslashed_line(reader, ret);
}

/* Where in the file p is, which points into the line; 0 for what came from a later line of the file. */
static unsigned column_of(const LogicalLine* line, const char* p) {
        size_t offset = (size_t) (p - line->text);

        return offset <= line->first_size ? line->n_blanks + (unsigned) offset + 1 : 0;
}

#define PROBLEM(text, lost) ((IniItem) { .kind = INI_PROBLEM, .problem = (text), .what_is_lost = (lost) })

static bool check_bytes(const char* line, size_t size, IniItem* ret_problem) {
        if (!utf8_is_valid(line)) {
                *ret_problem = PROBLEM("Line is not valid UTF-8", "it");
                return false;
        }
        for (size_t i = 0; i < size; i++)
                if (((unsigned char) line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f) {
                        *ret_problem = PROBLEM("Line holds control characters", "it");
                        return false;
                }
        return true;
}

/* What the brackets of a header hold; 0: it is none. */
static size_t section_size(const IniReader* reader, const char* line, size_t size) {
        const char* end = reader->syntax == INI_SYNTAX_PYTHON ? memchr(line, ']', size) : line + size - 1;

        return end && *end == ']' && end > line ? (size_t) (end - line) - 1 : 0;
}

static IniItem begin_section(IniReader* reader, const LogicalLine* line) {
        size_t size = section_size(reader, line->text, line->size);

        if (size == 0)
                return PROBLEM("Invalid section header", "what follows it up to the next one");

        free_and_replace(reader->section, xstrndup(line->text + 1, size));
        reader->section_is_bad = false;
        return (IniItem) { .kind = INI_SECTION, .section = reader->section };
}

/* The strings point into the line. */
static IniItem split_assignment(const IniReader* reader, const LogicalLine* line) {
        const char* separators = reader->syntax == INI_SYNTAX_PYTHON ? "=:" : "=";
        char *separator = strpbrk(line->text, separators), *end = separator, *value;

        if (!separator)
                return PROBLEM("Missing '='", "line");
        if (separator == line->text)
                return PROBLEM("Missing key name before '='", "line");
        if (!reader->section)
                return PROBLEM("Assignment outside of a section", "it");

        while (end > line->text && is_blank(end[-1]))
                end--;
        *end = 0;
        for (value = separator + 1; is_blank(*value); value++)
                ;
        return (IniItem) {
                .kind = INI_ASSIGNMENT,
                .column = column_of(line, value),
                .section = reader->section,
                .key = line->text,
                .value = value,
                .is_continued = line->is_continued,
        };
}

bool ini_reader_next(IniReader* reader, IniItem* ret) {
        LogicalLine line;

        while (logical_line(reader, &line)) {
                bool header = *line.text == '[';

                if (line.size == 0)
                        continue;
                if (header)
                        reader->section_is_bad = true;
                else if (reader->section_is_bad)
                        continue;

                if (check_bytes(line.text, line.size, ret))
                        *ret = header ? begin_section(reader, &line) : split_assignment(reader, &line);
                ret->line = line.number;
                return true;
        }
        return false;
}
