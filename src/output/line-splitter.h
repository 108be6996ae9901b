/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Bytes in, lines out.
 *
 * The splitter is shown a window: bytes of a stream that are still where they came from. It finds the window's first
 * line and says how many bytes of the window are done with once that line is where it should go; whoever calls
 * takes just these away. So it copies nothing, and all that it has to remember is whether it is in the middle of a
 * line that was too long for one piece.
 *
 * A line ends at '\n'. Empty lines are nothing. Any other byte is a byte of the line, NUL and '\r' too. */

#include <stdbool.h>
#include <stddef.h>

#define LINE_MAX_DEFAULT (48U * 1024)
#define LINE_MAX_SMALLEST 64U
#define LINE_MAX_LARGEST (1024U * 1024)

typedef struct LineSplitter {
        size_t line_max; /* bytes of a line, or of a piece of one */
        unsigned part;   /* pieces that the line under way has given so far; 0: at the beginning of a line */
} LineSplitter;

/* What may come behind the bytes of a window. */
typedef enum WindowEnd {
        WINDOW_OPEN,  /* perhaps more: the beginning of a line waits for its end */
        WINDOW_STUCK, /* more, but not before bytes are taken away: the beginning of a line is cut off as a piece */
        WINDOW_LAST,  /* nothing: the rest is a line */
} WindowEnd;

typedef struct Line {
        const char* data; /* into the window */
        size_t size;      /* without the newline; never 0 */
        bool terminated;  /* data[size] is the newline, and in the window */
        size_t taken;     /* bytes from the window's beginning that go with this line */
        unsigned part;    /* 1, 2, … for the pieces of a line that was cut, else 0 */
        bool cut;         /* a piece that is not the last one of its line */
        unsigned next_part;
} Line;

/* Finds the first line of the window. False: there is none yet; *ret then only says, in taken, how many bytes at the
 * window's beginning are nothing. A piece is not cut within a UTF-8 character where that can be helped. */
bool line_splitter_next(const LineSplitter* splitter, const void* window, size_t size, WindowEnd end, Line* ret);

/* Goes on behind the line: what line_splitter_next() gave, also when it said false, has reached its goal. */
void line_splitter_commit(LineSplitter* splitter, const Line* line);
