/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A look at what is in a pipe without taking it out.
 *
 * tee(2) lets a second pipe, the scratch pipe, share the pages that are in the first one; they are read from there.
 * The bytes leave their own pipe only when somebody says that they are where they should be: a daemon that is killed
 * between the two has taken nothing. One window serves all pipes of the daemon, one after the other; it remembers
 * whose bytes it shows, so that whoever comes back before another one came needs no second look. */

#include <stdbool.h>
#include <sys/types.h>

typedef struct PipeWindow {
        int scratch_read;
        int scratch_write;
        int scratch_size;
        int null_fd;
        const void* owner; /* weak, only compared: whose bytes these are; NULL: none */
        char* bytes;
        size_t allocated;
        size_t begin; /* the bytes before it were taken */
        size_t end;
} PipeWindow;

int pipe_window_init(PipeWindow* w);
void pipe_window_done(PipeWindow* w);

static inline const char* pipe_window_data(const PipeWindow* w) {
        return w->bytes + w->begin;
}

static inline size_t pipe_window_size(const PipeWindow* w) {
        return w->end - w->begin;
}

/* Does it still show bytes of the owner's pipe? */
static inline bool pipe_window_holds(const PipeWindow* w, const void* owner) {
        return w->owner == owner && w->begin < w->end;
}

/* Shows at most max bytes from the beginning of the pipe, and returns how many there are; 0: nothing, and no writer is
 * left; -EAGAIN: nothing now. */
ssize_t pipe_window_show(PipeWindow* w, const void* owner, int fd, size_t max);

/* As pipe_window_show(), and finds out whether the pipe can take no more: nobody can add a byte to what is shown
 * before some are taken. How full a pipe is cannot be told from its bytes (each of its slots may hold a page or a
 * single byte), but a scratch pipe of the same size is full exactly if the other one is. */
ssize_t pipe_window_show_full(PipeWindow* w, const void* owner, int fd, size_t max, bool* ret_full);

/* Takes size bytes of what is shown out of their pipe. -EAGAIN: somebody else took them; nothing is shown then. */
int pipe_window_take(PipeWindow* w, int fd, size_t size);

/* Shows nothing any more if these are the owner's bytes: their pipe has changed, or ends. */
void pipe_window_forget(PipeWindow* w, const void* owner);
