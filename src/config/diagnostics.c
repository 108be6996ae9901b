/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <string.h>

#include "config/diagnostics.h"
#include "util/alloc.h"
#include "util/escape.h"
#include "util/log.h"

/* Enough for a sentence and a quoted value; the value may be as long as the file. */
#define TEXT_BYTES_MAX 1024U

static void diagnostic_clear(Diagnostic* item) {
        free(item->file);
        free(item->text);
        *item = (Diagnostic) {};
}

void diagnostics_done(Diagnostics* d) {
        for (size_t i = 0; i < d->n; i++)
                diagnostic_clear(&d->items[i]);
        free(d->items);
        free(d->unread);
        *d = (Diagnostics) {};
}

static void _printf_(5, 0)
add(Diagnostics* d, const char* file, unsigned line, unsigned column, const char* format, va_list ap) {
        _cleanup_free_ char* text = NULL;

        if (d->n >= DIAGNOSTICS_MAX) {
                Diagnostic* last = &d->items[d->n - 1];

                d->n_left_out++;
                free_and_replace(last->text, xasprintf("%zu more doubts are not listed", d->n_left_out + 1));
                return;
        }

        text = xvasprintf(format, ap);
        GROW(d->items, d->n, d->allocated);
        d->items[d->n++] = (Diagnostic) {
                .file = xstrdup(file),
                .line = line,
                .column = column,
                .text = escape_bytes(text, strlen(text), TEXT_BYTES_MAX),
        };
}

void diagnostics_add(Diagnostics* d, const char* file, unsigned line, const char* format, ...) {
        va_list ap;

        va_start(ap, format);
        add(d, file, line, 0, format, ap);
        va_end(ap);
}

void diagnostics_add_at(Diagnostics* d, const char* file, unsigned line, unsigned column, const char* format, ...) {
        va_list ap;

        va_start(ap, format);
        add(d, file, line, column, format, ap);
        va_end(ap);
}

void diagnostics_add_unread(Diagnostics* d, const char* file, const char* format, ...) {
        _cleanup_free_ char* text = NULL;
        va_list ap;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);
        diagnostics_add(d, file, 0, "%s", text);
        if (!d->unread)
                d->unread = xasprintf("%s: %s", file, text);
}

char* diagnostic_to_string(const Diagnostic* item) {
        if (item->line == 0)
                return xasprintf("%s: %s", item->file, item->text);
        if (item->column == 0)
                return xasprintf("%s:%u: %s", item->file, item->line, item->text);
        return xasprintf("%s:%u:%u: %s", item->file, item->line, item->column, item->text);
}

static bool comes_before(const Diagnostic* a, const Diagnostic* b) {
        /* 0 less one is the largest of all */
        return strcmp(a->file, b->file) == 0 && a->line - 1 < b->line - 1;
}

void diagnostics_sort(Diagnostics* d) {
        for (size_t i = 1; i < d->n; i++) {
                Diagnostic item = d->items[i];
                size_t to = i;

                for (; to > 0 && comes_before(&item, &d->items[to - 1]); to--)
                        d->items[to] = d->items[to - 1];
                d->items[to] = item;
        }
}

void diagnostics_log(const Diagnostics* d) {
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_free_ char* text = diagnostic_to_string(&d->items[i]);

                log_warning("%s", text);
        }
}

void diagnostics_log_errors(const Diagnostics* d) {
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_free_ char* text = diagnostic_to_string(&d->items[i]);

                log_error("%s", text);
        }
}
